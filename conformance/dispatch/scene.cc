#include "conformance/dispatch/scene.h"

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "harness/message.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance::dispatch {

namespace {

using harness::CallbackRecord;
using harness::CallbackSet;
using harness::Client;
using std::chrono::milliseconds;

// Bounds every wait of the set-up; reaching it leaves the case untested.
constexpr milliseconds kArrivalDeadline{15000};
constexpr int kDrainMax = 1000;
constexpr size_t kLargeMessageSize = size_t{3} << 20;
constexpr cpg_handle_t kNeverIssuedPattern = 0x5a5a5a5a00000000;

// What every cell needs of the library.
const std::vector<std::string_view> kSymbols = {"cpg_initialize",
                                                "cpg_model_initialize",
                                                "cpg_finalize",
                                                "cpg_fd_get",
                                                "cpg_dispatch",
                                                "cpg_join",
                                                "cpg_leave",
                                                "cpg_mcast_joined",
                                                "cpg_membership_get",
                                                "cpg_local_get",
                                                "cpg_max_atomic_msgsize_get"};

bool NeedsPeer(const Cell& cell) {
  if (IsBad(cell.handle) && cell.handle != Handle::kFinalizedSlotReused &&
      cell.handle != Handle::kFinalized) {
    return false;
  }
  if (cell.pending == Pending::kMixtureOfFive) {
    return true;
  }
  if (cell.pending == Pending::kOneChange) {
    return cell.handle == Handle::kInsideCallback;
  }
  return cell.pending == Pending::kArrivesDuring &&
         cell.handle != Handle::kNotJoined;
}

void AppendTo(std::vector<Event>* events, const std::vector<Event>& more) {
  events->insert(events->end(), more.begin(), more.end());
}

}  // namespace

void Scene::SetUp() {
  group_ = fmt::format("g{}", harness::trace::ProcessId());
  other_group_ = fmt::format("h{}", harness::trace::ProcessId());
  if (NeedsPeer(cell_)) {
    StartPeer();
  }
  api_ = &context_.Api(kSymbols);
  subject_ = Connect();
  handle_ = subject_->handle();
  unsigned int node_id = 0;
  Check("cpg_local_get", api_->local_get(handle_, &node_id));
  node_id_ = node_id;
  switch (cell_.handle) {
    case Handle::kZero:
    case Handle::kNeverIssued:
      JoinAndDrain(*subject_, group_);
      Multicast(*subject_, "m1", harness::kSmallMessageSize);
      waiting_ = {Message("m1")};
      handle_ = cell_.handle == Handle::kZero
                    ? 0
                    : subject_->handle() ^ kNeverIssuedPattern;
      break;
    case Handle::kFinalized:
      JoinAndPend(*subject_, group_);
      Check("cpg_finalize", subject_->Finalize());
      break;
    case Handle::kFinalizedSlotReused:
      Check("cpg_finalize", subject_->Finalize());
      bystander_ = Connect();
      if (bystander_->handle() == handle_) {
        CaseContext::Unsupported("values of finalized handles are reissued");
      }
      bystander_waiting_ = JoinAndPend(*bystander_, other_group_);
      break;
    case Handle::kOtherConnectionHasEvents:
      JoinAndDrain(*subject_, group_);
      bystander_ = Connect();
      bystander_waiting_ = JoinAndPend(*bystander_, other_group_);
      break;
    default:
      SetUpOwnHandle();
  }
}

void Scene::SetUpOwnHandle() {
  switch (cell_.handle) {
    case Handle::kNotJoined:
      return;
    case Handle::kLeft:
      JoinAndDrain(*subject_, group_);
      Check("cpg_leave", subject_->Leave(group_));
      WaitMember(*subject_, group_, false);
      Drain(*subject_);
      joined_ = false;
      return;
    case Handle::kServiceKilledBefore:
    case Handle::kServiceKilledDuring:
    case Handle::kServiceStopped:
      if (!context_.service().allowed()) {
        CaseContext::Untested("this service is not ours to kill or stop");
      }
      break;
    default:
      break;
  }
  waiting_ = JoinAndPend(*subject_, group_);
  if (cell_.handle == Handle::kServiceKilledBefore) {
    CheckPeer(context_.service().Kill());
  } else if (cell_.handle == Handle::kServiceStopped) {
    CheckPeer(context_.service().Stop());
  }
}

void Scene::StartPeer() {
  std::string error;
  peer_ = harness::Peer::Start(context_.library(), &error);
  CheckPeer(error);
}

std::unique_ptr<Client> Scene::Connect() {
  CallbackSet callbacks;
  callbacks.deliver = HasDeliver(cell_.callbacks);
  callbacks.configuration = HasChange(cell_.callbacks);
  callbacks.totem = HasTotem(cell_.callbacks);
  callbacks.initial_totem =
      HasTotem(cell_.callbacks) || cell_.pending == Pending::kTotemChange;
  auto client = std::make_unique<Client>(*api_, callbacks);
  context_.Step("cpg_initialize");
  Check("cpg_initialize", client->Initialize());
  return client;
}

