#include "harness/peer.h"

#include <fmt/core.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <sstream>
#include <vector>

#include "harness/client.h"
#include "harness/cpg_api.h"
#include "harness/message.h"
#include "harness/trace/trace_event.h"

namespace cpgcert::harness {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kAnswerDeadline{10000};
constexpr milliseconds kEventDeadline{8000};
constexpr size_t kTextMax = size_t{128} << 10;
constexpr std::string_view kNoAnswer =
    "the other process has ended or does not answer";
constexpr const char* kSeen = "seen";  // the answer begins with it

// The living ones. Peers are started while the process has one thread.
std::vector<Peer*> peers;

std::string ErrnoText(const char* what) {
  return fmt::format("{}: {}", what, std::strerror(errno));
}

// What the peer's process does with its requests.
class PeerProcess {
 public:
  explicit PeerProcess(const CpgApi& api)
      : client_(api, {.deliver = true, .configuration = true}) {}

  std::string Execute(const std::string& request) {
    std::istringstream words(request);
    std::string verb;
    std::string name;
    size_t size = 0;
    words >> verb >> name >> size;
    if (verb == "join") {
      return Join(name);
    }
    if (verb == "multicast") {
      return Multicast(name, size);
    }
    if (verb == "leave") {
      return Check("cpg_leave", client_.Leave(name));
    }
    if (verb == "finalize") {
      return Check("cpg_finalize", client_.Finalize());
    }
    if (verb == "exit") {
      std::exit(0);
    }
    if (verb == "seen") {
      return Seen();
    }
    return "unknown request: " + request;
  }

 private:
  static std::string Check(const char* call, cs_error_t result) {
    return result == CS_OK ? ""
                           : fmt::format("the other process: {} answered {}",
                                         call, ErrorName(result));
  }

  std::string Join(const std::string& group) {
    const size_t before = client_.RecordCount();
    std::string error = Check("cpg_initialize", client_.Initialize());
    if (error.empty()) {
      error = Check("cpg_join", client_.Join(group));
    }
    if (error.empty()) {
      error = DispatchUntil(before, [](const CallbackRecord& record) {
        return record.kind == CallbackRecord::Kind::kConfiguration;
      });
    }
    // The service, which does one thing at a time, has told the others by the
    // time it answers.
    if (error.empty()) {
      error = Check("cpg_local_get", client_.RoundTrip());
    }
    return error;
  }

  std::string Multicast(const std::string& name, size_t size) {
    const size_t before = client_.RecordCount();
    std::string error =
        Check("cpg_mcast_joined", client_.Multicast(MakeMessage(name, size)));
    if (error.empty()) {
      error = DispatchUntil(before, [&name](const CallbackRecord& record) {
        return record.message == name;
      });
    }
    if (error.empty()) {
      error = Check("cpg_local_get", client_.RoundTrip());
    }
    return error;
  }

  // "seen" and a line for each record.
  std::string Seen() {
    const std::string barrier = fmt::format("seen{}", ++barriers_);
    const std::string error = Multicast(barrier, kSmallMessageSize);
    if (!error.empty()) {
      return error;
    }
    const std::vector<CallbackRecord> records = client_.Records();
    std::string text = kSeen;
    for (; told_ < records.size(); ++told_) {
      if (records[told_].message != barrier) {
        text += "\n" + DescribeRecord(records[told_]);
      }
    }
    return text;
  }

  // Dispatches until `wanted` is among the records after the first `before`.
  std::string DispatchUntil(
      size_t before, const std::function<bool(const CallbackRecord&)>& wanted) {
    const auto end = Clock::now() + kEventDeadline;
    while (Clock::now() < end) {
      const std::vector<CallbackRecord> records = client_.Records();
      if (std::any_of(records.begin() + before, records.end(), wanted)) {
        return "";
      }
      client_.WaitReadable(milliseconds(100));
      const cs_error_t result = client_.Dispatch(CS_DISPATCH_ALL);
      if (result != CS_OK && result != CS_ERR_TRY_AGAIN) {
        return Check("cpg_dispatch", result);
      }
    }
    return "the other process waited in vain for its own event";
  }

