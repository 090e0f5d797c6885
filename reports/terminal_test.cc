#include "reports/terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reports/certificate.h"
#include "reports/example.h"

namespace cpgcert::reports {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr Terminal kLog = {};
constexpr Terminal kTty = {.is_tty = true, .colours = false, .columns = 40};

// A stream whose text can be read back.
class Stream {
 public:
  Stream() : file_(std::tmpfile()) {}
  ~Stream() { std::fclose(file_); }

  std::FILE* file() { return file_; }

  std::string Text() {
    std::fflush(file_);
    std::rewind(file_);
    std::string text;
    for (int byte; (byte = std::fgetc(file_)) != EOF;) {
      text.push_back(static_cast<char>(byte));
    }
    return text;
  }

 private:
  std::FILE* file_;
};

TEST(ProgressTest, ALogHasALineForATenthAndForWhatIsUnfavourable) {
  Stream stream;
  Progress progress(stream.file(), kLog, 25);
  for (int i = 1; i <= 25; ++i) {
    const std::string name = "A-1/" + std::to_string(i);
    progress.Started(name);
    Case result = ExampleCase(name, "A-1", i % 9 == 0 ? "fail" : "pass");
    if (i == 12) result = ExampleCase(name, "A-1", "untested");
    if (i == 18) result.deviation = true;
    if (i == 22) result = ExampleCase(name, "A-1", "crash");
    progress.Finished(result);
  }
  progress.Done();
  EXPECT_EQ(stream.Text(),
            "fail A-1/9: fail of A-1/9\n"
            "10 of 25 cases, 1 unfavourable\n"
            "20 of 25 cases, 1 unfavourable\n"
            "crash A-1/22: crash of A-1/22\n"
            "25 of 25 cases, 2 unfavourable\n");
}

TEST(ProgressTest, ALongRunHasTenLines) {
  Stream stream;
  Progress progress(stream.file(), kLog, 1204);
  for (int i = 1; i <= 1204; ++i) {
    progress.Finished(ExampleCase("A-1/X", "A-1", "pass"));
  }
  EXPECT_THAT(stream.Text(),
              testing::StartsWith("121 of 1204 cases, 0 unfavourable\n242 of"));
  const std::string text = stream.Text();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 10);
  EXPECT_THAT(text, testing::EndsWith("1204 of 1204 cases, 0 unfavourable\n"));
}

TEST(ProgressTest, ATerminalHasOneLineThatIsRewritten) {
  Stream stream;
  Progress progress(stream.file(), kTty, 120);
  progress.Started("A-1/One");
  progress.Finished(ExampleCase("A-1/One", "A-1", "fail"));
  progress.Started("A-1/Two");
  progress.Finished(ExampleCase("A-1/Two", "A-1", "crash"));
  progress.Started("A-1/ThreeWhoseNameIsTooLong");
  progress.Done();
  progress.Done();
  progress.Started("A-1/Late");
  progress.Finished(ExampleCase("A-1/Late", "A-1", "fail"));
  EXPECT_EQ(stream.Text(),
            "\r\x1b[K[  0/120] A-1/One"
            "\r\x1b[K[  1/120] 1 fail  A-1/One"
            "\r\x1b[K[  1/120] 1 fail  A-1/Two"
            "\r\x1b[K[  2/120] 1 fail, 1 crash  A-1/Two"
            "\r\x1b[K[  2/120] 1 fail, 1 crash  A-1/ThreeWh…"
            "\r\x1b[K");
}

TEST(ProgressTest, TheDestructorRemovesTheLine) {
  Stream stream;
  Progress(stream.file(), kTty, 1).Started("A");
  EXPECT_EQ(stream.Text(), "\r\x1b[K[0/1] A\r\x1b[K");
}

TEST(ProgressTest, ANarrowTerminalIsNotOverfilled) {
  for (int columns = 0; columns < 30; ++columns) {
    Stream stream;
    Progress progress(stream.file(),
                      {.is_tty = true, .colours = true, .columns = columns},
                      12);
    progress.Started("A-1/SomeName");
    const std::string text = stream.Text();
    std::size_t shown = 0;
    for (const char byte : text.substr(4)) {
      if ((static_cast<unsigned char>(byte) & 0xC0) != 0x80) ++shown;
    }
    EXPECT_LE(shown, static_cast<std::size_t>(std::max(columns - 1, 1)));
  }
}

TEST(ProgressTest, ControlsAreShown) {
  for (const Terminal& terminal : {kLog, kTty}) {
    Stream stream;
    Progress progress(stream.file(), terminal, 1);
    Case result = ExampleCase("A\x1b[2J", "A-1", "fail");
    result.message = "\x07\xFF\nmore";
    progress.Started("A\x1b[2J");
    progress.Finished(result);
    EXPECT_THAT(stream.Text(), HasSubstr("A\\x1b[2J"));
    EXPECT_THAT(stream.Text(), Not(HasSubstr("\x1b[2J")));
    EXPECT_THAT(stream.Text(), Not(HasSubstr("\x07")));
  }
}

