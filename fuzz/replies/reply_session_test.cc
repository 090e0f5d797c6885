// The oracle can object: a library is given replies, honest and hostile, and
// libraries that are wrong in known ways are found out.

#include "fuzz/replies/reply_session.h"

#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {
namespace {

namespace wire = harness::wire;
using harness::CpgApi;
using wire::ReplyId;

const CpgApi& SystemLibrary() {
  static std::string error;
  static const std::unique_ptr<CpgApi> api =
      harness::LoadCpgApi("libcpg.so.4", &error);
  return *api;
}

class ReplySessionTest : public testing::Test {
 protected:
  void Add(Call call, const std::string& bytes, uint16_t parameter = 0,
           uint8_t again = 0) {
    kept_.push_back(std::make_unique<std::string>(bytes));
    records_.push_back({.call = call,
                        .again = again,
                        .parameter = parameter,
                        .reply = *kept_.back()});
  }
  void Add(Call call, const wire::Reply& reply, uint16_t parameter = 0,
           uint8_t again = 0) {
    Add(call, wire::Build(reply), parameter, again);
  }
  void AddPlain(Call call, ReplyId id, int32_t code = wire::kOk,
                uint8_t again = 0) {
    Add(call, wire::PlainReply{.id = id, .error = code}, 0, again);
  }
  // What is wrong with a library.
  std::string Verdict(const CpgApi& api) {
    played_ = PlayReplies(api, records_, OwedForAll(records_), 'x');
    return played_.problem;
  }

