#include "harness/scripted_service/scripted_service.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <functional>

#include "harness/scripted_service/scripted_channel.h"
#include "harness/scripted_service/scripted_process.h"
#include "harness/scripted_service/scripted_trace.h"
#include "harness/service_control.h"
#include "harness/trace/trace.h"

namespace cpgcert::harness {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kAnswerDeadline{15000};
// Out of the way of an implementation that counts its descriptors.
constexpr int kSocketFrom = 900;

// The living ones. They are started while the process has one thread.
std::vector<ScriptedService*> services;

std::string ErrnoText(const char* what) {
  return fmt::format("{}: {}", what, std::strerror(errno));
}

// "" once this process is alone with the services that it will start.
std::string EnterNamespaces() {
  if (unshare(CLONE_NEWNET | CLONE_NEWNS) != 0) {
    return ErrnoText("cannot make namespaces for a scripted service");
  }
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") !=
          0) {
    return ErrnoText("cannot mount a /dev/shm for a scripted service");
  }
  return "";
}

// 0 if there is no such descriptor.
uint64_t InodeOf(int descriptor) {
  struct stat status{};
  return fstat(descriptor, &status) == 0 ? status.st_ino : 0;
}

// Looks again and again until `condition` holds; false at the deadline.
bool WaitUntil(const std::function<bool()>& condition, milliseconds deadline) {
  const auto end = Clock::now() + deadline;
  while (!condition()) {
    if (Clock::now() >= end) {
      return false;
    }
    poll(nullptr, 0, 1);  // sleep: a pause between two looks
  }
  return true;
}

}  // namespace

ScriptedService::ScriptedService() { services.push_back(this); }

std::unique_ptr<ScriptedService> ScriptedService::Start(const Script& script,
                                                        std::string* error) {
  std::unique_ptr<ScriptedService> service(new ScriptedService);
  *error = trace::Observe("scripted_service", [&] {
    const std::string entered = EnterNamespaces();
    return entered.empty() ? service->Launch(script) : entered;
  });
  service->process_ = trace::Observe("scripted_service_process",
                                     [&] { return service->process_; });
  return error->empty() ? std::move(service) : nullptr;
}

std::string ScriptedService::Launch(const Script& script) {
  shared_ = MapSharedState();
  if (shared_ == nullptr) {
    return ErrnoText("cannot map memory for a scripted service");
  }
  std::array<int, 2> sockets{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) != 0) {
    return ErrnoText("cannot make a socket pair");
  }
  const pid_t parent = getpid();
  process_ = fork();
  if (process_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
      _exit(1);
    }
    close(sockets[0]);
    RunScriptedProcess(script, sockets[1], shared_);
  }
  const std::string error = process_ < 0 ? ErrnoText("cannot fork") : "";
  close(sockets[1]);
  socket_ = fcntl(sockets[0], F_DUPFD_CLOEXEC, kSocketFrom);
  if (socket_ < 0) {
    socket_ = sockets[0];
  } else {
    close(sockets[0]);
  }
  socket_inode_ = InodeOf(socket_);
  return error.empty() ? Receive() : error;
}

ScriptedService::~ScriptedService() {
  End();
  Drop();
  if (shared_ != nullptr) {
    munmap(shared_, sizeof(*shared_));
  }
  std::erase(services, this);
}

