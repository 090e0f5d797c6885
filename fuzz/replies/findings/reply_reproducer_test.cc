// The programs compile, and show what the machine's libcpg makes of an answer.

#include "fuzz/replies/findings/reply_reproducer.h"

#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "fuzz/replies/findings/reply_relation.h"
#include "fuzz/replies/reply_operations.h"
#include "gtest/gtest.h"

namespace cpgcert::fuzz {
namespace {

Finding Of(const ReplyEntries& entries) {
  return {.key = "what \\",
          .damages = {"a success that is not owed"},
          .annotated = "two\nlines\n",
          .input = BuildReplyEntries(entries)};
}

// The program's exit status and its output.
struct Ended {
  int status = -1;
  std::string output{};
};
Ended CompileAndRun(const Finding& finding) {
  const std::string program = testing::TempDir() + "/reproducer";
  std::ofstream(program + ".cc") << ReplyReproducer(finding);
  const std::string compile =
      "clang++-19 -std=c++17 -Wall -Wextra -Werror -o " + program + " " +
      program + ".cc -lcpg -lqb";
  if (std::system(compile.c_str()) != 0) return {.status = -1};
  const int status =
      std::system(("timeout 60 " + program + " > " + program + ".txt").c_str());
  std::ifstream file(program + ".txt");
  return {.status = WEXITSTATUS(status),
          .output = {std::istreambuf_iterator<char>(file), {}}};
}

TEST(ReplyReproducerTest, HonestAnswersComeToWhatIsOwed) {
  const Ended run = CompileAndRun(
      Of({HonestEntry(Call::kJoin), HonestEntry(Call::kMembership),
          HonestEntry(Call::kLocalGet), HonestEntry(Call::kMulticast),
          HonestEntry(Call::kIterationNext), HonestEntry(Call::kFinalize)}));
  EXPECT_EQ(run.status, 0) << run.output;
}

// corosync's libcpg loses the error of a fragment, a real service's too.
TEST(ReplyReproducerTest, AFindingIsShown) {
  ReplyEntry entry = HonestEntry(Call::kMulticast);
  entry.parameter = 1;
  entry.reply.clear();
  entry.error = -1;
  const Ended run = CompileAndRun(Of({entry}));
  EXPECT_EQ(run.status, 1) << run.output;
  EXPECT_NE(run.output.find("NOT as owed"), std::string::npos) << run.output;
}

TEST(ReplyReproducerTest, RepeatedAnswersHaveNone) {
  ReplyEntry entry = HonestEntry(Call::kJoin);
  entry.again = 1;
  EXPECT_EQ(ReplyReproducer(Of({entry})), "");
  EXPECT_EQ(ReplyReproducer(Of({})), "");
}

}  // namespace
}  // namespace cpgcert::fuzz
