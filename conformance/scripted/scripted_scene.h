// The common start of the cases on a scripted service, and the calls that ask
// the service something.

#ifndef CPGCERT_CONFORMANCE_SCRIPTED_SCRIPTED_SCENE_H_
#define CPGCERT_CONFORMANCE_SCRIPTED_SCRIPTED_SCENE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "conformance/case.h"
#include "harness/client.h"
#include "harness/scripted_service/scripted_service.h"

namespace cpgcert::conformance::scripted {

// A call that waits for a reply. A large multicast asks once for each of its
// fragments.
enum class Call {
  kJoin,
  kLeave,
  kLocalGet,
  kMembershipGet,
  kIterationInitialize,
  kIterationNext,
  kIterationFinalize,
  kLargeMulticast,
  kFinalize,
};

struct CallInfo {
  Call call = Call::kJoin;
  const char* name = "";      // "Join", for names of cases
  const char* function = "";  // "cpg_join"
  harness::wire::RequestId request = harness::wire::RequestId::kJoin;
  // More than a header has to come back.
  bool has_payload = false;
};

// All of them, kFinalize last.
const std::vector<CallInfo>& Calls();

// A scripted service and connections to it. Whatever fails here ends the case
// as untested; an implementation that never connects to the service, as
// unsupported.
class ScriptedScene {
 public:
  static constexpr char kGroup[] = "group";
  static constexpr uint32_t kNode = 7;
  // Of the large multicast.
  static constexpr int kFragments = 3;

  // REQUIRES: CaseContext::Api was not called yet.
  explicit ScriptedScene(CaseContext& context, harness::Script script = {});
  // The service is honest and awake again, if it lives: a census may follow.
  ~ScriptedScene();
  ScriptedScene(const ScriptedScene&) = delete;
  ScriptedScene& operator=(const ScriptedScene&) = delete;

  harness::ScriptedService& service() { return *service_; }
  // The library's functions that all these cases use.
  const harness::CpgApi& api();
  // The same with those of an iteration, which a library may lack.
  const harness::CpgApi& IterationApi();

  // Another connection, from now on client().
  harness::Client& Connect(harness::CallbackSet callbacks = {});
  harness::Client& client() { return *clients_.back(); }
  // Joins kGroup, and dispatches the own configuration change.
  void Join();

  // Connects, and brings about what the call needs: a join, an iteration.
  void Prepare(Call call);
  // The call, ready to run in any thread; it holds whatever it uses by itself.
  // What it reads of its stack without having set it is CS_OK.
  // REQUIRES: Prepare() of this call.
  std::function<cs_error_t()> Make(Call call);

  void React(const harness::Reaction& reaction);
  // The service sends an event to client(); when it returns the event waits to
  // be dispatched.
  void Send(const std::string& event);

  // How many requests of this id have arrived.
  size_t Count(harness::wire::RequestId request) const;
  // Everything that was sent on client() so far has arrived, and what it
  // caused is waiting.
  void Barrier();
  // The members of kGroup, of any process; -1 if the call fails.
  int MemberCount();
  // The name of the message of kLargeMulticast.
  static const char* LargeName() { return "large"; }
  // The bytes of a message in kFragments fragments.
  std::string LargeMessage();

 private:
  // Unless somebody has wanted to connect.
  void EndIfUnsupported();

  CaseContext& context_;
  // Lives until the process ends: what is left open is closed after the case.
  harness::ScriptedService* service_;
  std::vector<std::unique_ptr<harness::Client>> clients_;
  cpg_iteration_handle_t iteration_ = 0;
};

// Fills the stack below the caller with `value`: whatever a function of the
// library reads there without having set it is that, whatever ran before.
void PaintStack(int32_t value);

// "cpg_join, which the service answered with CS_ERR_ACCESS".
std::string Answered(const CallInfo& call, cs_error_t error);

// The last part of an error's name as a case name has it: "TryAgain" for
// CS_ERR_TRY_AGAIN.
std::string CaseName(cs_error_t error);

// The beginning of a case's name: "ERR-01/ScriptedService/".
std::string Scripted(const std::string& requirement);

}  // namespace cpgcert::conformance::scripted

#endif  // CPGCERT_CONFORMANCE_SCRIPTED_SCRIPTED_SCENE_H_
