#include "harness/scripted_service/scripted_process.h"

#include <fmt/core.h>
#include <poll.h>
#include <qb/qbipcs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <deque>
#include <utility>

#include "harness/scripted_service/poll_loop.h"
#include "harness/scripted_service/script_state.h"
#include "harness/scripted_service/single_node.h"

namespace cpgcert::harness {

namespace {

using std::chrono::milliseconds;

// How long the case may take to hand over a command that it has begun.
constexpr milliseconds kCommandDeadline{10000};
// How soon a full event buffer is tried again.
constexpr milliseconds kFlushPause{1};

// One client; the context of a libqb connection.
struct Served {
  int number = 0;
  pid_t process = 0;
  qb_ipcs_connection_t* link = nullptr;  // null once it is closed
  bool closing = false;
  std::deque<std::string> events;  // that its buffer had no room for
};

struct PendingReply {
  Served* client = nullptr;
  std::string bytes;
};

struct HeldRequest {
  Served* client = nullptr;
  std::string bytes;
  Reaction reaction;
};

class ScriptedProcess {
 public:
  ScriptedProcess(const Script& script, int socket, SharedState* shared)
      : socket_(socket), shared_(shared), node_(script.node), script_(script) {}

  [[noreturn]] void Run(bool listen);
  // Without a case that commands it.
  [[noreturn]] void RunAlone();

  // From libqb.
  int32_t Accept(uid_t user);
  void Created(qb_ipcs_connection_t* link);
  void Closed(Served* client);
  void OnRequest(Served* client, const std::string& bytes);
  PollLoop& loop() { return loop_; }

 private:
  [[noreturn]] void Serve();
  void OnCommand();
  void FlushAll();
  void SendReplies();
  std::string Execute(const Command& command);
  std::string Listen();
  std::string Send(const Command& command);
  std::string Close(int connection);
  Served* Find(int connection);

  void Perform(Served* client, const std::string& bytes,
               const Reaction& reaction);
  void Answer(Served* client, const SingleNode::Answer& answer,
              const Reaction& reaction);
  void Dispatch(const std::vector<SingleNode::Outgoing>& events);
  void SendEvent(Served* client, const std::string& event);
  void FlushClient(Served* client);
  void Reply(Served* client, const std::string& reply);
  void SetFlowControl(FlowControl level);
  void ScheduleClose(Served* client);

