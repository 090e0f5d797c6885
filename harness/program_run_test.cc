#include "harness/program_run.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>

namespace cpgcert::harness {
namespace {

using testing::HasSubstr;

class ProgramRunTest : public testing::Test {
 protected:
  std::string Printed() const {
    std::ifstream file(output_);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  const std::string output_ = testing::TempDir() + "program_run_output";
};

TEST_F(ProgramRunTest, WhatIsPrintedIsInTheFile) {
  const ProgramEnd end = RunProgram(
      {"/bin/sh", "-c", "cat; echo \"$0\"; echo err >&2", "a b"}, output_);
  EXPECT_EQ(end.error, "");
  EXPECT_EQ(DescribeStatus(end.status), "exit status 0");
  EXPECT_EQ(Printed(), "a b\nerr\n");
}

TEST_F(ProgramRunTest, TheStatusIsTheProgramsOwn) {
  EXPECT_EQ(
      DescribeStatus(RunProgram({"/bin/sh", "-c", "exit 3"}, output_).status),
      "exit status 3");
  EXPECT_EQ(DescribeStatus(
                RunProgram({"/bin/sh", "-c", "kill -SEGV $$"}, output_).status),
            "killed by signal 11 (SIGSEGV)");
}

TEST_F(ProgramRunTest, WhatCannotBeStartedIsNamed) {
  EXPECT_THAT(RunProgram({"/no/such/program"}, output_).error,
              HasSubstr("/no/such/program: No such file"));
  EXPECT_THAT(RunProgram({"/bin/true"}, "/no/such/folder/file").error,
              HasSubstr("/no/such/folder/file: No such file"));
}

}  // namespace
}  // namespace cpgcert::harness