void ScriptedService::End() {
  if (process_ > 0 && !trace::Replaying()) {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
  process_ = 0;
}

void ScriptedService::EndAll() {
  for (ScriptedService* service : services) {
    service->End();
  }
}

// --- What it has seen -------------------------------------------------------

std::vector<LoggedRequest> ScriptedService::Requests() const {
  return ObserveRequests([this] { return shared_->Read(); });
}

size_t ScriptedService::RequestCount() const {
  return request_count_seen_.See([this] { return CountRequests(); });
}

size_t ScriptedService::CountRequests() const { return shared_->requests; }

int ScriptedService::ConnectionAttempts() const {
  return trace::Observe("connection_attempts",
                        [this] { return int{shared_->attempts}; });
}

int ScriptedService::ConnectionsMade() const {
  return trace::Observe("connections_made",
                        [this] { return int{shared_->connections}; });
}

bool ScriptedService::LogOverflowed() const {
  return trace::Observe("request_log_overflowed",
                        [this] { return bool{shared_->overflowed}; });
}

bool ScriptedService::WaitRequests(size_t count, milliseconds deadline) const {
  return trace::Observe("requests_came", [&] {
    return WaitUntil([&] { return CountRequests() >= count; }, deadline);
  });
}

// --- Commands ---------------------------------------------------------------

// Closes the socket, if it is still ours.
void ScriptedService::Drop() {
  if (socket_ >= 0 && InodeOf(socket_) == socket_inode_) {
    close(socket_);
  }
  socket_ = -1;
}

std::string ScriptedService::Receive() {
  const auto answer = ReceiveFrame(socket_, kAnswerDeadline);
  if (!answer.has_value()) {
    Drop();  // an answer that comes after all must not pass for another
    return "the scripted service has ended or does not answer";
  }
  return *answer;
}

std::string ScriptedService::Ask(const Command& command) {
  return trace::Observe("scripted_service_answer",
                        [&] { return SendAndReceive(command); });
}

std::string ScriptedService::SendAndReceive(const Command& command) {
  if (socket_ < 0) {
    return "the scripted service did not answer before";
  }
  if (InodeOf(socket_) != socket_inode_) {
    socket_ = -1;
    return "the implementation has closed the descriptor that leads to the "
           "scripted service";
  }
  if (!SendFrame(socket_, Encode(command), kAnswerDeadline)) {
    Drop();
    return "the scripted service has ended or does not listen";
  }
  return Receive();
}

std::string ScriptedService::React(const Reaction& reaction) {
  return Ask({.verb = Verb::kReact, .reaction = reaction});
}

std::string ScriptedService::BeHonest() {
  return Ask({.verb = Verb::kBeHonest});
}

std::string ScriptedService::Admit(const Admission& admission) {
  return Ask({.verb = Verb::kAdmit, .admission = admission});
}

std::string ScriptedService::Listen() { return Ask({.verb = Verb::kListen}); }

std::string ScriptedService::SetFlowControl(FlowControl level) {
  return Ask({.verb = Verb::kFlowControl, .flow_control = level});
}

std::string ScriptedService::Send(const std::string& event, int connection) {
  return Ask({.verb = Verb::kSend, .connection = connection, .bytes = event});
}

std::string ScriptedService::Barrier() { return Ask({.verb = Verb::kBarrier}); }

std::string ScriptedService::Release() { return Ask({.verb = Verb::kRelease}); }

std::string ScriptedService::Close(int connection) {
  return Ask({.verb = Verb::kClose, .connection = connection});
}

// --- Its process ------------------------------------------------------------

std::string ScriptedService::Kill() {
  const std::string error = ServiceControl(process_).Kill();
  End();
  return error;
}

std::string ScriptedService::Stop() { return ServiceControl(process_).Stop(); }

std::string ScriptedService::Resume() {
  return ServiceControl(process_).Resume();
}

bool ScriptedService::Continue() {
  return trace::Observe("scripted_service_continued", [this] {
    return process_ > 0 && kill(process_, SIGCONT) == 0;
  });
}

bool ScriptedService::WaitEnded(milliseconds deadline) {
  const bool ended = trace::Observe("scripted_service_ended", [&] {
    return WaitUntil(
        [this] {
          return process_ == 0 ||
                 waitpid(process_, nullptr, WNOHANG) == process_;
        },
        deadline);
  });
  if (ended) {
    process_ = 0;
  }
  return ended;
}

bool ScriptedService::WaitStopped(milliseconds deadline) const {
  return trace::Observe("scripted_service_stopped", [&] {
    return WaitUntil(
        [this] {
          siginfo_t info{};
          return process_ > 0 &&
                 waitid(P_PID, static_cast<id_t>(process_), &info,
                        WSTOPPED | WNOHANG) == 0 &&
                 info.si_pid == process_;
        },
        deadline);
  });
}

}  // namespace cpgcert::harness
