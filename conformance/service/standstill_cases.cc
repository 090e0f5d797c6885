// The service stands still in the middle of a call, and goes on: ERR-03; and
// its queue is full meanwhile: ERR-04. The dispatch types that do not block:
// conformance/dispatch.

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "conformance/service/service_suite.h"
#include "conformance/support/service_calls.h"
#include "conformance/support/support.h"
#include "conformance/support/watched_answer.h"
#include "harness/message.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance::service {

namespace {

using harness::CallbackRecord;
using harness::CallState;
using harness::Client;

// After TRY_AGAIN the call is made again; its effect must come once all the
// same.
void ExpectSuccessOnce(CaseContext& context, const std::string& text,
                       const std::shared_ptr<CallStage>& stage,
                       WatchedAnswer& answer) {
  if (!answer.WaitReturned()) {
    context.Fail("ERR-03", Report(text, "a return", answer.Came()));
    return;
  }
  cs_error_t code = answer.answer();
  if (code == CS_ERR_TRY_AGAIN) {
    context.Note(text + ": CS_ERR_TRY_AGAIN");
    code = harness::RetryWhileTryAgain(stage->Call(), kWaitDeadline);
  }
  if (!ExpectOk(context, "ERR-03", text, code)) {
    return;
  }
  const std::string wrong = stage->WrongEffect();
  if (!wrong.empty()) {
    context.Fail("ERR-03", Report(text, "the effect of the call, once", wrong));
  }
  stage->Dispose();
}

void StopsAndGoesOn(CaseContext& context, const NamedCall& call) {
  const auto stage = CallStage::Prepare(context, call, UniqueGroup("stopped"));
  Need(context.service().Stop());
  const std::string text =
      call.function + ", while the service was stopped and went on";
  context.Step(text);
  WatchedAnswer answer(stage->Call());
  const CallState state = answer.Settle();
  const bool done = answer.returned() && answer.answer() == CS_OK;
  if (!done && state.kind != CallState::Kind::kAsleep) {
    context.Fail("ERR-03",
                 Report(call.function + ", while the service is stopped",
                        "CS_OK, or sleep until it goes on", answer.Came()));
  }
  Need(context.service().Resume());
  ExpectSuccessOnce(context, text, stage, answer);
}

std::string Number(int number) { return fmt::format("m{}", number); }

cs_error_t MulticastOnce(Client& client, const std::string& name, size_t size) {
  std::string message = harness::MakeMessage(name, size);
  const iovec part{message.data(), message.size()};
  return client.api().mcast_joined(client.handle(), CPG_TYPE_AGREED, &part, 1);
}

// More small messages than a stopped service can be told of. A call may answer
// CS_ERR_TRY_AGAIN, or sleep; it may not use the processor up.
void ManySmallMulticasts(CaseContext& context) {
  constexpr int kMessages = 600;
  const std::shared_ptr<Client> client = Connect(context);
  JoinAndSettle(*client, UniqueGroup("small"));
  const size_t seen = client->RecordCount();
  Need(context.service().Stop());
  auto count = std::make_shared<std::atomic<int>>(0);
  WatchedAnswer answer([client, count] {
    cs_error_t code = CS_OK;
    while (code == CS_OK && *count < kMessages) {
      code = MulticastOnce(*client, Number((*count)++), 0);
    }
    return code;
  });
  // Of one call, not of several: each may sleep a little.
  CallState state;
  harness::trace::Changing seen_count("multicasts");
  const auto made = [&] {
    return seen_count.See([&] { return count->load(); });
  };
  int before = -1;
  while (before != made()) {
    before = made();
    state = answer.Settle();
  }
  const std::string came = answer.Came();
  const bool allowed =
      state.kind == CallState::Kind::kAsleep ||
      (answer.returned() &&
       (answer.answer() == CS_OK || answer.answer() == CS_ERR_TRY_AGAIN));
  const std::string text = fmt::format(
      "cpg_mcast_joined for the {}th time, while the service is stopped",
      before);
  if (!allowed) {
    context.Fail("ERR-03",
                 Report(text, "CS_OK, CS_ERR_TRY_AGAIN, or sleep", came));
  }
  Need(context.service().Resume());
  if (!answer.WaitReturned()) {
    context.Fail("ERR-03", Report(text + ", and then went on", "a return",
                                  answer.Came()));
    return;
  }
  DispatchThroughBarrier(*client);
  const bool all = answer.answer() == CS_OK;
  const auto records = client->Records();
  const auto messages = std::count_if(
      records.begin() + static_cast<ptrdiff_t>(seen), records.end(),
      [](const auto& record) { return record.message.starts_with('m'); });
  if (messages != *count - (all ? 0 : 1)) {
    context.Fail("ERR-03",
                 Report(text + ", and then went on",
                        "every message that was answered with CS_OK, once",
                        fmt::format("{} of them", messages)));
  }
}

// Multicasts until the queue to the stopped service is full.
void QueueFull(CaseContext& context) {
  constexpr int kMessagesMax = 200;
  constexpr size_t kSize = 50000;
  const std::shared_ptr<Client> client = Connect(context);
  JoinAndSettle(*client, UniqueGroup("full"));
  const size_t seen = client->RecordCount();
  Need(context.service().Stop());
  // As often as it takes; the answer is the first that is an error.
  auto count = std::make_shared<std::atomic<int>>(0);
  WatchedAnswer fill([client, count] {
    cs_error_t code = CS_OK;
    while (code == CS_OK && *count < kMessagesMax) {
      code = MulticastOnce(*client, Number((*count)++), kSize);
    }
    return code;
  });
  fill.Settle();
  const bool waited = !fill.returned();
  Need(context.service().Resume());
  if (waited || fill.answer() != CS_ERR_TRY_AGAIN) {
    fill.WaitReturned();
    CaseContext::Untested(
        fmt::format("{} multicasts to a stopped service did not end with "
                    "CS_ERR_TRY_AGAIN, but: {}",
                    count->load(), fill.Came()));
  }
  std::vector<std::string> owed;
  for (int i = 0; i < *count; ++i) {
    owed.push_back(Number(i));
  }
  const std::string text =
      "cpg_mcast_joined again, of what was answered CS_ERR_TRY_AGAIN while "
      "the service was stopped";
  if (!ExpectOk(context, "ERR-04", text,
                client->Multicast(harness::MakeMessage(owed.back(), kSize)))) {
    return;
  }
  DispatchUntil(*client, seen, [&owed](const CallbackRecord& record) {
    return record.message == owed.back();
  });
  DispatchThroughBarrier(*client);
  std::vector<std::string> came;
  for (const CallbackRecord& record : client->Records()) {
    if (record.message.starts_with('m')) {
      came.push_back(record.message);
    }
  }
  if (came != owed) {
    context.Fail("ERR-04",
                 Report(text,
                        fmt::format("all {} messages once, in order, the last "
                                    "one by the retry",
                                    owed.size()),
                        fmt::format("{} messages", came.size())));
  }
}

}  // namespace

void RegisterStandstillCases() {
  for (const NamedCall& call : NamedCalls()) {
    if (IsDispatch(call.kind)) {
      continue;
    }
    RegisterCase(
        {.name = "ERR-03/StopsAndGoesOn/" + call.name,
         .requirements = {"ERR-03"},
         .profile = "faults",
         .needs_capability = MayBeAbsent(call.kind)},
        [call](CaseContext& context) { StopsAndGoesOn(context, call); });
  }
  RegisterCase({.name = "ERR-03/StopsAndGoesOn/ManySmallMulticasts",
                .requirements = {"ERR-03"},
                .profile = "faults"},
               ManySmallMulticasts);
  RegisterCase({.name = "ERR-04/Multicast/QueueFull",
                .requirements = {"ERR-04"},
                .profile = "faults"},
               QueueFull);
}

}  // namespace cpgcert::conformance::service
