// A call of the library that may never return.

#ifndef CPGCERT_CONFORMANCE_SUPPORT_WATCHED_ANSWER_H_
#define CPGCERT_CONFORMANCE_SUPPORT_WATCHED_ANSWER_H_

#include <functional>
#include <memory>
#include <string>

#include "harness/cpg_api.h"
#include "harness/thread_watch.h"

namespace cpgcert::conformance {

// The call runs in a thread of its own. If it has not returned when this
// object ends it is abandoned, and goes on until the process ends.
class WatchedAnswer {
 public:
  // Begins the call. It must hold by itself (captures by value) whatever it
  // uses, for it may outlive the case.
  explicit WatchedAnswer(std::function<cs_error_t()> call);
  ~WatchedAnswer();
  WatchedAnswer(const WatchedAnswer&) = delete;
  WatchedAnswer& operator=(const WatchedAnswer&) = delete;

  // Waits until it has returned, or sleeps, polls or spins.
  harness::CallState Settle();
  // Ends the case as untested unless it is asleep now, or soon.
  void NeedAsleep(const std::string& call);
  // The same of a call that an implementation may answer by itself: one that
  // has returned CS_OK ends the case as unsupported. For cases that need a
  // capability.
  void NeedAsleepForService(const std::string& call);
  // Waits until it has returned. False if it did not: it used its time up, or
  // slept on in one wait without a time-out, which nothing ends.
  bool WaitReturned();

  bool returned();
  // REQUIRES: it has returned.
  cs_error_t answer() const;
  // The code that it answered; otherwise what its thread is doing.
  std::string Came();

  harness::WatchedCall& thread() { return *call_; }

 private:
  std::shared_ptr<cs_error_t> answer_;
  std::unique_ptr<harness::WatchedCall> call_;
};

}  // namespace cpgcert::conformance

#endif  // CPGCERT_CONFORMANCE_SUPPORT_WATCHED_ANSWER_H_