void Scene::Check(const char* call, cs_error_t result) const {
  if (result != CS_OK) {
    CaseContext::Untested(fmt::format("while setting up: {} answered {}", call,
                                      harness::ErrorName(result)));
  }
}

void Scene::CheckPeer(const std::string& error) const {
  if (!error.empty()) {
    CaseContext::Untested("while setting up: " + error);
  }
}

void Scene::JoinAndDrain(Client& client, const std::string& group) {
  context_.Step("cpg_join");
  Check("cpg_join", client.Join(group));
  WaitMember(client, group, true);
  Drain(client);
  joined_ = true;
}

void Scene::WaitMember(Client& client, const std::string& group, bool member) {
  const cpg_name name = harness::MakeGroupName(group);
  harness::trace::Deadline end(kArrivalDeadline);
  while (!end.Passed()) {
    std::array<cpg_address, CPG_MEMBERS_MAX> members{};
    int count = members.size();
    Check("cpg_membership_get",
          harness::MembersAnswered(
              api_->membership_get(client.handle(),
                                   const_cast<cpg_name*>(&name),  // NOLINT
                                   members.data(), &count),
              &count));
    const auto* last = members.begin() + std::clamp<int>(count, 0, 128);
    const bool found =
        std::any_of(members.cbegin(), last, [](const cpg_address& address) {
          return address.pid ==
                 static_cast<uint32_t>(harness::trace::ProcessId());
        });
    if (found == member) {
      return;
    }
  }
  CaseContext::Untested("while setting up: the membership did not change");
}

void Scene::Barrier(Client& client) {
  Check("cpg_local_get", client.RoundTrip());
  witness_ = std::make_unique<Client>(*api_, CallbackSet{});
  Check("cpg_initialize", witness_->Initialize());
  Check("cpg_join",
        witness_->Join(fmt::format("w{}", harness::trace::ProcessId())));
  Check("cpg_mcast_joined",
        witness_->Multicast(harness::MakeMessage("barrier")));
  while (witness_->RecordCount() < 2) {  // its own join, and the message
    if (!witness_->WaitReadable(kArrivalDeadline)) {
      CaseContext::Untested("while setting up: the barrier did not arrive");
    }
    witness_->Dispatch(CS_DISPATCH_ONE_NONBLOCKING);
  }
  Check("cpg_local_get", client.Settle());
}

void Scene::Multicast(Client& client, std::string_view name, size_t size) {
  context_.Step(fmt::format("cpg_mcast_joined {}", name));
  Check("cpg_mcast_joined", client.Multicast(harness::MakeMessage(name, size)));
}

std::vector<Event> Scene::JoinAndPend(Client& client,
                                      const std::string& group) {
  if (cell_.pending == Pending::kNothing ||
      cell_.pending == Pending::kArrivesDuring) {
    JoinAndDrain(client, group);
    if (cell_.handle == Handle::kInsideCallback) {
      Multicast(client, "outer", harness::kSmallMessageSize);
      Barrier(client);
      return {Message("outer")};
    }
    return {};
  }
  std::vector<Event> events = Pend(client, group);
  if (cell_.handle == Handle::kLeaveUnconfirmed) {
    Check("cpg_leave", client.Leave(group));
    WaitMember(client, group, false);
    joined_ = false;
    events.push_back(OwnLeave());
  }
  // A member sees its own messages through the service, so the last may still
  // be on its way; what is there is proven by the descriptor. An event without
  // a callback need not show in it.
  if (std::ranges::none_of(events, &Event::has_callback)) {
    Barrier(client);
    return events;
  }
  if (!client.WaitReadable(kArrivalDeadline)) {
    CaseContext::Untested("while setting up: no event arrived");
  }
  Check("cpg_local_get", client.Settle());
  return events;
}

std::vector<Event> Scene::Pend(Client& client, const std::string& group) {
  const bool inside = cell_.handle == Handle::kInsideCallback;
  const bool leaving = cell_.handle == Handle::kLeaveUnconfirmed;
  const bool totem = client.callbacks().initial_totem;
  const bool join_pends = cell_.pending == Pending::kTotemChange ||
                          (!inside && !leaving &&
                           (cell_.pending == Pending::kOneChange ||
                            cell_.pending == Pending::kMixtureOfFive));
  context_.Step("cpg_join");
  Check("cpg_join", client.Join(group));
  WaitMember(client, group, true);
  joined_ = true;
  std::vector<Event> events = {OwnJoin()};
  if (totem) {
    events.push_back(Totem());
  }
  if (!join_pends) {
    Drain(client);
    events.clear();
  } else if (cell_.pending == Pending::kTotemChange && !inside &&
             client.callbacks().configuration) {
    // Leaves just the totem change.
    Check("cpg_local_get", client.Settle());
    client.Dispatch(CS_DISPATCH_ONE_NONBLOCKING);
    events.erase(events.begin());
    if (client.RecordCount() != 1) {
      CaseContext::Untested(
          "while setting up: the own join did not come alone");
    }
  }
  if (inside && cell_.pending != Pending::kTotemChange) {
    Multicast(client, "outer", harness::kSmallMessageSize);
    events.push_back(Message("outer"));
  }
  switch (cell_.pending) {
    case Pending::kOneMessage:
      Multicast(client, "m1", harness::kSmallMessageSize);
      events.push_back(Message("m1"));
      break;
    case Pending::kOneChange:
      if (inside) {
        Check("cpg_local_get", client.RoundTrip());
        CheckPeer(peer_->Join(group));
        peer_joined_ = true;
        events.push_back(PeerJoin());
      }
      break;
    case Pending::kMixtureOfFive:
      return PendMixture(client, std::move(events));
    case Pending::kFragments:
      AppendTo(&events, PendFragments(client));
      break;
    default:
      break;
  }
  if (inside) {
    Barrier(client);
  }
  return events;
}

