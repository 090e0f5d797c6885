// Each call that needs the service, ready to be made once: what it needs
// before, the call itself, and its effect.
//
// So that the same question can be asked of every call: what if the service
// dies, stops, or a signal comes, just now?

#ifndef CPGCERT_CONFORMANCE_SUPPORT_SERVICE_CALLS_H_
#define CPGCERT_CONFORMANCE_SUPPORT_SERVICE_CALLS_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/case.h"
#include "harness/client.h"

namespace cpgcert::conformance {

enum class CallKind {
  kInitialize,
  kModelInitialize,
  kJoin,
  kLeave,
  kMulticast,       // one that fits in a request
  kMulticastLarge,  // one that is sent in fragments
  kMembershipGet,
  kLocalGet,
  kIterationInitialize,
  kIterationNext,
  kIterationFinalize,
  kZcbAlloc,
  kZcbMulticast,
  kZcbFree,
  kFinalize,
  kDispatchOne,
  kDispatchBlocking,
};

struct NamedCall {
  std::string name;      // "IterationNext"
  std::string function;  // "cpg_iteration_next"
  CallKind kind = CallKind::kInitialize;
};

class WatchedAnswer;

// Ends the case unless the call is asleep now, or soon: as untested; as
// unsupported if it is one of zero copy and has succeeded, for an
// implementation may multicast ordinary memory.
void NeedAsleep(WatchedAnswer& answer, const NamedCall& call);

// All of the above, in their order.
const std::vector<NamedCall>& NamedCalls();
bool IsZeroCopy(CallKind kind);
// A call of a capability that a library may lack: zero copy, iteration.
bool MayBeAbsent(CallKind kind);
bool IsDispatch(CallKind kind);
bool IsInitialize(CallKind kind);

// One call, and what it needs. To be held by shared_ptr: a call that never
// returns holds it too.
class CallStage : public std::enable_shared_from_this<CallStage> {
 public:
  // Connects, joins and so on, so that the call can be made. Ends the case as
  // untested if that fails, or as unsupported if the library lacks the call.
  // `group` may be one that a peer has joined.
  static std::shared_ptr<CallStage> Prepare(CaseContext& context,
                                            const NamedCall& call,
                                            const std::string& group);

  // The call; it holds the stage, and can be made again after an error.
  std::function<cs_error_t()> Call();
  const std::string& function() const { return call_.function; }

  // After CS_OK: "" if the call has had its effect, and once; otherwise what
  // came instead. Dispatches the connection.
  std::string WrongEffect();

  // Ends what was begun, so that another stage can be prepared in the same
  // group: no membership, iteration, buffer or connection is left.
  void Dispose();

  // The connection of the call; the one that an initialize made is not among
  // them and stands in made(). Null for an initialize.
  harness::Client* client() { return client_.get(); }
  cpg_handle_t made() const { return made_; }
  const std::string& group() const { return group_; }

 private:
  CallStage(CaseContext& context, NamedCall call, std::string group);
  void PrepareCall();
  void PrepareIteration();
  void PrepareBuffer();
  cs_error_t Make();
  cs_error_t MakeOnce();
  cs_error_t MakeInitialize();
  cs_error_t MakeMulticast();
  cs_error_t MakeIteration();
  cs_error_t MakeZeroCopy();

  std::string WrongJoin();
  std::string WrongLeave();
  std::string WrongMessage();
  std::string WrongMembers();
  std::string WrongNode();
  std::string WrongItems();
  std::string WrongHandle();
  size_t CountRecords(
      const std::function<bool(const harness::CallbackRecord&)>& wanted);

  const harness::CpgApi& api_;
  const NamedCall call_;
  const std::string group_;
  std::unique_ptr<harness::Client> client_;
  size_t seen_ = 0;                     // records before the call
  std::vector<std::string> members_{};  // of the group, before the call
  uint32_t node_ = 0;

  // What the call is given and gives.
  cpg_handle_t made_ = 0;
  std::string name_{};     // of the message
  std::string message_{};  // its bytes
  std::vector<cpg_address> entries_{};
  int entry_count_ = 0;
  unsigned int node_given_ = 0;
  cpg_iteration_handle_t iteration_ = 0;
  cpg_iteration_description_t description_{};
  void* buffer_ = nullptr;
};

}  // namespace cpgcert::conformance

#endif  // CPGCERT_CONFORMANCE_SUPPORT_SERVICE_CALLS_H_
