#include "fuzz/support/target_options.h"

#include <cstdlib>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace cpgcert::fuzz {
namespace {

class TargetOptionsTest : public testing::Test {
 protected:
  TargetOptionsTest() {
    unsetenv("CPGCERT_FUZZ_LIBCPG");
    unsetenv("CPGCERT_FUZZ_TRUST");
    unsetenv("CPGCERT_FUZZ_MUTATE");
    unsetenv("CPGCERT_FUZZ_COVERAGE");
    unsetenv("CPGCERT_FUZZ_TRANSPORT");
  }
  TargetOptions Take(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "target");
    std::vector<char*> pointers;
    for (std::string& argument : arguments) {
      pointers.push_back(argument.data());
    }
    pointers.push_back(nullptr);
    auto argc = static_cast<int>(arguments.size());
    char** argv = pointers.data();
    TargetOptions options = TakeTargetOptions(&argc, &argv);
    left_.assign(argv + 1, argv + argc);
    return options;
  }

  std::vector<std::string> left_;
};

TEST_F(TargetOptionsTest, Defaults) {
  const TargetOptions options = Take({"-runs=1", "corpus"});
  EXPECT_EQ(options.library, "libcpg.so.4");
  EXPECT_EQ(options.trust, Trust::kHostile);
  EXPECT_TRUE(options.mutate_structure);
  EXPECT_TRUE(options.cover_blocks);
  EXPECT_EQ(options.transport, std::nullopt);
  EXPECT_EQ(left_, (std::vector<std::string>{"-runs=1", "corpus"}));
}

TEST_F(TargetOptionsTest, AreTakenOutOfTheCommandLine) {
  const TargetOptions options =
      Take({"--libcpg", "a.so", "-runs=1", "--trust=consistent"});
  EXPECT_EQ(options.library, "a.so");
  EXPECT_EQ(options.trust, Trust::kConsistent);
  EXPECT_EQ(left_, std::vector<std::string>{"-runs=1"});
}

TEST_F(TargetOptionsTest, ReachTheProcessesThatItStarts) {
  Take({"--libcpg=a.so", "--trust", "conformant", "--mutate=bytes",
        "--coverage=none", "--transport=server"});
  const TargetOptions options = Take({});
  EXPECT_EQ(options.library, "a.so");
  EXPECT_EQ(options.trust, Trust::kConformant);
  EXPECT_FALSE(options.mutate_structure);
  EXPECT_FALSE(options.cover_blocks);
  EXPECT_EQ(options.transport, Transport::kServer);
}

using TargetOptionsDeathTest = TargetOptionsTest;

TEST_F(TargetOptionsDeathTest, BadUsage) {
  EXPECT_EXIT(Take({"--libcpg"}), testing::ExitedWithCode(2), "is missing");
  EXPECT_EXIT(Take({"--trust=none"}), testing::ExitedWithCode(2), "not one of");
  EXPECT_EXIT(Take({"--mutate=none"}), testing::ExitedWithCode(2),
              "not one of");
  EXPECT_EXIT(Take({"--transport=tcp"}), testing::ExitedWithCode(2),
              "not one of in-process, server");
  EXPECT_EXIT(LoadTarget({.transport = Transport::kServer}),
              testing::ExitedWithCode(2), "not for this target");
  EXPECT_EXIT(LoadTarget({.library = "/nowhere.so"}),
              testing::ExitedWithCode(2), "--libcpg /nowhere.so: ");
}

}  // namespace
}  // namespace cpgcert::fuzz