std::vector<Event> Scene::PendMixture(Client& client,
                                      std::vector<Event> events) {
  constexpr size_t kMixtureSize = 5;
  const std::string group = &client == subject_.get() ? group_ : other_group_;
  const bool leaving = cell_.handle == Handle::kLeaveUnconfirmed;
  // Whatever waits already, the peer's join and message, and the own leave.
  const size_t reserved = events.size() + 2 + (leaving ? 1 : 0);
  for (size_t i = reserved; i < kMixtureSize; ++i) {
    const std::string name = fmt::format("m{}", i - reserved + 1);
    Multicast(client, name, harness::kSmallMessageSize);
    events.push_back(Message(name));
  }
  // The own messages are ordered once a later request has been answered.
  Check("cpg_local_get", client.RoundTrip());
  CheckPeer(peer_->Join(group));
  peer_joined_ = true;
  events.push_back(PeerJoin());
  CheckPeer(peer_->Multicast("p1", harness::kSmallMessageSize));
  events.push_back(Made(Event::Kind::kMessage, "message p1 from peer"));
  return events;
}

std::vector<Event> Scene::PendFragments(Client& client) {
  uint32_t fragment_size = 0;
  Check("cpg_max_atomic_msgsize_get",
        api_->max_atomic_msgsize_get(client.handle(), &fragment_size));
  Multicast(client, "large", kLargeMessageSize);
  std::vector<Event> events;
  if (fragment_size > 0) {
    for (size_t at = fragment_size; at < kLargeMessageSize;
         at += fragment_size) {
      Event fragment{Event::Kind::kFragment, "fragment of large", false};
      events.push_back(std::move(fragment));
    }
  }
  events.push_back(Message("large"));
  return events;
}

std::vector<Event> Scene::CauseEvents() {
  std::vector<Event> events;
  switch (cell_.handle) {
    case Handle::kNotJoined:
      Check("cpg_join", subject_->Join(group_));
      joined_ = true;
      events.push_back(OwnJoin());
      if (subject_->callbacks().initial_totem) {
        events.push_back(Totem());
      }
      if (subject_->callbacks().deliver) {
        Multicast(*subject_, "wake", harness::kSmallMessageSize);
        events.push_back(Message("wake"));
      }
      return events;
    case Handle::kLeft:
    case Handle::kLeaveUnconfirmed: {
      const cs_error_t result = subject_->Join(group_);
      if (result != CS_OK) {
        context_.Note(fmt::format(
            "no event can wake the call: cpg_join after the own leave answers "
            "{}",
            harness::ErrorName(result)));
        return {};
      }
      joined_ = true;
      return {OwnJoin()};
    }
    default:
      break;
  }
  if (cell_.pending == Pending::kArrivesDuring && peer_ != nullptr) {
    CheckPeer(peer_->Join(group_));
    peer_joined_ = true;
    CheckPeer(peer_->Multicast("p1", harness::kSmallMessageSize));
    return {PeerJoin(), Made(Event::Kind::kMessage, "message p1 from peer")};
  }
  return CauseLastEvent();
}

std::vector<Event> Scene::CauseLastEvent() {
  if (!joined_) {
    return {};
  }
  if (subject_->callbacks().deliver) {
    const std::string name = fmt::format("last{}", subject_->RecordCount());
    Multicast(*subject_, name, harness::kSmallMessageSize);
    return {Message(name)};
  }
  if (subject_->callbacks().configuration) {
    Check("cpg_leave", subject_->Leave(group_));
    joined_ = false;
    return {OwnLeave()};
  }
  return {};
}

void Scene::Drain(Client& client) {
  Check("cpg_local_get", client.Settle());
  for (int i = 0; i < kDrainMax && client.WaitReadable(milliseconds(0)); ++i) {
    const cs_error_t result = client.Dispatch(CS_DISPATCH_ONE_NONBLOCKING);
    if (result != CS_OK && result != CS_ERR_TRY_AGAIN) {
      return;
    }
  }
}

}  // namespace cpgcert::conformance::dispatch
