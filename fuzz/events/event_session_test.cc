// The oracle can object: a library is given events, honest and hostile, and
// libraries that are wrong in known ways are found out.

#include "fuzz/events/event_session.h"

#include <memory>
#include <string>
#include <vector>

#include "fuzz/events/callback_trace.h"
#include "gtest/gtest.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {
namespace {

namespace wire = harness::wire;
using harness::CpgApi;

const CpgApi& SystemLibrary() {
  static std::string error;
  static const std::unique_ptr<CpgApi> api =
      harness::LoadCpgApi("libcpg.so.4", &error);
  return *api;
}

class EventSessionTest : public testing::Test {
 protected:
  void Add(Delivery delivery, const std::string& bytes) {
    records_.push_back(
        {.delivery = delivery,
         .event = *events_.emplace_back(std::make_unique<std::string>(bytes))});
  }
  void Add(Delivery delivery, const wire::Event& event) {
    Add(delivery, wire::Build(event));
  }
  // What Judge() says of a library.
  std::string Verdict(const CpgApi& api) {
    const std::vector<OwedEvent> owed = OwedFor(records_);
    played_ = PlayEvents(api, records_, owed, {.pattern = 'x', .size_max = 64});
    return played_.problem.empty() ? Judge(owed, played_.trace, played_.errors,
                                           played_.unclear_errors)
                                   : played_.problem;
  }

  const wire::Event message_ = wire::DeliverEvent{
      .group = "g", .node = 1, .process = 2, .message = "text"};
  std::vector<std::unique_ptr<std::string>> events_;
  std::vector<EventRecord> records_;
  Played played_;
};

TEST_F(EventSessionTest, EveryDeliveryComesToItsEvents) {
  for (int last = 0; last < kDeliveries; ++last) {
    records_.clear();
    Add(Delivery::kQueue, message_);
    Add(Delivery::kOne, message_);
    Add(Delivery::kOneNonblocking, message_);
    Add(static_cast<Delivery>(last), message_);
    Add(Delivery::kQueue, message_);
    EXPECT_EQ(Verdict(SystemLibrary()), "") << last;
  }
}

TEST_F(EventSessionTest, WaitsOnlyForWhatIsOwed) {
  Add(Delivery::kOne, wire::PartialDeliverEvent{.group = "g", .type = 2});
  EXPECT_EQ(Verdict(SystemLibrary()), "");
  EXPECT_EQ(played_.results[0], CS_OK);
  Add(Delivery::kOne, message_);
  EXPECT_EQ(Verdict(SystemLibrary()), "");
}

TEST_F(EventSessionTest, UnknownEventOwesAnError) {
  Add(Delivery::kBlocking, std::string(24, '\xff'));
  EXPECT_EQ(Verdict(SystemLibrary()), "");
  records_.clear();
  Add(Delivery::kOne, std::string(24, '\xff'));
  Add(Delivery::kQueue, message_);
  EXPECT_EQ(Verdict(SystemLibrary()), "");
  EXPECT_EQ(played_.errors, 1U);
}

// corosync 3.1.7 believes the length.
TEST_F(EventSessionTest, FindsACallbackForAMalformedEvent) {
  std::string bytes = wire::Build(message_);
  wire::SetField(wire::Kind::kEvent, &bytes, "message_size", 6);
  Add(Delivery::kAll, bytes);
  const std::string verdict = Verdict(SystemLibrary());
  EXPECT_NE(verdict.find("message of 6 bytes 'textxx'"), std::string::npos)
      << verdict;
}

TEST_F(EventSessionTest, FindsASwallowedEvent) {
  CpgApi api = SystemLibrary();
  api.dispatch = [](cpg_handle_t handle, cs_dispatch_flags_t type) {
    static int calls = 0;
    return ++calls == 1 ? CS_OK : SystemLibrary().dispatch(handle, type);
  };
  Add(Delivery::kAll, message_);
  EXPECT_EQ(Verdict(api), "") << "the end comes to it";
  api.model_initialize = [](cpg_handle_t* handle, cpg_model_t model,
                            cpg_model_data_t* /*data*/, void* context) {
    cpg_model_v1_data_t none{};
    return SystemLibrary().model_initialize(
        handle, model, reinterpret_cast<cpg_model_data_t*>(&none), context);
  };
  EXPECT_NE(Verdict(api).find("came: no callback"), std::string::npos);
}

TEST_F(EventSessionTest, FindsAConnectionThatStaysOpen) {
  CpgApi api = SystemLibrary();
  api.finalize = [](cpg_handle_t /*handle*/) { return CS_OK; };
  EXPECT_EQ(Verdict(api), "cpg_finalize left the connection open");
}

TEST_F(EventSessionTest, FindsEventsThatAreLeft) {
  CpgApi api = SystemLibrary();
  api.dispatch = [](cpg_handle_t /*handle*/, cs_dispatch_flags_t /*type*/) {
    return CS_OK;
  };
  Add(Delivery::kQueue, message_);
  EXPECT_EQ(Verdict(api), "CS_DISPATCH_ALL leaves events");
  records_[0].delivery = Delivery::kBlocking;
  EXPECT_EQ(Verdict(api), "CS_DISPATCH_BLOCKING leaves events");
}

}  // namespace
}  // namespace cpgcert::fuzz
