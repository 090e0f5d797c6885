// Each program compiles without a warning and shows its defect on a corosync
// that has it; and, without what triggers the defect, says that all is well.

#include "conformance/reproducers/reproducers.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/corosync.h"
#include "harness/inside_worker.h"

namespace cpgcert::conformance {
namespace {

using harness::Corosync;

// A text of the program and what makes it harmless.
struct Replacement {
  std::string_view from;
  std::string_view to;
};

// What takes the trigger out of each program.
const std::map<std::string_view, std::vector<Replacement>>& Harmless() {
  static const std::map<std::string_view, std::vector<Replacement>> all = {
      {"change_after_leave", {{"NEED(cpg_join(other, &group));", "return 0;"}}},
      {"descriptor_zero_closed", {{"rlim_cur = 3", "rlim_cur = 100"}}},
      {"dispatch_one_fragment", {{"2000000", "2000"}}},
      {"empty_name_ghost", {{".length = 0", ".length = 1"}}},
      {"fragments_after_death", {{"2000000", "2000"}}},
      {"fragments_without_deliver", {{"2000000", "2000"}}},
      {"initial_totem_early",
       {{"NEED(cpg_join(handle, &group));\n    ++", "++"},
        {"< 20 &&", "< 1 &&"}}},
      {"initialize_in_threads",
       {{"NULL, 2)", "NULL, 1)"},
        {"      Initialize(NULL);\n", ""},
        {"return 2;\n      for",
         "return 2;\n      Initialize(NULL);\n      for"},
        {"2000", "20"}}},
      {"iteration_after_death",
       {{"kill(daemon, SIGSTOP)", "0"}, {"== CS_OK ? 2 : 0", "== CS_OK"}}},
      {"iteration_after_end",
       {{"  error = cpg_iteration_next(iteration, &item);\n  printf(\"; once",
         "  printf(\"; once"}}},
      {"leave_with_other_name", {{"\"other\"", "\"group\""}}},
      {"many_pieces", {{"100", "60"}}},
      {"members_beyond_128", {{"130", "100"}}},
      {"membership_beyond_array", {{"fork()", "getpid()"}, {"< 2", "< 1"}}},
      {"rejoin_before_delivery", {{"NEED(cpg_join(first, &group));", ""}}},
      {"rejoin_beside_left_handle",
       {{"NEED(cpg_leave(first, &group));", ""},
        {"< 2", "< 1"},
        {"cs_error_t error", "++group.length;\n  cs_error_t error"}}},
      {"rejoin_other_group",
       {{"NEED(cpg_leave(handle, &group));", ""}, {"< 2", "< 1"}}},
      {"unknown_flags_leak", {{"0x80", "1"}}},
      {"zero_copy_after_death",
       {{"kill(daemon, SIGKILL)", "0"},
        {"while (cpg_dispatch(handle, CS_DISPATCH_ALL) == CS_OK) continue;",
         ""},
        {"return error == CS_OK ? 2 : leaked > 0",
         "return cpg_zcb_free(handle, buffer) != CS_OK"}}},
      {"zero_copy_huge", {{"SIZE_MAX / 2", "4096"}, {"== CS_OK", "!= CS_OK"}}},
      {"zero_copy_unreceivable", {{"1048576", "4096"}}},
  };
  return all;
}

std::string Replaced(std::string text,
                     const std::vector<Replacement>& replacements) {
  for (const auto& [from, to] : replacements) {
    const size_t last = text.rfind(from);
    EXPECT_NE(last, std::string::npos) << from;
    for (size_t at = text.find(from); at != std::string::npos;
         at = text.find(from, at + to.size())) {
      text.replace(at, from.size(), to);
    }
  }
  return text;
}

// The executable of a program, open. It may lie where a worker sees nothing.
int Compile(std::string_view name, const std::string& program) {
  const std::string path = testing::TempDir() + "/" + std::string(name);
  std::ofstream(path + ".c") << program;
  const std::string command =
      "$(command -v cc || echo clang-19) -Wall -Wextra -Werror -o '" + path +
      "' '" + path + ".c' -lcpg";
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  EXPECT_GE(file, 0) << path;
  return file;
}

struct Ended {
  int wait_status = 0;
  std::string output;  // standard output
};

// `service`: the process id of corosync, the program's argument.
Ended Execute(int file, pid_t service) {
  int ends[2];
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    char name[] = "reproducer";
    std::string argument = std::to_string(service);
    char* arguments[] = {name, argument.data(), nullptr};
    fexecve(file, arguments, environ);
    _exit(126);
  }
  close(ends[1]);
  Ended ended;
  char buffer[1024];
  for (ssize_t size; (size = read(ends[0], buffer, sizeof buffer)) > 0;) {
    ended.output.append(buffer, static_cast<size_t>(size));
  }
  close(ends[0]);
  EXPECT_EQ(waitpid(child, &ended.wait_status, 0), child);
  return ended;
}

// Compiles the program and runs it beside a corosync of its own.
void ExpectStatus(std::string_view name, const std::string& program,
                  int status) {
  const int file = Compile(name, program);
  ASSERT_FALSE(testing::Test::HasFailure());
  harness::InsideWithService([&](Corosync* service) {
    const Ended ended = Execute(file, service->pid());
    EXPECT_TRUE(WIFEXITED(ended.wait_status)) << ended.output;
    EXPECT_EQ(WEXITSTATUS(ended.wait_status), status) << ended.output;
    EXPECT_THAT(ended.output, testing::MatchesRegex("[^\n]+\n"));
  });
  close(file);
}

class ReproducerTest : public testing::TestWithParam<Reproducer> {};

TEST_P(ReproducerTest, ShowsItsDefect) {
  if (Corosync().Version() != "3.1.7") {
    GTEST_SKIP() << "the programs are about corosync 3.1.7";
  }
  const auto& [name, program] = GetParam();
  ExpectStatus(name, std::string(program), 1);
}

TEST_P(ReproducerTest, SaysSoIfAllIsWell) {
  const auto& [name, program] = GetParam();
  ASSERT_TRUE(Harmless().contains(name));
  ExpectStatus(name, Replaced(std::string(program), Harmless().at(name)), 0);
}

TEST_P(ReproducerTest, IsShort) {
  const std::string_view program = GetParam().program;
  EXPECT_TRUE(program.starts_with("// "));
  EXPECT_TRUE(program.ends_with("\n}\n"));
  EXPECT_LE(std::ranges::count(program, '\n'), 45);
  for (size_t begin = 0; begin < program.size();) {
    const size_t end = program.find('\n', begin);
    EXPECT_LE(end - begin, 80U) << program.substr(begin, end - begin);
    begin = end + 1;
  }
}

INSTANTIATE_TEST_SUITE_P(All, ReproducerTest, testing::ValuesIn(Reproducers()),
                         [](const auto& info) {
                           return std::string(info.param.name);
                         });

TEST(ReproducersTest, AreFoundByName) {
  ASSERT_FALSE(Reproducers().empty());
  for (const Reproducer& reproducer : Reproducers()) {
    EXPECT_EQ(FindReproducer(reproducer.name), &reproducer);
  }
  EXPECT_EQ(FindReproducer(""), nullptr);
  EXPECT_EQ(FindReproducer("nothing"), nullptr);
}

}  // namespace
}  // namespace cpgcert::conformance
