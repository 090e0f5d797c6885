#include "cli/reproducer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "cli/known_deviations.h"
#include "cli/options.h"
#include "conformance/case.h"
#include "conformance/deviations.h"

namespace cpgcert::cli {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

// A file of deviations in which `reproducer` stands for the second line.
std::string WriteFile(const std::string& reproducer) {
  std::string file = testing::TempDir() + "/deviations.toml";
  const std::string rest =
      "verdict = \"fail\"\nwhy = \"It returns.\"\nurl = \"https://u/1\"\n";
  std::ofstream(file) << "implementation = \"theirs 1\"\n"
                         "[[deviation]]\ncase = \"DISPATCH-02/*\"\n"
                         "requirement = \"DISPATCH-02\"\n" +
                             rest +
                             "reproducer = \"dispatch_one_fragment\"\n"
                             "[[deviation]]\ncase = \"PART-05/*\"\n"
                             "requirement = \"PART-05\"\n" +
                             rest + "reproducer = \"" + reproducer + "\"\n";
  return file;
}

struct Printed {
  std::string error;
  std::string text;
};

Printed Print(const std::string& name) {
  Options options;
  options.reproducer = name;
  options.deviations = WriteFile("fragments_without_deliver");
  conformance::Deviations deviations;
  EXPECT_EQ(ReadDeviations(options, true, &deviations), "");
  Printed printed;
  printed.error = PrintReproducer(options, deviations, &printed.text);
  return printed;
}

TEST(ReproducerTest, IsAProgramUnderWhatItShows) {
  const Printed printed = Print("DISPATCH-02/One/Joined");
  EXPECT_EQ(printed.error, "");
  EXPECT_THAT(printed.text, StartsWith("// DISPATCH-02 (documented): "));
  EXPECT_THAT(printed.text,
              HasSubstr("// theirs 1: It returns. See https://u/1\n"
                        "// Case: DISPATCH-02/One/Joined\n// Build: cc x.c "));
  EXPECT_THAT(printed.text, HasSubstr(" Source: cpg_dispatch(3)"));
  EXPECT_THAT(printed.text, HasSubstr("\n#include <corosync/cpg.h>\n"));
  EXPECT_THAT(printed.text, EndsWith("\n}\n"));
}

TEST(ReproducerTest, AGlobStandsForItsFirstCase) {
  EXPECT_THAT(Print("PART-05/*").text, HasSubstr("\n// Case: PART-05/One\n"));
  EXPECT_THAT(Print("*Joined").text,
              HasSubstr("\n// Case: DISPATCH-02/One/Joined\n"));
}

TEST(ReproducerTest, SaysWhatThereIs) {
  for (const char* name : {"DISPATCH-05/One", "PART-0", "no/such/case"}) {
    EXPECT_EQ(Print(name).error,
              std::string("no reproducer for '") + name +
                  "'; there are: dispatch_one_fragment (DISPATCH-02), "
                  "fragments_without_deliver (PART-05)");
    EXPECT_EQ(Print(name).text, "");
  }
  EXPECT_EQ(Print("*").error,
            "several reproducers for '*': dispatch_one_fragment (DISPATCH-02), "
            "fragments_without_deliver (PART-05); name one case");
}

TEST(ReproducerTest, WithoutDeviationsThereIsNone) {
  Options options;
  options.reproducer = "*";
  options.deviations = "none";
  conformance::Deviations deviations;
  ASSERT_EQ(ReadDeviations(options, true, &deviations), "");
  std::string text;
  EXPECT_EQ(PrintReproducer(options, deviations, &text),
            "no reproducer for '*'; there are: none");
}

TEST(KnownDeviationsTest, NameOnlyReproducersThatExist) {
  Options options;
  options.deviations = WriteFile("no_such_program");
  conformance::Deviations deviations;
  EXPECT_EQ(ReadDeviations(options, true, &deviations),
            options.deviations +
                ":9: there is no reproducer \"no_such_program\" in "
                "conformance/reproducers");
}

TEST(KnownDeviationsTest, NothingIsPredictedOfAStranger) {
  conformance::Deviations deviations;
  EXPECT_EQ(ReadDeviations({}, false, &deviations), "");
  EXPECT_TRUE(deviations.lines().empty());
}

}  // namespace
}  // namespace cpgcert::cli

// A few cases instead of the whole suite.
int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  using cpgcert::conformance::CaseContext;
  for (const cpgcert::conformance::CaseInfo& info :
       std::vector<cpgcert::conformance::CaseInfo>{
           {"DISPATCH-02/One/Joined", {"DISPATCH-02"}, "api"},
           {"DISPATCH-02/One/Left", {"DISPATCH-02"}, "api"},
           {"DISPATCH-05/One", {"DISPATCH-05"}, "api"},
           {"PART-05/One", {"PART-05"}, "api"},
           {"PART-05/All", {"PART-05"}, "api"}}) {
    cpgcert::conformance::RegisterCase(info, [](CaseContext&) {});
  }
  return RUN_ALL_TESTS();
}