  Client client_;
  int barriers_ = 0;
  size_t told_ = 0;  // records that Seen() has told
};

// noexcept: an exception must not carry the child on as if it were the case.
[[noreturn]] void ServePeer(const std::string& library, int socket) noexcept {
  std::string error;
  const std::unique_ptr<CpgApi> api = LoadCpgApi(library, &error);
  std::unique_ptr<PeerProcess> process;
  if (api != nullptr) {
    process = std::make_unique<PeerProcess>(*api);
  }
  std::vector<char> request(kTextMax);
  while (true) {
    const ssize_t size = recv(socket, request.data(), request.size(), 0);
    if (size <= 0) {
      _exit(0);
    }
    std::string answer =
        process == nullptr
            ? error
            : process->Execute({request.data(), static_cast<size_t>(size)});
    answer.resize(std::min(answer.size(), kTextMax - 1));
    answer.push_back('\n');  // an empty message would look like the end
    send(socket, answer.data(), answer.size(), MSG_NOSIGNAL);
  }
}

}  // namespace

namespace {

struct Started {
  pid_t process = 0;  // 0: none, and why in `error`
  int socket = -1;
  std::string error{};
};

Started ForkPeer(const std::string& library) {
  std::array<int, 2> sockets{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets.data()) !=
      0) {
    return {.error = ErrnoText("cannot make a socket pair")};
  }
  const pid_t parent = getpid();
  const pid_t process = fork();
  if (process == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
      _exit(1);
    }
    close(sockets[0]);
    ServePeer(library, sockets[1]);
  }
  close(sockets[1]);
  if (process < 0) {
    close(sockets[0]);
    return {.error = ErrnoText("cannot fork")};
  }
  return {.process = process, .socket = sockets[0]};
}

}  // namespace

std::unique_ptr<Peer> Peer::Start(const std::string& library,
                                  std::string* error) {
  const Started started = trace::ObserveAs(
      "peer", [&library] { return ForkPeer(library); },
      [](const Started& peer) {
        return trace::Json{{"process", peer.process}, {"error", peer.error}};
      },
      [](const trace::Json& json) {
        return Started{.process = json.at("process").get<pid_t>(),
                       .error = json.at("error").get<std::string>()};
      });
  *error = started.error;
  return started.process == 0
             ? nullptr
             : std::unique_ptr<Peer>(new Peer(started.process, started.socket));
}

Peer::Peer(pid_t process, int socket) : process_(process), socket_(socket) {
  peers.push_back(this);
}

Peer::~Peer() {
  End();
  if (socket_ >= 0) {
    close(socket_);
  }
  std::erase(peers, this);
}

void Peer::End() {
  if (process_ > 0 && !trace::Replaying()) {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
  process_ = 0;
}

void Peer::EndAll() {
  for (Peer* peer : peers) {
    peer->End();
  }
}

std::string Peer::Join(std::string_view group) {
  return Ask(fmt::format("join {}", group));
}

std::string Peer::Multicast(std::string_view name, size_t size) {
  return Ask(fmt::format("multicast {} {}", name, size));
}

std::string Peer::Leave(std::string_view group) {
  return Ask(fmt::format("leave {}", group));
}

std::string Peer::Finalize() { return Ask("finalize"); }

std::string Peer::Exit() {
  if (Ask("exit") != kNoAnswer) {
    return "the other process did not exit";
  }
  End();
  return "";
}

std::string Peer::Seen(std::vector<std::string>* events) {
  const std::string answer = Ask("seen");
  std::istringstream lines(answer);
  std::string line;
  std::getline(lines, line);
  if (line != kSeen) {
    return answer;
  }
  events->clear();
  while (std::getline(lines, line)) {
    events->push_back(line);
  }
  return "";
}

std::string Peer::Ask(const std::string& request) {
  return trace::Observe("peer " + request,
                        [&] { return SendAndReceive(request); });
}

std::string Peer::SendAndReceive(const std::string& request) const {
  if (send(socket_, request.data(), request.size(), MSG_NOSIGNAL) < 0) {
    return ErrnoText("the other process has ended");
  }
  const auto end = Clock::now() + kAnswerDeadline;
  pollfd watched{socket_, POLLIN, 0};
  while (Clock::now() < end && poll(&watched, 1, 100) <= 0) {
  }
  std::vector<char> answer(kTextMax);
  const ssize_t size =
      recv(socket_, answer.data(), answer.size(), MSG_DONTWAIT);
  if (size <= 0) {
    return std::string(kNoAnswer);
  }
  return {answer.data(), static_cast<size_t>(size) - 1};
}

}  // namespace cpgcert::harness
