// The words that cases have in common: connect, join, wait, expect.
//
// What a case needs before it can ask its question is brought about here; if
// that fails the case ends as untested (CaseContext::Untested), never as a
// pass and never as a failure.

#ifndef CPGCERT_CONFORMANCE_SUPPORT_SUPPORT_H_
#define CPGCERT_CONFORMANCE_SUPPORT_SUPPORT_H_

#include <chrono>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/case.h"
#include "harness/client.h"
#include "harness/peer.h"

namespace cpgcert::conformance {

// Bounds every wait; never evidence.
inline constexpr std::chrono::milliseconds kWaitDeadline{15000};

// "call: ...\nowed: ...\ncame: ...", the text of a failure.
std::string Report(std::string_view call, std::string_view owed,
                   std::string_view came);

// Fails `requirement` unless `came` is one of `owed`; true if it is.
bool ExpectOneOf(CaseContext& context, std::string_view requirement,
                 std::string_view call, cs_error_t came,
                 std::initializer_list<cs_error_t> owed);
bool ExpectOk(CaseContext& context, std::string_view requirement,
              std::string_view call, cs_error_t came);
// Fails unless `came` is an error; true if it is.
bool ExpectError(CaseContext& context, std::string_view requirement,
                 std::string_view call, cs_error_t came);

// Ends the case as untested unless `came` is CS_OK.
void NeedOk(std::string_view call, cs_error_t came);
// Ends the case as untested unless `error` is empty.
void Need(const std::string& error);

// A group name that no other case uses at the same time.
std::string UniqueGroup(std::string_view tag);

// Another process. REQUIRES: CaseContext::Api was not called yet.
std::unique_ptr<harness::Peer> StartPeer(CaseContext& context);

// A connection that works. Needs the usual symbols.
std::unique_ptr<harness::Client> Connect(CaseContext& context,
                                         harness::CallbackSet callbacks = {});

// Joins, and dispatches until the own configuration change was seen.
void JoinAndSettle(harness::Client& client, std::string_view group);

// Dispatches whatever comes until `wanted` holds for one of the records after
// the first `seen`; false at the deadline or when cpg_dispatch answers an
// error. REQUIRES: no other thread dispatches `client`.
using RecordTest = std::function<bool(const harness::CallbackRecord&)>;
bool DispatchUntil(harness::Client& client, size_t seen,
                   const RecordTest& wanted);

// Dispatches everything that was sent before: to a member by a message to
// itself, which is not kept apart from its other records. REQUIRES: the client
// is a settled member of a group and registers a deliver callback.
void DispatchThroughBarrier(harness::Client& client);

// Dispatches, without blocking, what the service has sent before it answers a
// round trip on this connection.
void DispatchWaiting(harness::Client& client);

// The records after the first `seen` as text, see harness::DescribeRecord.
std::vector<std::string> Texts(harness::Client& client, size_t seen = 0);
// "a, b, c", or "nothing".
std::string Join(const std::vector<std::string>& texts);

// "Error: no effect": what was true before a call that answers an error must
// be true after it (requirement ERR-06).
//
//   ErrorOracle oracle(context, *client, group, peer.get());
//   ... the call that answers an error ...
//   oracle.NothingHappened("cpg_leave of another group");
//   ... the retry, which succeeds ...
//   oracle.HappenedOnce("cpg_leave", "left=[");
class ErrorOracle {
 public:
  // Remembers context, descriptor and the members of `group` as `subject`
  // sees them. `observer`, a settled member of the group, or null, is asked
  // what it has seen. All outlive the oracle.
  ErrorOracle(CaseContext& context, harness::Client& subject,
              std::string_view group, harness::Peer* observer);

  // Fails ERR-06 for whatever has changed: context, descriptor, members, what
  // the observer saw; or if the handle no longer works.
  void NothingHappened(std::string_view call);

  // Fails ERR-06 unless the observer has seen exactly one event whose text
  // holds `effect` since it was asked last. REQUIRES: an observer.
  void HappenedOnce(std::string_view call, std::string_view effect);

 private:
  struct State {
    void* context = nullptr;
    int descriptor = -1;
    std::vector<std::string> members{};
  };
  State Look() const;
  void Differs(std::string_view call, std::string_view what,
               std::string_view came);

  CaseContext& context_;
  harness::Client& subject_;
  const std::string group_;
  harness::Peer* observer_;
  State before_;
};

}  // namespace cpgcert::conformance

#endif  // CPGCERT_CONFORMANCE_SUPPORT_SUPPORT_H_