TEST(ProgressTest, MayBeUsedFromSeveralThreads) {
  Stream stream;
  Progress progress(stream.file(), kLog, 4000);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 1000; ++j) {
        progress.Started("A-1/X");
        progress.Finished(ExampleCase("A-1/X", "A-1", "pass"));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(stream.Text(),
              testing::EndsWith("4000 of 4000 cases, 0 unfavourable\n"));
}

constexpr char kGolden[] =
    R"(corosync 3.1.7 (/usr/lib/libcpg.so.4)
service corosync 3.1.7; seed 7; 9 cases in 1.5 s
1 pass, 1 fail, 1 crash, 1 hang, 1 unsupported, 1 inconclusive, 1 error, 1 untested, 1 deviation

A-1 (documented): crash, 2 of 3 cases
  The sentence of A-1.
  source: cpg_dispatch(3)
  fail A-1/Fail
    fail of A-1/Fail
    expected: 1
    actual:   2
    reproduce: ./certify --only 'A-1/Fail'
  crash A-1/Crash
    crash of A-1/Crash
    expected: 1
    actual:   2
    reproduce: ./certify --only 'A-1/Crash'

B-1 (documented): error, 4 of 4 cases
  The sentence of B-1.
  source: cpg_dispatch(3)
  hang B-1/Hang
    hang of B-1/Hang
    expected: 1
    actual:   2
    reproduce: ./certify --only 'B-1/Hang'
  inconclusive B-1/Inconclusive
    inconclusive of B-1/Inconclusive
    expected: 1
    actual:   2
    reproduce: ./certify --only 'B-1/Inconclusive'
  error B-1/Error
    error of B-1/Error
    expected: 1
    actual:   2
    reproduce: ./certify --only 'B-1/Error'
  … and 1 more (see out/certificate.html)

known deviations (d.toml):
  1 case: returns 2
    a program that shows it: ./certify --reproducer 'A-2/Known'

the certificate is also withheld because:
  d.toml:7: stale line: no case that decides A-2 matches "A-9/*"

                   requirements  deviation  crash  unsupported  error
api documented                1          -      1            -      -
api header                    1          1      -            -      -
api observed                  1          -      -            1      -
faults documented             1          -      -            -      1
all                           4          1      1            1      1

api documented: NOT CERTIFIED: 1 fail, 1 crash
api header: CERTIFIED, with 1 deviation
api observed: CERTIFIED, with 1 unsupported
faults documented: NOT CERTIFIED: 1 hang, 1 inconclusive, 1 error, 1 untested
corosync 3.1.7: NOT CERTIFIED
)";

TEST(SummaryTest, IsGolden) {
  Certificate certificate = ExampleCertificate();
  certificate.deviations.problems = {
      "d.toml:7: stale line: no case that decides A-2 matches \"A-9/*\""};
  EXPECT_EQ(Summary(certificate, kLog, "out/certificate.html"), kGolden);
}

TEST(SummaryTest, IsShortWhenAllIsWell) {
  EXPECT_EQ(Summary(GoodCertificate(), kLog, "certificate.html"),
            "corosync 3.1.7 (/usr/lib/libcpg.so.4)\n"
            "service corosync 3.1.7; seed 7; 2 cases in 1.5 s\n"
            "2 pass\n"
            "\n"
            "api documented: CERTIFIED\n"
            "corosync 3.1.7: CERTIFIED\n");
}

TEST(SummaryTest, RequirementsAreCountedIfThereAreSeveral) {
  Certificate certificate = GoodCertificate();
  certificate.requirements.push_back(certificate.requirements[0]);
  certificate.requirements[1].id = "A-2";
  EXPECT_THAT(Summary(certificate, kLog, "x"),
              HasSubstr("2 pass\n"
                        "\n"
                        "                requirements  pass\n"
                        "api documented             2     2\n"
                        "\n"
                        "api documented: CERTIFIED\n"));
}

TEST(SummaryTest, ACaseIsShownInFullOnce) {
  Certificate certificate = ExampleCertificate();
  certificate.cases[2].requirements = {"A-1", "A-2"};
  certificate.requirements[1].cases = {"A-1/Crash", "A-2/Known"};
  certificate.requirements[1].deviation = false;
  EXPECT_THAT(Summary(certificate, kLog, "x"),
              HasSubstr("A-2 (header): fail, 1 of 2 cases\n"
                        "  The sentence of A-2.\n"
                        "  source: cpg_dispatch(3)\n"
                        "  crash A-1/Crash (shown above)\n"
                        "\n"));
}

TEST(SummaryTest, ARequirementWithoutCasesIsNamed) {
  Certificate certificate = GoodCertificate();
  certificate.requirements[0].cases.clear();
  certificate.requirements[0].verdict = "untested";
  const std::string summary = Summary(certificate, kLog, "x");
  EXPECT_THAT(summary, HasSubstr("the certificate is also withheld because:\n"
                                 "  no case decides A-1\n"));
  EXPECT_THAT(summary, Not(HasSubstr("The sentence of A-1.")));
}

