// Brings about what a cell of the matrix starts from: connections, the state
// of the handle, and the events that wait for it.

#ifndef CPGCERT_CONFORMANCE_DISPATCH_SCENE_H_
#define CPGCERT_CONFORMANCE_DISPATCH_SCENE_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/case.h"
#include "conformance/dispatch/cells.h"
#include "conformance/dispatch/owed.h"
#include "harness/client.h"
#include "harness/peer.h"

namespace cpgcert::conformance::dispatch {

// One scene per process. Whatever cannot be brought about ends the case as
// untested. Never destroyed: a call that blocks may still use it when the
// process ends.
class Scene {
 public:
  Scene(CaseContext& context, const Cell& cell)
      : context_(context), cell_(cell) {}

  void SetUp();

  // The connection on trial; for a bad handle the one through which the call
  // is made and recorded.
  harness::Client& subject() { return *subject_; }
  // Another connection of this process with events of its own, or null.
  harness::Client* bystander() { return bystander_.get(); }
  // The handle to dispatch.
  cpg_handle_t handle() const { return handle_; }

  // What waits for the subject, oldest first, and for the bystander.
  const std::vector<Event>& waiting() const { return waiting_; }
  const std::vector<Event>& bystander_waiting() const {
    return bystander_waiting_;
  }

  // Causes an event while the call sleeps. Returns what it will bring; empty
  // if nothing can be caused on such a handle.
  std::vector<Event> CauseEvents();

  // Sends something that the subject will see last: a message to itself, or
  // its own leave; empty if it would see neither.
  std::vector<Event> CauseLastEvent();

  // A callback as text: "message m1 from self", "change joined=[self:JOIN]
  // left=[] members=[self]", "totem change nodes=[1]". What is wrong with the
  // frame of the call (handle, group, place) follows in braces.
  std::string Render(harness::Client& client,
                     const harness::CallbackRecord& record) const;
  std::vector<std::string> RenderAll(harness::Client& client) const;

  // Dispatches what waits for `client`, one by one, until nothing is readable.
  // REQUIRES: no other thread dispatches it.
  void Drain(harness::Client& client);

  // The text of the events that this process causes.
  Event Message(std::string_view name) const;
  Event OwnJoin() const;

 private:
  void StartPeer();
  std::unique_ptr<harness::Client> Connect();
  void Check(const char* call, cs_error_t result) const;
  void CheckPeer(const std::string& error) const;
  // Joins `client` and lets the cell's pending events come to wait for it.
  std::vector<Event> JoinAndPend(harness::Client& client,
                                 const std::string& group);
  std::vector<Event> Pend(harness::Client& client, const std::string& group);
  std::vector<Event> PendMixture(harness::Client& client,
                                 std::vector<Event> events);
  std::vector<Event> PendFragments(harness::Client& client);
  void JoinAndDrain(harness::Client& client, const std::string& group);
  // Waits until the service has (or no longer has) this process as a member.
  void WaitMember(harness::Client& client, const std::string& group,
                  bool member);
  // Waits until everything that was sent before is there.
  void Barrier(harness::Client& client);
  void SetUpOwnHandle();
  void Multicast(harness::Client& client, std::string_view name, size_t size);
  Event Made(Event::Kind kind, std::string text) const;
  Event OwnLeave() const;
  Event PeerJoin() const;
  Event Totem() const;
  std::string Who(uint32_t node_id, uint32_t process) const;
  std::string List(const std::vector<cpg_address>& addresses) const;

  CaseContext& context_;
  const Cell cell_;
  const harness::CpgApi* api_ = nullptr;
  std::unique_ptr<harness::Peer> peer_;
  std::unique_ptr<harness::Client> subject_;
  std::unique_ptr<harness::Client> bystander_;
  std::unique_ptr<harness::Client> witness_;
  cpg_handle_t handle_ = 0;
  std::string group_;
  std::string other_group_;
  uint32_t node_id_ = 0;
  bool peer_joined_ = false;
  bool joined_ = false;
  std::vector<Event> waiting_;
  std::vector<Event> bystander_waiting_;
};

}  // namespace cpgcert::conformance::dispatch

#endif  // CPGCERT_CONFORMANCE_DISPATCH_SCENE_H_
