// The service of reply_decoder: within the call of a record it answers that
// call's own requests as the record says, and is honest else.

#ifndef CPGCERT_FUZZ_REPLIES_REPLY_SERVICE_H_
#define CPGCERT_FUZZ_REPLIES_REPLY_SERVICE_H_

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "fuzz/replies/reply_input.h"
#include "fuzz/replies/reply_owed.h"
#include "harness/qb_in_process/in_process_service.h"

namespace cpgcert::fuzz {

class ReplyService {
 public:
  // A service that is asked so often within a call ends then: more often than
  // any library is known to ask, few enough for large messages.
  static constexpr int kAskedMax = 250;

  // What lies behind a reply in the receiver's buffer is `stale`.
  explicit ReplyService(uint8_t stale);

  // The call of this record begins. Both must live until End().
  void Begin(const ReplyRecord& record, const OwedReply& owed);
  // It has ended. The members are about that call until the next one.
  void End();
  int asked() const { return asked_; }  // own requests that it answered
  // An honest reply came to an own request after one of these.
  bool asked_again() const { return asked_again_; }
  // Bytes of a message that the service has taken.
  uint64_t acknowledged() const { return acknowledged_; }

  int open() const { return service_.counters().open; }
  // A NodeValue() that a reply to a request has told honestly.
  bool HasTold(const std::string& node) const { return told_.contains(node); }
  // From now on, requests must be for this iteration.
  void ExpectIteration(uint64_t at_service) { iteration_ = at_service; }
  bool iterations_confused() const { return iterations_confused_; }

 private:
  // Whether the record's answer is due to this asking, which it counts.
  bool IsDue();
  harness::InProcessService::Answer Answer(std::string_view request);
  void CheckIteration(int32_t id, std::string_view request);
  void Acknowledge(std::string_view request);

  harness::InProcessService service_;
  int connection_ = 0;  // the last one
  std::set<std::string> told_;
  uint64_t iteration_ = 0;
  bool iterations_confused_ = false;

  // The call.
  const ReplyRecord* record_ = nullptr;
  const OwedReply* owed_ = nullptr;
  int skip_ = 0;  // own requests before the one that it is about
  int asked_ = 0;
  bool asked_again_ = false;
  uint64_t acknowledged_ = 0;
};

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_REPLIES_REPLY_SERVICE_H_
