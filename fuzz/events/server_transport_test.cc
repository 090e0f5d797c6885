// A library that does not bind to this process does over a libqb server what
// one that does does without.

#include "fuzz/events/server_transport.h"

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/events/event_session.h"
#include "fuzz/support/target_options.h"
#include "gtest/gtest.h"
#include "harness/qb_in_process/library_binding.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {
namespace {

namespace wire = harness::wire;

// One that does not bind, and one that does; from the command line.
std::string own_transport;
std::string reference;

std::unique_ptr<harness::CpgApi> Load(const std::string& library) {
  std::string error;
  auto api = harness::LoadCpgApi(library, &error);
  EXPECT_NE(api, nullptr) << error;
  return api;
}

class ServerTransportTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::string error;
    server_ = EventServer::Start(&error).release();
    ASSERT_NE(server_, nullptr) << error;
  }
  static void TearDownTestSuite() { delete server_; }

  void Add(Delivery delivery, std::string bytes) {
    events_.push_back(std::make_unique<std::string>(std::move(bytes)));
    records_.push_back({.delivery = delivery, .event = *events_.back()});
  }
  void Add(Delivery delivery, const wire::Event& event) {
    Add(delivery, wire::Build(event));
  }
  Played Play() {
    const std::vector<OwedEvent> owed = OwedFor(records_);
    ServerTransport transport(server_);
    Played played = PlayEvents(*served_, records_, owed, &transport);
    EXPECT_EQ(played.problem, "");
    EXPECT_EQ(Judge(owed, played.trace, played.errors, played.unclear_errors),
              "");
    return played;
  }
  Played PlayInProcess() {
    return PlayEvents(*bound_, records_, OwedFor(records_), {.size_max = 64});
  }

  static EventServer* server_;
  const std::unique_ptr<harness::CpgApi> served_ = Load(own_transport);
  const std::unique_ptr<harness::CpgApi> bound_ = Load(reference);
  const wire::Event message_ = wire::DeliverEvent{
      .group = "g", .node = 1, .process = 2, .message = "text"};
  std::vector<std::unique_ptr<std::string>> events_;
  std::vector<EventRecord> records_;
};

EventServer* ServerTransportTest::server_ = nullptr;

TEST_F(ServerTransportTest, TheLibraryDoesNotBindHere) {
  EXPECT_NE(harness::WhyLibraryDoesNotBindHere(*served_), "");
  EXPECT_EQ(harness::WhyLibraryDoesNotBindHere(*bound_), "");
}

TEST_F(ServerTransportTest, EveryDeliveryDoesTheSame) {
  for (int last = 0; last < kDeliveries; ++last) {
    records_.clear();
    Add(Delivery::kQueue, message_);
    Add(Delivery::kOne, message_);
    Add(Delivery::kOneNonblocking, std::string(24, '\xff'));
    Add(Delivery::kOneNonblocking, message_);
    Add(static_cast<Delivery>(last), message_);
    Add(Delivery::kQueue, wire::TotemEvent{.nodes = {1}});
    EXPECT_EQ(Play(), PlayInProcess()) << last;
  }
}

TEST_F(ServerTransportTest, FragmentsThatEndNoWait) {
  Add(Delivery::kOne, wire::PartialDeliverEvent{.group = "g", .type = 2});
  Add(Delivery::kBlocking, wire::PartialDeliverEvent{.group = "g", .type = 2});
  EXPECT_EQ(Play(), PlayInProcess());
}

TEST_F(ServerTransportTest, NothingAtAll) { EXPECT_EQ(Play().trace, ""); }

TEST_F(ServerTransportTest, AsManyEventsAsItCarries) {
  const std::string large(4000, 'x');
  for (int i = 0; i < 100; ++i) {
    Add(Delivery::kQueue, wire::DeliverEvent{.group = "g", .message = large});
  }
  ASSERT_TRUE(ServerTransport::Carries(records_));
  EXPECT_EQ(Play(), PlayInProcess());
  Add(Delivery::kQueue, message_);
  EXPECT_FALSE(ServerTransport::Carries(records_));
}

TEST_F(ServerTransportTest, DoesNotCarryWhatLibqbDoesNot) {
  Add(Delivery::kQueue, "");
  EXPECT_FALSE(ServerTransport::Carries(records_));
  records_.clear();
  Add(Delivery::kQueue, std::string(600 << 10, 'x'));
  EXPECT_FALSE(ServerTransport::Carries(records_));
}

TEST_F(ServerTransportTest, ShortestEvent) {
  Add(Delivery::kAll, "x");
  EXPECT_EQ(Play(), PlayInProcess());
}

TEST_F(ServerTransportTest, ATargetSaysThatItIsSlower) {
  const TargetOptions options{.library = own_transport};
  const auto load = [&options] {
    const ServedTarget target = LoadServedTarget(options);
    std::exit(target.server != nullptr ? 0 : 1);
  };
  EXPECT_EXIT(
      load(), testing::ExitedWithCode(0),
      "through a libqb server in a process of its own, which is slower");
}

TEST_F(ServerTransportTest, ATargetIsNotForcedToBind) {
  EXPECT_EXIT(LoadServedTarget({.library = own_transport,
                                .transport = Transport::kInProcess}),
              testing::ExitedWithCode(2), "cpg_initialize: ");
}

}  // namespace
}  // namespace cpgcert::fuzz

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc != 3) return 2;
  cpgcert::fuzz::own_transport = argv[1];
  cpgcert::fuzz::reference = argv[2];
  return RUN_ALL_TESTS();
}
