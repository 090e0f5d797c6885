#include "fuzz/events/event_server.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "fuzz/events/event_channel.h"

namespace cpgcert::fuzz {

namespace {

// Only bounds the wait for a library that does not close its connection.
constexpr int kDeadlineMs = 15000;

std::string ErrnoText(const char* what) {
  return fmt::format("{}: {}", what, std::strerror(errno));
}

bool WriteFile(const char* path, const std::string& text) {
  const int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool written = write(file, text.data(), text.size()) ==
                       static_cast<ssize_t>(text.size());
  close(file);
  return written;
}

// Whoever may not make namespaces may in a user namespace, where ids stay what
// they are.
std::string Unshare() {
  if (unshare(CLONE_NEWNET | CLONE_NEWNS) == 0) return "";
  const uid_t user = geteuid();
  const gid_t group = getegid();
  if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) != 0) {
    return ErrnoText("cannot make namespaces for a libqb server");
  }
  if (!WriteFile("/proc/self/setgroups", "deny") ||
      !WriteFile("/proc/self/uid_map", fmt::format("{0} {0} 1", user)) ||
      !WriteFile("/proc/self/gid_map", fmt::format("{0} {0} 1", group))) {
    return ErrnoText("cannot map the user to a namespace for a libqb server");
  }
  return "";
}

std::string EnterNamespaces() {
  std::string error = Unshare();
  if (error.empty() &&
      (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
       mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") !=
           0)) {
    error = ErrnoText("cannot mount a /dev/shm for a libqb server");
  }
  return error;
}

// In a new process; -1 if there is none.
pid_t ForkServer(const std::array<int, 2>& sockets) {
  const pid_t parent = getpid();
  const pid_t process = fork();
  if (process == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    close(sockets[0]);
    RunEventServer(sockets[1]);
  }
  return process;
}

}  // namespace

std::unique_ptr<EventServer> EventServer::Start(std::string* error) {
  *error = EnterNamespaces();
  if (!error->empty()) return nullptr;
  std::array<int, 2> sockets{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) != 0) {
    *error = ErrnoText("cannot make a socket pair");
    return nullptr;
  }
  const pid_t process = ForkServer(sockets);
  close(sockets[1]);
  if (process < 0) {
    *error = ErrnoText("cannot fork");
    close(sockets[0]);
    return nullptr;
  }
  std::unique_ptr<EventServer> server(new EventServer(process, sockets[0]));
  EventAnswer listens{};
  if (!ReadAll(sockets[0], &listens, sizeof(listens)) || listens.value != 0) {
    *error = fmt::format("a libqb server cannot listen as \"cpg\": {}",
                         std::strerror(static_cast<int>(listens.value)));
    return nullptr;
  }
  return server;
}

EventServer::~EventServer() {
  close(socket_);
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
}

bool EventServer::Ask(uint32_t verb, std::string_view bytes, uint64_t* answer) {
  const EventQuestion question{
      .number = ++asked_, .verb = verb, .size = bytes.size()};
  bool alive = WriteAll(socket_, &question, sizeof(question)) &&
               WriteAll(socket_, bytes.data(), bytes.size());
  while (alive) {
    pollfd entry{.fd = socket_, .events = POLLIN, .revents = 0};
    const int ready = poll(&entry, 1, kDeadlineMs);
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) return false;
    EventAnswer received{};
    alive = ReadAll(socket_, &received, sizeof(received));
    // One that was not waited for may come later.
    if (alive && received.number == asked_) {
      *answer = received.value;
      return true;
    }
  }
  std::fputs("the libqb server of this target is gone\n", stderr);
  std::abort();
}

void EventServer::Send(std::string_view event) {
  uint64_t unused = 0;
  Ask(kSendEvent, event, &unused);
}

size_t EventServer::Waiting() {
  uint64_t count = 0;
  Ask(kCountWaiting, "", &count);
  return count;
}

void EventServer::Disconnect() {
  uint64_t unused = 0;
  Ask(kDisconnect, "", &unused);
}

bool EventServer::AllAreClosed() {
  uint64_t unused = 0;
  return Ask(kAwaitAllClosed, "", &unused);
}

}  // namespace cpgcert::fuzz
