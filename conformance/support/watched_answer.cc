#include "conformance/support/watched_answer.h"

#include <fmt/core.h>

#include <chrono>
#include <utility>

#include "conformance/case.h"
#include "conformance/support/support.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance {

namespace {

using harness::CallState;
using std::chrono::milliseconds;

// A thread that has not run at all for so long, in a wait without a time-out,
// was missed by the event that it waits for. Nothing else can wake it.
constexpr milliseconds kHangProof{5000};
constexpr milliseconds kLook{20};

}  // namespace

WatchedAnswer::WatchedAnswer(std::function<cs_error_t()> call)
    : answer_(std::make_shared<cs_error_t>(CS_OK)),
      call_(std::make_unique<harness::WatchedCall>(
          [answer = answer_, call = std::move(call)] { *answer = call(); })) {}

WatchedAnswer::~WatchedAnswer() {
  if (!call_->returned()) {
    call_->Abandon();
    // Its thread goes on using it.
    (void)call_.release();
  }
}

CallState WatchedAnswer::Settle() { return call_->Settle(kWaitDeadline); }

void WatchedAnswer::NeedAsleep(const std::string& call) {
  const CallState state = Settle();
  if (state.kind != CallState::Kind::kAsleep) {
    CaseContext::Untested(
        fmt::format("{} was to sleep, and did not: {}", call, Came()));
  }
}

void WatchedAnswer::NeedAsleepForService(const std::string& call) {
  if (Settle().kind == CallState::Kind::kReturned && *answer_ == CS_OK) {
    CaseContext::Unsupported(call + " does not need the service: CS_OK");
  }
  NeedAsleep(call);
}

bool WatchedAnswer::WaitReturned() {
  harness::trace::Deadline end(kWaitDeadline);
  CallState state = Settle();
  auto asleep = std::make_unique<harness::trace::Deadline>(kHangProof);
  while (!call_->returned() && !end.Passed()) {
    if (call_->WaitReturned(kLook)) {
      return true;
    }
    const bool endless = state.kind == CallState::Kind::kAsleep &&
                         state.sample.sleep.timeout_ns == harness::kInfiniteNs;
    if (!endless || !call_->SleptSince(state)) {
      state = Settle();
      asleep = std::make_unique<harness::trace::Deadline>(kHangProof);
    } else if (asleep->Passed()) {
      return false;
    }
  }
  return call_->returned();
}

bool WatchedAnswer::returned() { return call_->returned(); }

cs_error_t WatchedAnswer::answer() const { return *answer_; }

std::string WatchedAnswer::Came() {
  return returned() ? harness::ErrorName(*answer_)
                    : "not returned: " + harness::Describe(Settle());
}

}  // namespace cpgcert::conformance
