#include "harness/qb_in_process/in_process_service.h"

#include <poll.h>
#include <qb/qbipcc.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"

namespace cpgcert::harness {
namespace {

constexpr int kForever = -1;

// A library's receive buffer, with '.' where nothing has been written.
class Buffer {
 public:
  explicit Buffer(size_t size) : bytes_(size, '.') {}
  char* data() { return bytes_.data(); }
  size_t size() const { return bytes_.size(); }
  const std::string& text() const { return bytes_; }

 private:
  std::string bytes_;
};

class InProcessServiceTest : public testing::Test {
 protected:
  InProcessServiceTest() {
    service_->on_request = [this](int connection, std::string_view request) {
      requests_.push_back(std::to_string(connection) + ":" +
                          std::string(request));
      return answer_;
    };
    connection_ = qb_ipcc_connect("cpg", 1000);
  }
  ~InProcessServiceTest() override { qb_ipcc_disconnect(connection_); }

  ssize_t Send(std::string_view bytes) {
    return qb_ipcc_send(connection_, bytes.data(), bytes.size());
  }
  ssize_t Ask(std::string_view bytes, Buffer* reply, int timeout = kForever) {
    const iovec whole{const_cast<char*>(bytes.data()), bytes.size()};
    return qb_ipcc_sendv_recv(connection_, &whole, 1, reply->data(),
                              reply->size(), timeout);
  }
  ssize_t Event(Buffer* event, int timeout) {
    return qb_ipcc_event_recv(connection_, event->data(), event->size(),
                              timeout);
  }
  // POLLIN and the like, of the descriptor.
  short Readiness() {
    pollfd entry{.fd = -1, .events = POLLIN, .revents = 0};
    EXPECT_EQ(qb_ipcc_fd_get(connection_, &entry.fd), 0);
    EXPECT_GE(poll(&entry, 1, 0), 0);
    return entry.revents;
  }

