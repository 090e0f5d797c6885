#include "fuzz/events/findings/reproducer.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {
namespace {

namespace wire = harness::wire;

// A message whose size is one more than what follows.
RootCause MessageSizeBeyond() {
  std::string bytes = wire::Build(wire::Event(wire::DeliverEvent{
      .group = "g", .node = 1, .process = 2, .message = "te\"xt\\"}));
  wire::SetField(wire::Kind::kEvent, &bytes, "message_size", 7);
  return {.kinds = {"deliver"},
          .fields = {"message_size"},
          .broken = Relation::kMessageBeyond,
          .tier = Tier::kHostile,
          .damages = {Damage::kUnowedCallback},
          .input = {{.delivery = Delivery::kAll, .bytes = bytes}},
          .outcome = {.damage = Damage::kUnowedCallback}};
}

TEST(RootCauseTest, HasAKeyForPeopleAndANameForFiles) {
  const RootCause cause = MessageSizeBeyond();
  EXPECT_EQ(cause.Key(), "deliver: message_size > bytes that follow");
  EXPECT_EQ(cause.Name(), "deliver-message-size-beyond");
  RootCause honest = cause;
  honest.broken.reset();
  honest.kinds = {"partial deliver"};
  honest.outcome = {.damage = Damage::kWrongCallback, .part = "sender"};
  EXPECT_EQ(honest.Key(),
            "partial deliver: sender: honest, and yet a callback with wrong "
            "contents");
  EXPECT_EQ(honest.Name(), "partial-deliver-sender-wrong");
  honest.outcome = {.damage = Damage::kMissingCallback};
  EXPECT_EQ(honest.Name(), "partial-deliver-not-as-owed");
  RootCause other = honest;
  other.outcome = {.damage = Damage::kUnowedError};
  EXPECT_EQ(honest.Key(), other.Key());
  other.outcome = {.damage = Damage::kCrash};
  EXPECT_NE(honest.Key(), other.Key());
}

TEST(RootCauseTest, MergingKeepsTheInputOfTheBetterService) {
  RootCause cause = MessageSizeBeyond();
  RootCause other = cause;
  other.tier = Tier::kConsistent;
  other.fields = {"another"};
  other.damages = {Damage::kCrash};
  other.reproductions = 7;
  cause.Merge(other);
  EXPECT_EQ(cause.tier, Tier::kConsistent);
  EXPECT_EQ(cause.reproductions, 7);
  EXPECT_EQ(cause.FieldText(), "another, message_size");
  EXPECT_EQ(cause.damages.size(), 2U);
  other.tier = Tier::kHostile;
  other.reproductions = 8;
  cause.Merge(other);
  EXPECT_EQ(cause.reproductions, 7);
}

TEST(ReproducerTest, SaysWhatItIsAbout) {
  const std::string source = ReproducerSource(MessageSizeBeyond());
  for (const char* text :
       {"// deliver: message_size > bytes that follow\n",
        "// leads to: a callback that is not owed\n",
        "guilty: event 0, message_size: message_size > bytes that follow",
        "const unsigned char kEvent0[190]", "constexpr int kErrorsMin = 1;",
        "constexpr bool kLeaks = false;", "unshare -Urn ./reproducer"}) {
    EXPECT_NE(source.find(text), std::string::npos) << text << "\n" << source;
  }
  EXPECT_EQ(source.find('@'), std::string::npos) << "not all is filled in";
}

// With corosync's own library, in a network of its own: the name of the service
// is taken only there.
TEST(ReproducerTest, ShowsItsFinding) {
  const std::string program = testing::TempDir() + "/reproducer";
  std::ofstream(program + ".cc") << ReproducerSource(MessageSizeBeyond());
  ASSERT_EQ(std::system(("clang++-19 -std=c++17 -Wall -Wextra -Werror -o " +
                         program + " " + program + ".cc -lcpg -lqb")
                            .c_str()),
            0);
  const std::string in_namespace = "unshare -Urn ";
  if (std::system((in_namespace + "true").c_str()) != 0) {
    GTEST_SKIP() << "there are no namespaces for users";
  }
  const int status = std::system(
      (in_namespace + "timeout 60 " + program + " > " + program + ".txt")
          .c_str());
  std::ifstream file(program + ".txt");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(WEXITSTATUS(status), 1) << text;
  EXPECT_NE(text.find("NOT as owed"), std::string::npos) << text;
}

}  // namespace
}  // namespace cpgcert::fuzz