TEST(SummaryTest, OfManyCasesTheFirstAreShownInFull) {
  Certificate certificate = ExampleCertificate();
  certificate.cases.clear();
  certificate.requirements.clear();
  for (int i = 10; i < 90; ++i) {
    const std::string id = "A-" + std::to_string(i);
    certificate.cases.push_back(ExampleCase(id + "/X", id, "fail"));
    Requirement& requirement = certificate.requirements.emplace_back();
    requirement.id = id;
    requirement.verdict = "fail";
    requirement.cases = {id + "/X"};
  }
  const std::string summary = Summary(certificate, kLog, "x");
  EXPECT_THAT(summary, HasSubstr("  fail A-49/X\n    fail of A-49/X\n"));
  EXPECT_THAT(summary, HasSubstr("  fail A-50/X: fail of A-50/X\n\n"));
  EXPECT_THAT(summary, HasSubstr("  fail A-89/X: fail of A-89/X\n\n"));
}

TEST(SummaryTest, ALongMessageIsCut) {
  Certificate certificate = ExampleCertificate();
  certificate.cases[1].message.clear();
  for (int i = 1; i <= 100; ++i) {
    certificate.cases[1].message += "line " + std::to_string(i) + "\n";
  }
  const std::string summary = Summary(certificate, kLog, "x");
  EXPECT_THAT(summary, HasSubstr("    line 24\n    … and 76 more lines\n"
                                 "    reproduce: "));
  EXPECT_THAT(summary, Not(HasSubstr("line 25")));
}

TEST(SummaryTest, AnIncompleteOrNarrowedRunSaysSo) {
  Certificate certificate = GoodCertificate();
  certificate.certified = certificate.complete = false;
  certificate.asked.only = "A-*";
  const std::string summary = Summary(certificate, kLog, "x");
  EXPECT_THAT(summary, HasSubstr("the certificate is also withheld because:\n"
                                 "  the run is incomplete: not every case was "
                                 "run\n"));
  EXPECT_THAT(summary, testing::EndsWith("corosync 3.1.7: NOT CERTIFIED "
                                         "(incomplete; only cases A-*)\n"));
}

TEST(SummaryTest, ColoursOnlyWhereTheyAreWanted) {
  const Terminal colours = {.is_tty = true, .colours = true};
  const std::string coloured = Summary(ExampleCertificate(), colours, "x");
  EXPECT_THAT(coloured, HasSubstr("\x1b[31mNOT CERTIFIED\x1b[0m"));
  EXPECT_THAT(coloured, HasSubstr("\x1b[32mCERTIFIED, with 1 deviation"));
  EXPECT_THAT(Summary(ExampleCertificate(), kTty, "x"), Not(HasSubstr("\x1b")));
}

TEST(SummaryTest, ControlsAreShown) {
  Certificate certificate = ExampleCertificate();
  const std::string bad = "\x1b[2J\x07\xFF\r";
  certificate.implementation.name = certificate.implementation.library = bad;
  certificate.implementation.service = bad;
  certificate.asked.only = bad;
  certificate.problems = {bad};
  certificate.requirements[0].sentence = bad;
  for (Case& result : certificate.cases) {
    result.message = result.reproduce = result.deviation_reason = bad;
    result.reproducer = bad;
  }
  const std::string summary = Summary(certificate, kLog, bad);
  for (const char byte : summary) {
    EXPECT_TRUE(static_cast<unsigned char>(byte) >= 0x20 || byte == '\n');
  }
  EXPECT_EQ(summary.find('\xFF'), std::string::npos);
}

TEST(DetectTest, AFileIsNoTerminal) {
  Stream stream;
  const Terminal terminal = Detect(stream.file());
  EXPECT_FALSE(terminal.is_tty);
  EXPECT_FALSE(terminal.colours);
  EXPECT_EQ(terminal.columns, 80);
}

TEST(DetectTest, ATerminalHasColoursUnlessNoColorIsSet) {
  const int master = posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) {
    GTEST_SKIP() << "no pseudo-terminal to be had here";
  }
  std::FILE* slave = std::fopen(ptsname(master), "w");
  ASSERT_NE(slave, nullptr);
  const winsize size = {
      .ws_row = 24, .ws_col = 123, .ws_xpixel = 0, .ws_ypixel = 0};
  ASSERT_EQ(ioctl(master, TIOCSWINSZ, &size), 0);
  setenv("TERM", "xterm", 1);
  unsetenv("NO_COLOR");
  EXPECT_TRUE(Detect(slave).is_tty);
  EXPECT_TRUE(Detect(slave).colours);
  EXPECT_EQ(Detect(slave).columns, 123);
  setenv("NO_COLOR", "1", 1);
  EXPECT_TRUE(Detect(slave).is_tty);
  EXPECT_FALSE(Detect(slave).colours);
  setenv("TERM", "dumb", 1);
  EXPECT_FALSE(Detect(slave).is_tty);
  std::fclose(slave);
  close(master);
}

}  // namespace
}  // namespace cpgcert::reports
