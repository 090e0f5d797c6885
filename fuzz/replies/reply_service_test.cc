#include "fuzz/replies/reply_service.h"

#include <qb/qbipcc.h>

#include <cerrno>
#include <string>

#include "gtest/gtest.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {
namespace {

namespace wire = harness::wire;

class ReplyServiceTest : public testing::Test {
 protected:
  // The result of a request, which is the size of its reply or an errno.
  ssize_t Ask(const wire::Request& request) {
    const std::string bytes = wire::Build(request);
    const iovec piece{.iov_base = const_cast<char*>(bytes.data()),
                      .iov_len = bytes.size()};
    std::string reply(wire::kBufferSize, '\0');
    const ssize_t size = qb_ipcc_sendv_recv(connection_, &piece, 1,
                                            reply.data(), reply.size(), -1);
    reply_ = reply.substr(0, size < 0 ? 0 : size);
    return size;
  }
  void Connect() { connection_ = qb_ipcc_connect("cpg", 1); }
  ~ReplyServiceTest() override { qb_ipcc_disconnect(connection_); }

  const wire::Request join_ = wire::JoinRequest{.group = "g"};
  const std::string honest_ = HonestReply(Call::kJoin);
  ReplyService service_{0x11};
  qb_ipcc_connection_t* connection_ = nullptr;
  std::string reply_;
};

TEST_F(ReplyServiceTest, IsHonestOutsideOfARecord) {
  Connect();
  ASSERT_NE(connection_, nullptr);
  EXPECT_EQ(service_.open(), 1);
  Ask(join_);
  EXPECT_EQ(reply_, honest_);
  EXPECT_EQ(service_.asked(), 0);
}

TEST_F(ReplyServiceTest, AnswersOwnRequestsAsTheRecordSays) {
  Connect();
  const ReplyRecord record = {.call = Call::kJoin, .again = 1, .reply = "odd"};
  const OwedReply owed = OwedFor(record);
  service_.Begin(record, owed);
  Ask(wire::LocalGetRequest{});
  EXPECT_EQ(reply_, HonestReply(Call::kLocalGet)) << "not the call's own";
  EXPECT_TRUE(service_.HasTold(OwedForHonest(Call::kLocalGet).values.front()));
  Ask(join_);
  EXPECT_EQ(reply_, "odd");
  Ask(join_);
  EXPECT_EQ(reply_, "odd");
  EXPECT_FALSE(service_.asked_again());
  Ask(join_);
  EXPECT_EQ(reply_, honest_);
  EXPECT_TRUE(service_.asked_again());
  EXPECT_EQ(service_.asked(), 2);
  service_.End();
  Ask(join_);
  EXPECT_EQ(reply_, honest_);
}

TEST_F(ReplyServiceTest, AnErrnoComesFromSendingOrReceiving) {
  Connect();
  ReplyRecord record = {.call = Call::kJoin, .error = -EAGAIN};
  const OwedReply owed = OwedFor(record);
  service_.Begin(record, owed);
  EXPECT_EQ(Ask(join_), -EAGAIN);
  EXPECT_EQ(Ask(join_), static_cast<ssize_t>(honest_.size()));
  service_.End();
  record.at = ErrorAt::kReceive;
  record.error = -ETIMEDOUT;
  service_.Begin(record, owed);
  EXPECT_EQ(Ask(join_), -ETIMEDOUT);
  EXPECT_EQ(Ask(join_), static_cast<ssize_t>(honest_.size()));
  service_.End();
}

TEST_F(ReplyServiceTest, RefusesConnections) {
  const ReplyRecord record = {.call = Call::kConnect, .error = -EACCES};
  const OwedReply owed = OwedFor(record);
  service_.Begin(record, owed);
  Connect();
  EXPECT_EQ(connection_, nullptr);
  EXPECT_EQ(errno, EACCES);
  Connect();
  EXPECT_NE(connection_, nullptr);
  EXPECT_TRUE(service_.asked_again());
}

TEST_F(ReplyServiceTest, AskingWithoutEndEnds) {
  Connect();
  const ReplyRecord record = {
      .call = Call::kJoin, .again = kAlways, .reply = "odd"};
  const OwedReply owed = OwedFor(record);
  service_.Begin(record, owed);
  int asked = 0;
  while (asked <= 2 * ReplyService::kAskedMax && Ask(join_) >= 0) {
    ++asked;
  }
  EXPECT_EQ(asked, ReplyService::kAskedMax);
}

TEST_F(ReplyServiceTest, CountsWhatItTakesOfAMessage) {
  Connect();
  const ReplyRecord record = {
      .call = Call::kMulticast, .parameter = 1, .error = -EPIPE};
  const OwedReply owed = OwedFor(record);
  service_.Begin(record, owed);
  const wire::Request part = wire::PartialMulticastRequest{.fragment = "12345"};
  EXPECT_GT(Ask(part), 0) << "the first fragment";
  EXPECT_EQ(Ask(part), -EPIPE);
  EXPECT_EQ(service_.acknowledged(), 5U);
}

TEST_F(ReplyServiceTest, FindsARequestForAnotherIteration) {
  Connect();
  service_.ExpectIteration(7);
  Ask(wire::IterationNextRequest{.iteration = 7});
  Ask(wire::IterationFinalizeRequest{.iteration = 7});
  EXPECT_FALSE(service_.iterations_confused());
  Ask(wire::IterationNextRequest{.iteration = 8});
  EXPECT_TRUE(service_.iterations_confused());
}

}  // namespace
}  // namespace cpgcert::fuzz