  std::vector<std::unique_ptr<std::string>> kept_;
  std::vector<ReplyRecord> records_;
  PlayedReplies played_;
};

TEST_F(ReplySessionTest, EveryCallComesToItsReply) {
  for (int i = 0; i < kCalls; ++i) {
    const auto call = static_cast<Call>(i);
    Add(call, HonestReply(call), /*parameter=*/1);
  }
  EXPECT_EQ(Verdict(SystemLibrary()), "");
  ASSERT_EQ(played_.outcomes.size(), static_cast<size_t>(kCalls));
  for (const CallOutcome& outcome : played_.outcomes) {
    EXPECT_EQ(outcome.code, CS_OK);
    EXPECT_GE(outcome.asked, 1);
  }
}

TEST_F(ReplySessionTest, WhatACallNeedsIsDoneBefore) {
  AddPlain(Call::kLeave, ReplyId::kLeave);
  Add(Call::kIterationNext, wire::IterationNextReply{.group = "g"});
  AddPlain(Call::kFinalize, ReplyId::kFinalize);
  AddPlain(Call::kIterationFinalize, ReplyId::kIterationFinalize);
  EXPECT_EQ(Verdict(SystemLibrary()), "");
  ASSERT_EQ(played_.outcomes.size(), 4U);
  EXPECT_EQ(played_.outcomes[0].asked, 1);
  EXPECT_EQ(played_.outcomes[1].value, DescriptionValue("g", 0, 0));
}

TEST_F(ReplySessionTest, BusyServiceIsAskedAgain) {
  AddPlain(Call::kJoin, ReplyId::kJoin, CS_ERR_BUSY, /*again=*/1);
  EXPECT_EQ(Verdict(SystemLibrary()), "");
  ASSERT_EQ(played_.outcomes.size(), 1U);
  EXPECT_EQ(played_.outcomes[0].code, CS_OK);
  EXPECT_EQ(played_.outcomes[0].asked, 2);
  EXPECT_TRUE(played_.outcomes[0].asked_again);
}

TEST_F(ReplySessionTest, AskingWithoutEndEnds) {
  AddPlain(Call::kJoin, ReplyId::kJoin, CS_ERR_BUSY, kAlways);
  Add(Call::kLocalGet, wire::LocalGetReply{.node = 4});
  EXPECT_EQ(Verdict(SystemLibrary()), "");
  EXPECT_NE(played_.outcomes.at(0).code, CS_OK);
}

TEST_F(ReplySessionTest, RefusedConnection) {
  records_ = {{.call = Call::kConnect, .error = -EACCES}};
  EXPECT_EQ(Verdict(SystemLibrary()), "");
  EXPECT_EQ(played_.outcomes.at(0).code, CS_ERR_ACCESS);
}

TEST_F(ReplySessionTest, CallsThatTheLibraryLacksAreLeftOut) {
  CpgApi api = SystemLibrary();
  api.iteration_next = nullptr;
  Add(Call::kIterationNext, wire::IterationNextReply{.group = "g"});
  EXPECT_EQ(Verdict(api), "");
  EXPECT_TRUE(played_.outcomes.empty());
}

// corosync 3.1.7 checks neither id nor size.
TEST_F(ReplySessionTest, FindsSuccessForTheReplyToAnotherCall) {
  AddPlain(Call::kJoin, ReplyId::kLeave);
  const std::string verdict = Verdict(SystemLibrary());
  EXPECT_NE(verdict.find("call: cpg_join\nowed: an error\ncame: CS_OK"),
            std::string::npos)
      << verdict;
}

TEST_F(ReplySessionTest, FindsAValueThatTheReplyDoesNotHave) {
  std::string cut = wire::Build(wire::Reply(wire::LocalGetReply{.node = 1}));
  cut.resize(wire::kReplyHeaderSize);
  Add(Call::kLocalGet, cut);
  const std::string verdict = Verdict(SystemLibrary());
  EXPECT_NE(verdict.find("came: CS_OK with 78787878"), std::string::npos)
      << verdict;
}

TEST_F(ReplySessionTest, FindsAWrongValue) {
  CpgApi api = SystemLibrary();
  api.local_get = [](cpg_handle_t handle, unsigned int* node) {
    const cs_error_t code = SystemLibrary().local_get(handle, node);
    ++*node;
    return code;
  };
  Add(Call::kLocalGet, wire::LocalGetReply{.node = 1});
  EXPECT_NE(Verdict(api).find("owed: CS_OK with 01000000\n"
                              "came: CS_OK with 02000000"),
            std::string::npos);
}

TEST_F(ReplySessionTest, FindsWhatIsWrittenBeforeTheArray) {
  CpgApi api = SystemLibrary();
  api.membership_get = [](cpg_handle_t handle, cpg_name* group,
                          cpg_address* members, int* count) {
    volatile uint32_t* const before = reinterpret_cast<uint32_t*>(members) - 1;
    *before = 0;
    return SystemLibrary().membership_get(handle, group, members, count);
  };
  Add(Call::kMembership, wire::MembershipReply{.members = {{1, 2, 0}}}, 1);
  EXPECT_NE(Verdict(api).find("nothing before the caller's memory changes"),
            std::string::npos);
}

TEST_F(ReplySessionTest, FindsAMessageThatIsNotTaken) {
  CpgApi api = SystemLibrary();
  api.mcast_joined = [](cpg_handle_t /*handle*/, cpg_guarantee_t /*guarantee*/,
                        const iovec* /*pieces*/,
                        unsigned int /*count*/) { return CS_OK; };
  AddPlain(Call::kMulticast, ReplyId::kPartialSend);
  EXPECT_NE(Verdict(api).find("CS_OK only if the service has taken them"),
            std::string::npos);
}

TEST_F(ReplySessionTest, FindsACallThatDoesNotAsk) {
  CpgApi api = SystemLibrary();
  api.join = [](cpg_handle_t /*handle*/, const cpg_name* /*group*/) {
    return CS_OK;
  };
  AddPlain(Call::kJoin, ReplyId::kJoin);
  EXPECT_NE(Verdict(api).find("having asked 0 times"), std::string::npos);
}

TEST_F(ReplySessionTest, FindsAnotherIteration) {
  CpgApi api = SystemLibrary();
  api.iteration_initialize = [](cpg_handle_t handle, cpg_iteration_type_t type,
                                const cpg_name* group,
                                cpg_iteration_handle_t* iteration) {
    static cpg_iteration_handle_t first = 0;
    const cs_error_t code =
        SystemLibrary().iteration_initialize(handle, type, group, iteration);
    first = first == 0 ? *iteration : first;
    *iteration = first;
    return code;
  };
  Add(Call::kIterationInitialize, wire::IterationInitializeReply{});
  Add(Call::kIterationInitialize,
      wire::IterationInitializeReply{.iteration = 1});
  Add(Call::kIterationNext, wire::IterationNextReply{.group = "g"});
  EXPECT_NE(Verdict(api).find("another iteration"), std::string::npos);
}

TEST_F(ReplySessionTest, FindsAConnectionThatStaysOpen) {
  CpgApi api = SystemLibrary();
  api.finalize = [](cpg_handle_t /*handle*/) { return CS_OK; };
  AddPlain(Call::kConnect, ReplyId::kJoin);
  EXPECT_EQ(Verdict(api), "cpg_finalize left the connection open");
}

TEST_F(ReplySessionTest, FindsADescriptorThatIsLeft) {
  static int left = -1;
  CpgApi api = SystemLibrary();
  api.finalize = [](cpg_handle_t handle) {
    left = dup(STDERR_FILENO);
    return SystemLibrary().finalize(handle);
  };
  AddPlain(Call::kConnect, ReplyId::kJoin);
  EXPECT_NE(Verdict(api).find("left a descriptor open"), std::string::npos);
  close(left);
}

TEST_F(ReplySessionTest, FindsAnHonestCallThatFails) {
  CpgApi api = SystemLibrary();
  api.join = [](cpg_handle_t /*handle*/, const cpg_name* /*group*/) {
    return CS_ERR_LIBRARY;
  };
  AddPlain(Call::kLeave, ReplyId::kLeave);
  EXPECT_NE(Verdict(api).find("call: cpg_join, honestly answered"),
            std::string::npos);
}

TEST_F(ReplySessionTest, DescribesTheFirstDifference) {
  const PlayedReplies first{
      .outcomes = {{.code = CS_OK}, {.code = CS_OK, .asked = 1}}};
  PlayedReplies second = first;
  second.outcomes[1].code = CS_ERR_LIBRARY;
  EXPECT_EQ(DescribeDifference(first, second),
            "call: the 2. of those made\nowed: CS_OK, having asked 1 times\n"
            "came: CS_ERR_LIBRARY, having asked 1 times\n");
  second.outcomes.resize(1);
  EXPECT_NE(DescribeDifference(first, second).find("came: no call"),
            std::string::npos);
}

}  // namespace
}  // namespace cpgcert::fuzz
