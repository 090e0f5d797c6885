#include "fuzz/calls/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fuzz/calls/call_mutator.h"
#include "fuzz/calls/call_seeds.h"
#include "fuzz/calls/systematic_programs.h"

namespace cpgcert::fuzz {
namespace {

TEST(ProgramTest, AnyBytesAreOne) {
  std::string bytes;
  for (int i = 0; i < 1000; ++i) bytes += static_cast<char>(i * 37);
  const Program program = ParseProgram(bytes);
  EXPECT_EQ(program.size(), kOperationsMax);
  EXPECT_EQ(ParseProgram(BuildProgram(program)), program);
  for (const Operation& operation : program) {
    const Operands operands = OperandsOf(operation.action);
    EXPECT_LT(operation.who, operands.who);
    EXPECT_LT(operation.what, operands.what);
    EXPECT_LT(operation.how, operands.how);
    EXPECT_NE(Describe(operation), "");
  }
}

TEST(ProgramTest, WhatFillsNoOperationIsLeftOut) {
  EXPECT_TRUE(ParseProgram("abc").empty());
  EXPECT_EQ(ParseProgram("abcdefg").size(), 1U);
}

TEST(ProgramTest, EachActionHasAText) {
  for (int number = 0; number < kActions; ++number) {
    const Operation operation{.action = static_cast<Action>(number)};
    EXPECT_NE(Describe(operation), "") << number;
  }
  EXPECT_EQ(Describe(Operation{Action::kJoin, 1, 0}),
            "cpg_join(handle 1, \"group\")");
}

TEST(ProgramTest, OperandsStandForWhatTheyAreMadeOf) {
  for (int name = -1; name < kNames; ++name) {
    for (int iteration = 0; iteration < kIterations; ++iteration) {
      const uint8_t what = IterationWhat(iteration, name);
      EXPECT_LT(what, OperandsOf(Action::kIterationInitialize).what);
      EXPECT_EQ(IterationOf(what), iteration);
      EXPECT_EQ(IterationNameOf(what), name);
    }
  }
  EXPECT_EQ(PiecesOf(MulticastHow(6, 4)).count, 64U);
  EXPECT_EQ(GuaranteeOf(MulticastHow(6, 4)), 77);
  EXPECT_EQ(SizeOf(6, 1000), 1001U);
}

TEST(SeedsTest, AreProgramsOfSeveralOperations) {
  for (const auto& [name, input] : CallSeeds()) {
    EXPECT_GT(ParseProgram(input).size(), 1U) << name;
    EXPECT_EQ(BuildProgram(ParseProgram(input)), input) << name;
  }
}

// Each operation, and each call twice, is in one of them.
TEST(SystematicProgramsTest, HaveEachAction) {
  std::vector<bool> seen(kActions);
  for (const Program& program : SystematicPrograms()) {
    EXPECT_LE(program.size(), kOperationsMax);
    for (const Operation& operation : program) {
      seen[static_cast<size_t>(operation.action)] = true;
    }
  }
  for (int number = 0; number < kActions; ++number) {
    const auto action = static_cast<Action>(number);
    EXPECT_TRUE(seen[number] || action == Action::kPeerSend)
        << Describe(Operation{.action = action});
  }
}

TEST(MutatorTest, TheSameForTheSameSeed) {
  for (uint64_t seed = 0; seed < 500; ++seed) {
    const Program program = RandomProgram(seed);
    EXPECT_EQ(program, RandomProgram(seed));
    EXPECT_LE(program.size(), kOperationsMax);
    const Program mutated = MutateProgram(program, seed);
    EXPECT_EQ(mutated, MutateProgram(program, seed));
    // Operands are what ParseProgram() would make of them.
    EXPECT_EQ(ParseProgram(BuildProgram(mutated)), mutated);
    EXPECT_EQ(CrossPrograms(program, mutated, seed),
              CrossPrograms(program, mutated, seed));
  }
}

TEST(MutatorTest, StaysInItsRoom) {
  std::string bytes = BuildProgram(RandomProgram(1));
  bytes.resize(200);
  auto* const data = reinterpret_cast<uint8_t*>(bytes.data());
  for (unsigned seed = 0; seed < 200; ++seed) {
    EXPECT_LE(MutateCalls(data, 200, 200, seed), 200U);
    EXPECT_LE(MutateCalls(data, 0, 7, seed), 7U);
    EXPECT_LE(CrossCalls(data, 100, data + 100, 100, data, 50, seed), 50U);
  }
}

TEST(MutatorTest, ReachesEachAction) {
  std::vector<bool> seen(kActions);
  Program program;
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    program = MutateProgram(program, seed);
    for (const Operation& operation : program) {
      seen[static_cast<size_t>(operation.action)] = true;
    }
    if (program.size() == kOperationsMax) program.clear();
  }
  EXPECT_THAT(seen, testing::Each(true));
}

TEST(SimplerProgramsTest, AreSimpler) {
  const Program program = RandomProgram(3);
  const auto weight = [](const Program& p) {
    size_t sum = 0;
    for (const Operation& operation : p) {
      sum += 1000 + operation.who + operation.what + operation.how;
    }
    return sum;
  };
  for (const Program& simpler : SimplerPrograms(program)) {
    EXPECT_LT(weight(simpler), weight(program));
  }
}

}  // namespace
}  // namespace cpgcert::fuzz