  int socket_;
  SharedState* shared_;  // null: nobody wants to see
  SingleNode node_;
  ScriptState script_;
  std::vector<std::unique_ptr<Served>> clients_;
  std::vector<HeldRequest> held_;
  std::vector<PendingReply> replies_;
  PollLoop loop_;
  qb_ipcs_service_t* service_ = nullptr;
};

// libqb's handlers of the loop have no argument of ours.
ScriptedProcess* process = nullptr;

// --- What libqb calls -------------------------------------------------------

PollLoop::Handler Bind(qb_ipcs_dispatch_fn_t function, void* data) {
  return [function, data](int descriptor, int events) {
    return function(descriptor, events, data);
  };
}

int32_t AddJob(qb_loop_priority /*priority*/, void* data,
               qb_loop_job_dispatch_fn function) {
  process->loop().RunLater([function, data] { function(data); });
  return 0;
}

int32_t AddPoll(qb_loop_priority /*priority*/, int32_t descriptor,
                int32_t events, void* data, qb_ipcs_dispatch_fn_t function) {
  return process->loop().Add(descriptor, events, Bind(function, data))
             ? 0
             : -EEXIST;
}

int32_t ModifyPoll(qb_loop_priority /*priority*/, int32_t descriptor,
                   int32_t events, void* data, qb_ipcs_dispatch_fn_t function) {
  return process->loop().Change(descriptor, events, Bind(function, data))
             ? 0
             : -ENOENT;
}

int32_t DeletePoll(int32_t descriptor) {
  return process->loop().Remove(descriptor) ? 0 : -ENOENT;
}

int32_t OnAccept(qb_ipcs_connection_t* /*link*/, uid_t user, gid_t /*group*/) {
  return process->Accept(user);
}

void OnCreated(qb_ipcs_connection_t* link) { process->Created(link); }

int32_t OnMessage(qb_ipcs_connection_t* link, void* data, size_t size) {
  auto* client = static_cast<Served*>(qb_ipcs_context_get(link));
  if (client != nullptr) {
    // The size is what the client wrote into the header, whatever that is.
    const auto most =
        static_cast<size_t>(qb_ipcs_connection_get_buffer_size(link));
    const size_t header = wire::kRequestHeaderSize;
    process->OnRequest(client, {static_cast<const char*>(data),
                                std::clamp(size, header, most)});
  }
  return 0;
}

int32_t OnClosed(qb_ipcs_connection_t* link) {
  auto* client = static_cast<Served*>(qb_ipcs_context_get(link));
  if (client != nullptr) {
    process->Closed(client);
  }
  return 0;
}

void OnDestroyed(qb_ipcs_connection_t* /*link*/) {}

// --- The service ------------------------------------------------------------

void ScriptedProcess::Run(bool listen) {
  process = this;
  loop_.Add(socket_, POLLIN, [this](int /*socket*/, int events) {
    if ((events & POLLIN) == 0) {
      _exit(0);
    }
    OnCommand();
    return 0;
  });
  const std::string error = listen ? Listen() : "";
  if (!SendFrame(socket_, error, kCommandDeadline) || !error.empty()) {
    _exit(1);
  }
  Serve();
}

void ScriptedProcess::RunAlone() {
  process = this;
  const std::string error = Listen();
  if (error.empty()) {
    Serve();
  }
  std::fprintf(stderr, "%s\n", error.c_str());
  _exit(1);
}

void ScriptedProcess::Serve() {
  while (loop_.RunOnce()) {
    FlushAll();
  }
  _exit(1);
}

std::string ScriptedProcess::Listen() {
  if (service_ != nullptr) {
    return "the service listens already";
  }
  qb_ipcs_service_handlers handlers{};
  handlers.connection_accept = OnAccept;
  handlers.connection_created = OnCreated;
  handlers.msg_process = OnMessage;
  handlers.connection_closed = OnClosed;
  handlers.connection_destroyed = OnDestroyed;
  service_ = qb_ipcs_create("cpg", 0, QB_IPC_NATIVE, &handlers);
  if (service_ == nullptr) {
    return "libqb cannot make a service";
  }
  qb_ipcs_enforce_buffer_size(service_, wire::kBufferSize);
  qb_ipcs_poll_handlers poll_handlers{};
  poll_handlers.job_add = AddJob;
  poll_handlers.dispatch_add = AddPoll;
  poll_handlers.dispatch_mod = ModifyPoll;
  poll_handlers.dispatch_del = DeletePoll;
  qb_ipcs_poll_handlers_set(service_, &poll_handlers);
  const int32_t result = qb_ipcs_run(service_);
  return result == 0 ? ""
                     : fmt::format("libqb cannot listen as \"cpg\": {}",
                                   std::strerror(-result));
}

int32_t ScriptedProcess::Accept(uid_t user) {
  if (shared_ != nullptr) {
    ++shared_->attempts;
  }
  return script_.TakeAdmission(user);
}

void ScriptedProcess::Created(qb_ipcs_connection_t* link) {
  auto client = std::make_unique<Served>();
  client->number = static_cast<int>(clients_.size());
  client->link = link;
  qb_ipcs_connection_stats statistics{};
  if (qb_ipcs_connection_stats_get(link, &statistics, 0) == 0) {
    client->process = statistics.client_pid;
  }
  qb_ipcs_context_set(link, client.get());
  clients_.push_back(std::move(client));
  if (shared_ != nullptr) {
    ++shared_->connections;
  }
}

void ScriptedProcess::Closed(Served* client) {
  if (client->link == nullptr) {
    return;
  }
  client->link = nullptr;
  client->events.clear();
  std::erase_if(held_, [client](const HeldRequest& held) {
    return held.client == client;
  });
  Dispatch(node_.Disconnect(client->number));
}

Served* ScriptedProcess::Find(int connection) {
  if (connection == ScriptedService::kNewest) {
    connection = static_cast<int>(clients_.size()) - 1;
  }
  if (connection < 0 || connection >= static_cast<int>(clients_.size())) {
    return nullptr;
  }
  Served* client = clients_[static_cast<size_t>(connection)].get();
  return client->link == nullptr ? nullptr : client;
}

// --- Requests ---------------------------------------------------------------

void ScriptedProcess::OnRequest(Served* client, const std::string& bytes) {
  if (client->closing) {
    return;
  }
  const auto id = static_cast<wire::RequestId>(wire::IdOf(bytes).value_or(-1));
  const Reaction applied = script_.TakeReaction(id);
  if (applied.hold) {
    held_.push_back({client, bytes, applied});
  }
  // Who sees a request in the log may let it go.
  if (shared_ != nullptr) {
    shared_->Append({client->number, client->process, bytes});
  }
  if (!applied.hold) {
    Perform(client, bytes, applied);
  }
}

void ScriptedProcess::Perform(Served* client, const std::string& bytes,
                              const Reaction& reaction) {
  if (reaction.flow_control.has_value()) {
    SetFlowControl(*reaction.flow_control);
  }
  SingleNode::Answer answer;
  switch (reaction.answer) {
    case Reaction::Answer::kHonest:
      answer = node_.Process(client->number, bytes);
      break;
    case Reaction::Answer::kError:
      answer.reply = RefusalOf(reaction.request, reaction.error);
      break;
    case Reaction::Answer::kBytes:
      answer.reply = reaction.bytes;
      break;
    case Reaction::Answer::kNever:
      break;
    case Reaction::Answer::kClose:
      ScheduleClose(client);
      break;
    case Reaction::Answer::kCrash:
      Answer(client, answer, reaction);  // its events
      kill(getpid(), SIGKILL);
      return;
    case Reaction::Answer::kStop:
      raise(SIGSTOP);
      answer = node_.Process(client->number, bytes);
      break;
  }
  Answer(client, answer, reaction);
}

void ScriptedProcess::Answer(Served* client, const SingleNode::Answer& answer,
                             const Reaction& reaction) {
  Dispatch(answer.events);
  for (const std::string& event : reaction.events) {
    SendEvent(client, event);
  }
  std::string reply = answer.reply;
  if (reaction.cut.has_value()) {
    reply.resize(std::min(reply.size(), *reaction.cut));
  }
  if (!answer.reply.empty()) {
    Reply(client, reply);
  }
}

// Not within the callback of the request, which takes up room in its buffer
// until that has returned: the client's next request could find it full.
void ScriptedProcess::Reply(Served* client, const std::string& reply) {
  replies_.push_back({client, reply});
  loop_.RunLater([this] { SendReplies(); });
}

void ScriptedProcess::SendReplies() {
  for (const PendingReply& reply : std::exchange(replies_, {})) {
    if (reply.client->link != nullptr) {
      qb_ipcs_response_send(reply.client->link, reply.bytes.data(),
                            reply.bytes.size());
    }
  }
}

// Not within the callback of the request: libqb still uses the connection.
void ScriptedProcess::ScheduleClose(Served* client) {
  client->closing = true;
  loop_.RunLater([client] {
    if (client->link != nullptr) {
      qb_ipcs_disconnect(client->link);
    }
  });
}

// --- Events -----------------------------------------------------------------

void ScriptedProcess::Dispatch(
    const std::vector<SingleNode::Outgoing>& events) {
  for (const SingleNode::Outgoing& outgoing : events) {
    Served* client = Find(outgoing.connection);
    if (client != nullptr) {
      SendEvent(client, outgoing.event);
    }
  }
}

void ScriptedProcess::SendEvent(Served* client, const std::string& event) {
  client->events.push_back(event);
  FlushClient(client);
}

void ScriptedProcess::FlushClient(Served* client) {
  while (client->link != nullptr && !client->events.empty()) {
    const std::string& event = client->events.front();
    const ssize_t sent =
        qb_ipcs_event_send(client->link, event.data(), event.size());
    if (sent == -EAGAIN || sent == -ETIMEDOUT || sent == -ENOBUFS) {
      loop_.WakeAfter(kFlushPause);
      return;
    }
    client->events.pop_front();
  }
}

void ScriptedProcess::FlushAll() {
  for (const auto& client : clients_) {
    FlushClient(client.get());
  }
}

void ScriptedProcess::SetFlowControl(FlowControl level) {
  if (service_ == nullptr) {
    return;
  }
  switch (level) {
    case FlowControl::kOff:
      qb_ipcs_request_rate_limit(service_, QB_IPCS_RATE_NORMAL);
      break;
    case FlowControl::kMulticastOff:
      qb_ipcs_request_rate_limit(service_, QB_IPCS_RATE_OFF_2);
      break;
    case FlowControl::kAllOff:
      qb_ipcs_request_rate_limit(service_, QB_IPCS_RATE_OFF);
      break;
  }
}

// --- Commands ---------------------------------------------------------------

void ScriptedProcess::OnCommand() {
  const auto frame = ReceiveFrame(socket_, kCommandDeadline);
  if (!frame.has_value()) {
    _exit(0);
  }
  SendReplies();
  const auto command = DecodeCommand(*frame);
  const std::string answer =
      command.has_value() ? Execute(*command) : "not a command";
  if (!SendFrame(socket_, answer, kCommandDeadline)) {
    _exit(0);
  }
}

std::string ScriptedProcess::Execute(const Command& command) {
  switch (command.verb) {
    case Verb::kReact:
      script_.AddReaction(command.reaction);
      return "";
    case Verb::kBeHonest:
      script_.ForgetReactions();
      return "";
    case Verb::kAdmit:
      script_.SetAdmission(command.admission);
      return "";
    case Verb::kListen:
      return Listen();
    case Verb::kFlowControl:
      SetFlowControl(command.flow_control);
      return "";
    case Verb::kSend:
      return Send(command);
    case Verb::kBarrier:
      return "";
    case Verb::kRelease:
      for (const HeldRequest& held : std::exchange(held_, {})) {
        Perform(held.client, held.bytes, held.reaction);
      }
      SendReplies();
      return "";
    case Verb::kClose:
      return Close(command.connection);
  }
  return "not a command";
}

std::string ScriptedProcess::Send(const Command& command) {
  Served* client = Find(command.connection);
  if (client == nullptr) {
    return "no such connection";
  }
  SendEvent(client, command.bytes);
  return "";
}

std::string ScriptedProcess::Close(int connection) {
  Served* client = Find(connection);
  if (client == nullptr) {
    return "no such connection";
  }
  qb_ipcs_disconnect(client->link);
  return "";
}

}  // namespace

void RunScriptedProcess(const Script& script, int socket, SharedState* shared) {
  ScriptedProcess scripted(script, socket, shared);
  scripted.Run(script.listen);
}

void RunSingleNode() { ScriptedProcess({}, -1, nullptr).RunAlone(); }

}  // namespace cpgcert::harness
