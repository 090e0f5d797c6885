#include "fuzz/replies/reply_owed.h"

#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {
namespace {

namespace wire = harness::wire;
using wire::ReplyId;

class ReplyOwedTest : public testing::Test {
 protected:
  ReplyRecord Record(Call call, const wire::Reply& reply,
                     uint16_t parameter = 0) {
    return Record(call, wire::Build(reply), parameter);
  }
  ReplyRecord Record(Call call, const std::string& bytes,
                     uint16_t parameter = 0) {
    kept_.push_back(std::make_unique<std::string>(bytes));
    return {.call = call, .parameter = parameter, .reply = *kept_.back()};
  }
  static wire::Reply Plain(ReplyId id, int32_t error = wire::kOk) {
    return wire::PlainReply{.id = id, .error = error};
  }
  static wire::Reply Members(uint32_t count) {
    return wire::MembershipReply{.members = {count, {1, 2, 0}}};
  }
  static bool Allows(const ReplyRecord& record, const CallOutcome& outcome) {
    return Judge(record, OwedFor(record), outcome).empty();
  }
  static bool Allows(const ReplyRecord& record, cs_error_t code,
                     const std::string& value = "") {
    return Allows(record, {.code = code, .value = value, .asked = 1});
  }

  std::vector<std::unique_ptr<std::string>> kept_;
};

TEST_F(ReplyOwedTest, SuccessOwesItsValues) {
  const ReplyRecord node =
      Record(Call::kLocalGet, wire::LocalGetReply{.node = 7});
  EXPECT_TRUE(Allows(node, CS_OK, NodeValue(7)));
  EXPECT_FALSE(Allows(node, CS_OK, NodeValue(8)));
  EXPECT_FALSE(Allows(node, CS_ERR_LIBRARY));
  const ReplyRecord entry =
      Record(Call::kIterationNext,
             wire::IterationNextReply{.group = "g", .node = 1, .process = 2});
  EXPECT_TRUE(Allows(entry, CS_OK, DescriptionValue("g", 1, 2)));
  EXPECT_FALSE(Allows(entry, CS_OK, DescriptionValue("g", 2, 1)));
  EXPECT_FALSE(Allows(entry, CS_OK, DescriptionValue("gg", 1, 2)));
  EXPECT_TRUE(Allows(Record(Call::kJoin, Plain(ReplyId::kJoin)), CS_OK));
  EXPECT_EQ(OwedFor(Record(Call::kIterationInitialize,
                           wire::IterationInitializeReply{.iteration = 9}))
                .iteration,
            9U);
}

TEST_F(ReplyOwedTest, ErrorCodeIsPassedOn) {
  const ReplyRecord record =
      Record(Call::kLeave, Plain(ReplyId::kLeave, CS_ERR_NOT_EXIST));
  EXPECT_TRUE(Allows(record, CS_ERR_NOT_EXIST));
  EXPECT_FALSE(Allows(record, CS_ERR_EXIST));
  EXPECT_FALSE(Allows(record, CS_OK));
  EXPECT_FALSE(OwedFor(record).leaves_doubt);
  EXPECT_FALSE(Allows(record, {.code = CS_OK, .asked = 1, .asked_again = true}))
      << "this one does not pass";
}

TEST_F(ReplyOwedTest, RefusalIsForEveryCall) {
  const ReplyRecord refused =
      Record(Call::kLocalGet, Plain(ReplyId::kJoin, CS_ERR_TRY_AGAIN));
  EXPECT_EQ(OwedFor(refused).trust, Trust::kConsistent)
      << "corosync's service always answers this one";
  EXPECT_EQ(
      OwedFor(Record(Call::kLeave, Plain(ReplyId::kJoin, CS_ERR_TRY_AGAIN)))
          .trust,
      Trust::kConformant);
  EXPECT_TRUE(Allows(refused, CS_ERR_TRY_AGAIN));
  EXPECT_FALSE(Allows(refused, CS_ERR_LIBRARY));
  EXPECT_FALSE(Allows(refused, CS_OK, NodeValue(0)));
  const std::string honest = OwedForHonest(Call::kLocalGet).values.front();
  EXPECT_TRUE(Allows(
      refused,
      {.code = CS_OK, .value = honest, .asked = 1, .asked_again = true}));
  EXPECT_FALSE(Allows(refused, {.code = CS_OK,
                                .value = NodeValue(99),
                                .asked = 1,
                                .asked_again = true}));
  EXPECT_TRUE(Allows(refused, {.code = CS_ERR_LIBRARY, .asked = 3}));
}

TEST_F(ReplyOwedTest, ErrorWithAListIsNoServices) {
  wire::MembershipReply reply{.error = CS_ERR_NOT_EXIST};
  EXPECT_EQ(OwedFor(Record(Call::kMembership, reply)).trust,
            Trust::kConformant);
  reply.members = {{1, 2, 0}};
  const ReplyRecord record = Record(Call::kMembership, reply, 1);
  EXPECT_EQ(OwedFor(record).trust, Trust::kConsistent);
  EXPECT_TRUE(Allows(record, CS_ERR_NOT_EXIST));
}

TEST_F(ReplyOwedTest, AnythingElseOwesAnError) {
  std::string short_of_one = wire::Build(wire::Reply(wire::LocalGetReply{}));
  short_of_one.pop_back();
  const std::string good = wire::Build(wire::Reply(wire::LocalGetReply{}));
  std::string other_size = good;
  wire::SetField(wire::Kind::kReply, &other_size, "size", 31);
  const std::array<std::string, 6> bytes = {
      short_of_one,
      good + "x",
      other_size,
      wire::Build(Plain(ReplyId::kJoin)),
      wire::Build(Plain(ReplyId::kJoin, CS_ERR_EXIST)),
      wire::Build(wire::Reply(wire::LocalGetReply{.error = 77}))};
  for (const std::string& reply : bytes) {
    const ReplyRecord record = Record(Call::kLocalGet, reply);
    EXPECT_TRUE(Allows(record, CS_ERR_LIBRARY));
    EXPECT_TRUE(Allows(record, CS_ERR_MESSAGE_ERROR));
    EXPECT_FALSE(Allows(record, CS_OK, NodeValue(0)));
    EXPECT_TRUE(OwedFor(record).leaves_doubt);
    EXPECT_GT(OwedFor(record).trust, Trust::kConformant);
  }
}

TEST_F(ReplyOwedTest, ErrnoOwesAnError) {
  const ReplyRecord lost = {.call = Call::kMulticast, .error = -ENOTCONN};
  EXPECT_TRUE(Allows(lost, CS_ERR_LIBRARY));
  EXPECT_FALSE(Allows(lost, CS_OK));
  EXPECT_FALSE(Allows(lost, {.asked = 1, .asked_again = true}));
  const ReplyRecord full = {.call = Call::kMulticast, .error = -EAGAIN};
  EXPECT_FALSE(Allows(full, CS_OK));
  EXPECT_TRUE(Allows(full, {.asked = 1, .asked_again = true}));
  const ReplyRecord silence = {.call = Call::kMulticast};
  EXPECT_FALSE(Allows(silence, CS_OK));
}

TEST_F(ReplyOwedTest, ConnectionIsAdmittedOrRefused) {
  EXPECT_TRUE(Allows(Record(Call::kConnect, "any bytes"), CS_OK));
  EXPECT_FALSE(Allows(Record(Call::kConnect, ""), CS_ERR_LIBRARY));
  const ReplyRecord refused = {.call = Call::kConnect, .error = -EACCES};
  EXPECT_TRUE(Allows(refused, CS_ERR_ACCESS));
  EXPECT_FALSE(Allows(refused, CS_OK));
}

TEST_F(ReplyOwedTest, MembershipThatDoesNotFit) {
  const std::vector<cpg_address> two(2, {1, 2, 0});
  const ReplyRecord record = Record(Call::kMembership, Members(3), 2);
  EXPECT_TRUE(Allows(record, CS_OK, MembershipValue(3, two)));
  EXPECT_TRUE(Allows(record, CS_OK, MembershipValue(2, two)));
  EXPECT_TRUE(Allows(record, CS_ERR_NO_SPACE));
  EXPECT_FALSE(Allows(record, CS_OK, MembershipValue(1, {two.data(), 1})));
  EXPECT_EQ(OwedFor(record).trust, Trust::kConsistent);
  const ReplyRecord fits = Record(Call::kMembership, Members(2), 2);
  EXPECT_TRUE(Allows(fits, CS_OK, MembershipValue(2, two)));
  EXPECT_FALSE(Allows(fits, CS_ERR_NO_SPACE));
  EXPECT_EQ(OwedFor(fits).trust, Trust::kConformant);
  EXPECT_TRUE(
      Allows(Record(Call::kMembership, Members(129), 399), CS_ERR_NO_SPACE));
}

TEST_F(ReplyOwedTest, NotAskingIsForWhatIsKnown) {
  const ReplyRecord join = Record(Call::kJoin, Plain(ReplyId::kJoin));
  EXPECT_FALSE(Allows(join, {.code = CS_ERR_EXIST}));
  EXPECT_TRUE(Allows(join, {.code = CS_ERR_EXIST, .unasked_allowed = true}));
  EXPECT_FALSE(Allows(join, {.code = CS_OK, .unasked_allowed = true}));
  const ReplyRecord node = Record(Call::kLocalGet, wire::LocalGetReply{});
  EXPECT_FALSE(Allows(node, {.code = CS_OK, .value = NodeValue(5)}));
  EXPECT_TRUE(Allows(
      node, {.code = CS_OK, .value = NodeValue(5), .unasked_allowed = true}));
}

TEST_F(ReplyOwedTest, ConnectionInDoubtMayFailButNotLie) {
  const ReplyRecord node = Record(Call::kLocalGet, wire::LocalGetReply{});
  EXPECT_TRUE(
      Allows(node, {.code = CS_ERR_LIBRARY, .asked = 1, .in_doubt = true}));
  EXPECT_TRUE(Allows(node, {.code = CS_ERR_LIBRARY, .in_doubt = true}));
  EXPECT_FALSE(Allows(
      node,
      {.code = CS_OK, .value = NodeValue(5), .asked = 1, .in_doubt = true}));
}

TEST_F(ReplyOwedTest, FinalizeMaySayThatItHasClosed) {
  const ReplyRecord refused =
      Record(Call::kFinalize, Plain(ReplyId::kFinalize, CS_ERR_TRY_AGAIN));
  EXPECT_TRUE(Allows(refused, CS_OK));
  EXPECT_TRUE(Allows(refused, CS_ERR_TRY_AGAIN));
  const ReplyRecord done = Record(Call::kFinalize, Plain(ReplyId::kFinalize));
  EXPECT_TRUE(Allows(done, CS_OK));
  EXPECT_FALSE(Allows(done, CS_ERR_LIBRARY));
}

TEST_F(ReplyOwedTest, HonestRepliesOweSuccess) {
  for (int i = 0; i < kCalls; ++i) {
    const OwedReply& owed = OwedForHonest(static_cast<Call>(i));
    EXPECT_TRUE(owed.code_allowed) << i;
    EXPECT_EQ(owed.code, CS_OK) << i;
  }
  EXPECT_EQ(HonestReply(wire::RequestId::kMulticast), "");
  EXPECT_EQ(HonestReply(static_cast<wire::RequestId>(-1)), "");
}

TEST_F(ReplyOwedTest, VerdictSaysWhatWasOwedAndWhatCame) {
  const ReplyRecord node =
      Record(Call::kLocalGet, wire::LocalGetReply{.node = 7});
  EXPECT_EQ(Judge(node, OwedFor(node),
                  {.code = CS_OK, .value = NodeValue(8), .asked = 1}),
            "call: cpg_local_get\nowed: CS_OK with 07000000\n"
            "came: CS_OK with 08000000, having asked 1 times\n");
}

}  // namespace
}  // namespace cpgcert::fuzz
