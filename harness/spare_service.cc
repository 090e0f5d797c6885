#include "harness/spare_service.h"

#include <fmt/core.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstring>

#include "harness/namespaces.h"
#include "harness/trace/trace_event.h"

namespace cpgcert::harness {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kStartDeadline{20};
constexpr size_t kTextMax = 1024;

// The keeper: starts the daemon when it is told to, and answers with its
// process id or with what went wrong. Ends with the socket.
[[noreturn]] void Keep(const ServiceChoice& choice, int socket) {
  // Not where the configuration of the first one lies.
  const std::string directory = std::string(kScratchDirectory) + "/spare";
  {
    const auto service = MakeService(choice, directory);
    std::array<char, 1> request{};
    while (recv(socket, request.data(), request.size(), 0) > 0) {
      std::string answer = service->Restart(Clock::now() + kStartDeadline);
      if (answer.empty()) {
        answer = std::to_string(service->pid());
      }
      answer.resize(std::min(answer.size(), kTextMax));
      send(socket, answer.data(), answer.size(), MSG_NOSIGNAL);
    }
  }
  _exit(0);
}

// A keeper, or why there is none.
struct Keeper {
  pid_t process = 0;
  int socket = -1;
  std::string error{};
};

Keeper ForkKeeper(const ServiceChoice& choice) {
  if (choice.kind == ServiceChoice::Kind::kRunning) {
    return {.error = "a second service cannot be started beside the machine's"};
  }
  std::array<int, 2> sockets{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets.data()) !=
      0) {
    return {.error = fmt::format("cannot make a socket pair: {}",
                                 std::strerror(errno))};
  }
  const pid_t parent = getpid();
  const pid_t keeper = fork();
  if (keeper == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
      _exit(1);
    }
    close(sockets[0]);
    Keep(choice, sockets[1]);
  }
  close(sockets[1]);
  if (keeper < 0) {
    close(sockets[0]);
    return {.error = fmt::format("cannot fork: {}", std::strerror(errno))};
  }
  return {.process = keeper, .socket = sockets[0]};
}

// Tells the keeper to start the service: the answer is a number, or a text.
std::string Ask(int socket) {
  const char request = 's';
  if (send(socket, &request, 1, MSG_NOSIGNAL) != 1) {
    return "the process that starts the service has ended";
  }
  const auto end = Clock::now() + kStartDeadline + kStartDeadline;
  pollfd watched{socket, POLLIN, 0};
  while (Clock::now() < end && poll(&watched, 1, 100) <= 0) {
  }
  std::string answer(kTextMax, '\0');
  const ssize_t size = recv(socket, answer.data(), answer.size(), MSG_DONTWAIT);
  answer.resize(std::max<ssize_t>(size, 0));
  return answer;
}

}  // namespace

std::unique_ptr<SpareService> SpareService::Prepare(const ServiceChoice& choice,
                                                    std::string* error) {
  const Keeper keeper = trace::ObserveAs(
      "spare_service", [&choice] { return ForkKeeper(choice); },
      [](const Keeper& forked) {
        return trace::Json{{"process", forked.process},
                           {"error", forked.error}};
      },
      [](const trace::Json& json) {
        return Keeper{.process = json.at("process").get<pid_t>(),
                      .error = json.at("error").get<std::string>()};
      });
  *error = keeper.error;
  return keeper.process == 0 ? nullptr
                             : std::unique_ptr<SpareService>(new SpareService(
                                   keeper.process, keeper.socket));
}

SpareService::~SpareService() {
  if (trace::Replaying()) {
    return;
  }
  // The keeper ends, and its daemon before it, whoever else holds the socket.
  shutdown(socket_, SHUT_RDWR);
  close(socket_);
  waitpid(keeper_, nullptr, 0);
}

std::string SpareService::Start() {
  const std::string answer =
      trace::Observe("spare_service_started", [this] { return Ask(socket_); });
  service_ = 0;
  const char* text_end = answer.data() + answer.size();
  const auto parsed = std::from_chars(answer.data(), text_end, service_);
  if (answer.empty() || parsed.ptr != text_end) {
    return "cannot start the service again: " + answer;
  }
  return "";
}

}  // namespace cpgcert::harness