  std::unique_ptr<InProcessService> service_ =
      std::make_unique<InProcessService>();
  std::vector<std::string> requests_;
  InProcessService::Answer answer_;
  qb_ipcc_connection_t* connection_ = nullptr;
};

TEST_F(InProcessServiceTest, CountsConnections) {
  EXPECT_NE(connection_, nullptr);
  qb_ipcc_connection_t* const other = qb_ipcc_connect("cpg", 1);
  EXPECT_EQ(service_->counters().connects, 2U);
  EXPECT_EQ(service_->counters().open, 2);
  std::vector<int> ended;
  service_->on_disconnect = [&](int number) { ended.push_back(number); };
  qb_ipcc_disconnect(other);
  EXPECT_EQ(service_->counters().open, 1);
  service_->on_disconnect = nullptr;
  EXPECT_EQ(ended, std::vector{1});
  EXPECT_TRUE(service_->IsOpen(0));
  EXPECT_FALSE(service_->IsOpen(1));
}

TEST_F(InProcessServiceTest, Refuses) {
  EXPECT_EQ(qb_ipcc_connect("quorum", 1), nullptr);
  EXPECT_EQ(errno, ECONNREFUSED);
  service_->on_connect = [](int /*number*/) { return -EACCES; };
  EXPECT_EQ(qb_ipcc_connect("cpg", 1), nullptr);
  EXPECT_EQ(errno, EACCES);
  int descriptor = -1;
  qb_ipcc_connection_t* const refused =
      qb_ipcc_connect_async("cpg", 1, &descriptor);
  EXPECT_NE(refused, nullptr);
  EXPECT_EQ(qb_ipcc_connect_continue(refused), -EACCES);
  EXPECT_EQ(service_->counters().open, 1);
}

TEST_F(InProcessServiceTest, ConnectsInTwoSteps) {
  pollfd entry{.fd = -1, .events = POLLIN, .revents = 0};
  qb_ipcc_connection_t* const other =
      qb_ipcc_connect_async("cpg", 1, &entry.fd);
  ASSERT_NE(other, nullptr);
  EXPECT_EQ(poll(&entry, 1, 0), 1) << "the answer is there";
  EXPECT_EQ(qb_ipcc_connect_continue(other), 0);
  EXPECT_EQ(poll(&entry, 1, 0), 0) << "and has been taken";
  EXPECT_EQ(qb_ipcc_is_connected(other), 1);
  qb_ipcc_disconnect(other);
}

TEST_F(InProcessServiceTest, RequestsArriveWhole) {
  std::string one = "one";
  std::string two = "two";
  const std::array<iovec, 2> pieces = {iovec{one.data(), 3},
                                       iovec{two.data(), 3}};
  EXPECT_EQ(qb_ipcc_sendv(connection_, pieces.data(), 2), 6);
  EXPECT_EQ(Send(""), 0);
  EXPECT_EQ(requests_, (std::vector<std::string>{"0:onetwo", "0:"}));
  EXPECT_EQ(service_->counters().requests, 2U);
}

TEST_F(InProcessServiceTest, RequestTooLargeForTheBuffer) {
  const auto size = static_cast<size_t>(qb_ipcc_get_buffer_size(connection_));
  EXPECT_EQ(size, size_t{1} << 20);
  EXPECT_EQ(Send(std::string(size, 'x')), static_cast<ssize_t>(size));
  EXPECT_EQ(Send(std::string(size + 1, 'x')), -EMSGSIZE);
  EXPECT_EQ(requests_.size(), 1U);
  EXPECT_EQ(qb_ipcc_is_connected(connection_), 1);
}

TEST_F(InProcessServiceTest, ReplyIsExactlyItsBytes) {
  answer_.reply = "reply";
  Buffer buffer(8);
  EXPECT_EQ(Ask("question", &buffer), 5);
  EXPECT_EQ(buffer.text(), "reply...");
  EXPECT_EQ(Send("question"), 8);
  EXPECT_EQ(qb_ipcc_recv(connection_, buffer.data(), 5, kForever), 5);
  EXPECT_EQ(qb_ipcc_recv(connection_, buffer.data(), 5, 0), -ETIMEDOUT);
}

TEST_F(InProcessServiceTest, ReplyTooLargeStays) {
  answer_.reply = "reply";
  Buffer buffer(4);
  EXPECT_EQ(Ask("question", &buffer), -ENOBUFS);
  EXPECT_EQ(buffer.text(), "....");
  EXPECT_EQ(qb_ipcc_is_connected(connection_), 0);
  Buffer larger(5);
  EXPECT_EQ(qb_ipcc_recv(connection_, larger.data(), 5, 0), 5);
}

TEST_F(InProcessServiceTest, NoReply) {
  Buffer buffer(8);
  EXPECT_EQ(Ask("question", &buffer, 100), -ETIMEDOUT);
  EXPECT_EQ(qb_ipcc_is_connected(connection_), 1);
  EXPECT_EQ(Ask("question", &buffer), -ENOTCONN);
  EXPECT_EQ(qb_ipcc_is_connected(connection_), 0);
  EXPECT_EQ(service_->counters().empty_waits, 2U);
}

TEST_F(InProcessServiceTest, RefusedRequest) {
  answer_.error = -EAGAIN;
  Buffer buffer(8);
  EXPECT_EQ(Ask("question", &buffer), -EAGAIN);
  EXPECT_EQ(qb_ipcc_is_connected(connection_), 1);
  answer_.error = -EPIPE;
  EXPECT_EQ(Send("question"), -EPIPE);
  EXPECT_EQ(qb_ipcc_is_connected(connection_), 0);
}

TEST_F(InProcessServiceTest, EventsComeInTheirOrder) {
  service_->Push(0, "first");
  service_->Push(0, "");
  service_->Push(0, "third");
  EXPECT_EQ(service_->EventsWaiting(0), 3U);
  Buffer buffer(8);
  EXPECT_EQ(Event(&buffer, 0), 5);
  EXPECT_EQ(buffer.text(), "first...");
  EXPECT_EQ(Event(&buffer, kForever), 0);
  EXPECT_EQ(Event(&buffer, 100), 5);
  EXPECT_EQ(buffer.text(), "third...");
  EXPECT_EQ(Event(&buffer, 0), -EAGAIN);
  EXPECT_EQ(Event(&buffer, 100), -EAGAIN);
  EXPECT_EQ(service_->counters().events_queued, 3U);
  EXPECT_EQ(service_->counters().events_taken, 3U);
  EXPECT_EQ(qb_ipcc_is_connected(connection_), 1);
}

TEST_F(InProcessServiceTest, EventTooLargeStays) {
  service_->Push(0, "event");
  Buffer buffer(4);
  EXPECT_EQ(Event(&buffer, 0), -ENOBUFS);
  EXPECT_EQ(buffer.text(), "....");
  EXPECT_EQ(service_->EventsWaiting(0), 1U);
}

TEST_F(InProcessServiceTest, WaitForEverEndsTheConnection) {
  Buffer buffer(8);
  EXPECT_EQ(Event(&buffer, kForever), -ENOTCONN);
  EXPECT_EQ(Event(&buffer, 0), -ENOTCONN);
  EXPECT_EQ(qb_ipcc_is_connected(connection_), 0);
}

TEST_F(InProcessServiceTest, WaitsWithADeadlineAreBounded) {
  Buffer buffer(8);
  int waits = 0;
  while (Event(&buffer, 10) == -EAGAIN) {
    ++waits;
    ASSERT_LT(waits, 100'000);
  }
  EXPECT_GT(waits, 100);
  EXPECT_EQ(Event(&buffer, 10), -ENOTCONN);
}

TEST_F(InProcessServiceTest, EndComesAfterTheEvents) {
  answer_.reply = "reply";
  service_->Push(0, "last");
  service_->End(0);
  service_->Push(0, "later");
  Buffer buffer(8);
  EXPECT_EQ(Readiness(), POLLIN);
  EXPECT_EQ(Event(&buffer, kForever), 4);
  EXPECT_NE(Readiness() & POLLHUP, 0);
  EXPECT_EQ(Event(&buffer, kForever), -ENOTCONN);
  EXPECT_EQ(Event(&buffer, 0), -ENOTCONN);
  EXPECT_EQ(Ask("question", &buffer), 5);
}

TEST_F(InProcessServiceTest, CutComesBeforeTheEvents) {
  answer_.reply = "reply";
  service_->Push(0, "lost");
  EXPECT_EQ(Readiness(), POLLIN);
  service_->Cut(0);
  Buffer buffer(8);
  EXPECT_NE(Readiness() & POLLHUP, 0);
  EXPECT_EQ(Event(&buffer, 0), -ENOTCONN);
  EXPECT_EQ(Ask("question", &buffer), -ENOTCONN);
  EXPECT_EQ(qb_ipcc_is_connected(connection_), 0);
}

TEST_F(InProcessServiceTest, ServiceMayEndBeforeTheConnection) {
  service_->Push(0, "lost");
  service_.reset();
  Buffer buffer(8);
  EXPECT_EQ(Event(&buffer, kForever), -ENOTCONN);
  EXPECT_EQ(Send("question"), -ENOTCONN);
  EXPECT_EQ(qb_ipcc_connect("cpg", 1), nullptr);
  EXPECT_EQ(errno, ECONNREFUSED);
  InProcessService next;
  EXPECT_EQ(Event(&buffer, kForever), -ENOTCONN);
  EXPECT_FALSE(next.IsOpen(0));
}

TEST_F(InProcessServiceTest, DescriptorIsReadableWhileEventsWait) {
  service_->Push(0, "one");
  EXPECT_EQ(Readiness(), POLLIN);
  service_->Push(0, "two");
  Buffer buffer(8);
  EXPECT_EQ(Event(&buffer, 0), 3);
  EXPECT_EQ(Readiness(), POLLIN);
  EXPECT_EQ(Event(&buffer, 0), 3);
  EXPECT_EQ(Readiness(), 0);
  service_->Push(0, "three");
  EXPECT_EQ(Readiness(), POLLIN);
}

TEST_F(InProcessServiceTest, DescriptorEndsWithTheConnection) {
  qb_ipcc_connection_t* const other = qb_ipcc_connect("cpg", 1);
  int descriptor = -1;
  ASSERT_EQ(qb_ipcc_fd_get(other, &descriptor), 0);
  int again = -1;
  ASSERT_EQ(qb_ipcc_fd_get(other, &again), 0);
  EXPECT_EQ(again, descriptor);
  qb_ipcc_disconnect(other);
  EXPECT_EQ(close(descriptor), -1);
}

TEST_F(InProcessServiceTest, FlowControlForThoseThatObeyIt) {
  service_->SetFlowControl(0, 2);
  EXPECT_EQ(Send("low"), 3) << "only level 1 concerns a new connection";
  service_->SetFlowControl(0, 1);
  EXPECT_EQ(Send("low"), -EAGAIN);
  EXPECT_EQ(qb_ipcc_fc_enable_max_set(connection_, 2), 0);
  service_->SetFlowControl(0, 2);
  EXPECT_EQ(Send("low"), -EAGAIN);
  EXPECT_EQ(qb_ipcc_fc_enable_max_set(connection_, 0), 0);
  EXPECT_EQ(Send("high"), 4);
  EXPECT_EQ(qb_ipcc_fc_enable_max_set(connection_, 3), -EINVAL);
}

TEST_F(InProcessServiceTest, PlantedErrors) {
  Buffer buffer(8);
  service_->Push(0, "event");
  service_->Plant(QbCall::kEvent, -EINTR, 0, 2);
  EXPECT_EQ(Event(&buffer, 0), -EINTR);
  EXPECT_EQ(Event(&buffer, 0), -EINTR);
  EXPECT_EQ(Event(&buffer, 0), 5);
  service_->Plant(QbCall::kSend, -EMSGSIZE, 1);
  EXPECT_EQ(Send("first"), 5);
  EXPECT_EQ(Send("second"), -EMSGSIZE);
  EXPECT_EQ(requests_.size(), 1U);
  service_->Plant(QbCall::kDescriptor, -EMFILE);
  int descriptor = -1;
  EXPECT_EQ(qb_ipcc_fd_get(connection_, &descriptor), -EMFILE);
  service_->Plant(QbCall::kConnect, -ENOMEM);
  EXPECT_EQ(qb_ipcc_connect("cpg", 1), nullptr);
  EXPECT_EQ(errno, ENOMEM);
  EXPECT_EQ(qb_ipcc_is_connected(connection_), 1);
  service_->Plant(QbCall::kReceive, -EBADMSG);
  EXPECT_EQ(Ask("question", &buffer), -EBADMSG);
  EXPECT_EQ(qb_ipcc_is_connected(connection_), 0);
}

TEST_F(InProcessServiceTest, StaleMemoryIsFilledBehindTheMessage) {
  service_->SetStaleFill(StaleFill{.pattern = 'A'});
  service_->Push(0, "one");
  Buffer buffer(8);
  EXPECT_EQ(Event(&buffer, 0), 3);
  EXPECT_EQ(buffer.text(), "oneAAAAA");
  service_->SetStaleFill(StaleFill{.pattern = 'B', .size_max = 2});
  service_->Push(0, "one");
  EXPECT_EQ(Event(&buffer, 0), 3);
  EXPECT_EQ(buffer.text(), "oneBBAAA");
  service_->SetStaleFill(std::nullopt);
  service_->Push(0, "12345678");
  EXPECT_EQ(Event(&buffer, 0), 8);
}

TEST_F(InProcessServiceTest, HandlersMayUseTheService) {
  service_->on_request = [this](int connection, std::string_view request) {
    service_->Push(connection, request);
    return InProcessService::Answer{.reply = "done"};
  };
  Buffer buffer(8);
  EXPECT_EQ(Ask("echo", &buffer), 4);
  EXPECT_EQ(Event(&buffer, 0), 4);
  EXPECT_EQ(buffer.text(), "echo....");
}

TEST_F(InProcessServiceTest, NullIsAnError) {
  Buffer buffer(8);
  int32_t number = 0;
  EXPECT_EQ(qb_ipcc_send(nullptr, "", 0), -EINVAL);
  EXPECT_EQ(qb_ipcc_recv(nullptr, buffer.data(), 8, 0), -EINVAL);
  EXPECT_EQ(qb_ipcc_event_recv(nullptr, buffer.data(), 8, 0), -EINVAL);
  EXPECT_EQ(qb_ipcc_fd_get(nullptr, &number), -EINVAL);
  EXPECT_EQ(qb_ipcc_get_buffer_size(nullptr), -EINVAL);
  EXPECT_EQ(qb_ipcc_is_connected(nullptr), 0);
  EXPECT_EQ(qb_ipcc_context_get(nullptr), nullptr);
  qb_ipcc_context_set(nullptr, &number);
  qb_ipcc_disconnect(nullptr);
}

TEST_F(InProcessServiceTest, ContextAndServer) {
  EXPECT_EQ(qb_ipcc_context_get(connection_), nullptr);
  qb_ipcc_context_set(connection_, this);
  EXPECT_EQ(qb_ipcc_context_get(connection_), this);
  pid_t process = 0;
  uid_t user = 99;
  gid_t group = 99;
  EXPECT_EQ(qb_ipcc_auth_get(connection_, &process, &user, &group), 0);
  EXPECT_EQ(process, getpid());
  EXPECT_EQ(user, geteuid());
  EXPECT_EQ(group, getegid());
}

using InProcessServiceDeathTest = InProcessServiceTest;

TEST_F(InProcessServiceDeathTest, RequestEndsAtAGuardPage) {
  service_->on_request = [](int /*connection*/, std::string_view request) {
    const volatile char* const end = request.data() + request.size();
    static_cast<void>(*(end - 1));
    static_cast<void>(*end);
    return InProcessService::Answer{};
  };
  EXPECT_DEATH(Send("request"), "");
}

TEST_F(InProcessServiceDeathTest, UseAfterDisconnect) {
  qb_ipcc_connection_t* const other = qb_ipcc_connect("cpg", 1);
  qb_ipcc_disconnect(other);
  EXPECT_DEATH(qb_ipcc_disconnect(other), "connection that is not open");
}

TEST_F(InProcessServiceDeathTest, OneServiceOnly) {
  EXPECT_DEATH(InProcessService(), "service in this process already");
}

}  // namespace
}  // namespace cpgcert::harness
