#include "fuzz/requests/request_target.h"

#include <fmt/core.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <optional>
#include <utility>

#include "fuzz/requests/request_corosync.h"
#include "fuzz/requests/request_input.h"
#include "fuzz/requests/request_scripted.h"
#include "fuzz/requests/request_session.h"
#include "harness/namespaces.h"

namespace cpgcert::fuzz {

namespace {

constexpr size_t kMessageMax = kRequestInputMax + 64;
constexpr size_t kTextMax = 8192;
// More than a service that hangs and is started again takes.
constexpr std::chrono::milliseconds kDeadline{120'000};

PlayedInput PlayOn(RequestSession* session, RequestService* service,
                   std::string_view input) {
  PlayedInput played{.damage = session->Play(ParseRequestInput(input))};
  played.behaviours.assign(session->behaviours().begin(),
                           session->behaviours().end());
  played.look = service->LookAtProcess();
  return played;
}

class ScriptedTarget : public RequestTarget {
 public:
  // A new service each time costs nothing.
  PlayedInput Play(std::string_view input) override {
    auto made = std::make_unique<ScriptedRequests>();
    ScriptedRequests* const service = made.get();
    RequestSession session(std::move(made));
    return PlayOn(&session, service, input);
  }
  std::string Name() const override { return "scripted"; }
};

// --- Between the worker and the others ---------------------------------------

// Numbers and texts, one after the other.
class Packer {
 public:
  explicit Packer(std::string bytes = "") : bytes_(std::move(bytes)) {}
  void Put(uint64_t number) {
    bytes_.append(reinterpret_cast<const char*>(&number), sizeof(number));
  }
  void Put(std::string_view text) {
    text = text.substr(0, kTextMax);
    Put(text.size());
    bytes_ += text;
  }
  uint64_t Number() {
    uint64_t number = 0;
    if (at_ + sizeof(number) <= bytes_.size()) {
      std::memcpy(&number, &bytes_[at_], sizeof(number));
    }
    at_ = std::min(bytes_.size(), at_ + sizeof(number));
    return number;
  }
  std::string Text() {
    const uint64_t size = Number();
    std::string text = bytes_.substr(at_, size);
    at_ += text.size();
    return text;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  size_t at_ = 0;
};

std::string Pack(uint64_t number, const PlayedInput& played) {
  Packer packer;
  packer.Put(number);
  packer.Put(played.damage.damage);
  packer.Put(played.damage.part);
  packer.Put(played.damage.owed);
  packer.Put(played.damage.came);
  packer.Put(played.look.descriptors);
  packer.Put(played.look.resident_bytes);
  packer.Put(played.behaviours.size());
  for (const uint16_t behaviour : played.behaviours) packer.Put(behaviour);
  return packer.bytes();
}

PlayedInput Unpack(Packer* packer) {
  PlayedInput played;
  played.damage.damage = packer->Text();
  played.damage.part = packer->Text();
  played.damage.owed = packer->Text();
  played.damage.came = packer->Text();
  played.look.descriptors = packer->Number();
  played.look.resident_bytes = packer->Number();
  played.behaviours.resize(std::min<uint64_t>(packer->Number(), UINT16_MAX));
  for (uint16_t& behaviour : played.behaviours) {
    behaviour = static_cast<uint16_t>(packer->Number());
  }
  return played;
}

std::optional<std::string> Receive(int socket) {
  std::string bytes(kMessageMax, '\0');
  const ssize_t size = recv(socket, bytes.data(), bytes.size(), 0);
  if (size <= 0) return std::nullopt;
  bytes.resize(static_cast<size_t>(size));
  return bytes;
}

int Serve(int socket) {
  auto made = std::make_unique<CorosyncRequests>();
  CorosyncRequests* const service = made.get();
  RequestSession session(std::move(made));
  Packer hello;
  hello.Put(session.Prepare());
  hello.Put(service->Version());
  send(socket, hello.bytes().data(), hello.bytes().size(), MSG_NOSIGNAL);
  while (const auto request = Receive(socket)) {
    Packer packer(*request);
    const uint64_t number = packer.Number();
    const PlayedInput played =
        PlayOn(&session, service,
               std::string_view(*request).substr(
                   std::min(request->size(), sizeof(number))));
    const std::string answer = Pack(number, played);
    if (send(socket, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) break;
    // Meanwhile a spare is in use.
    if (!played.damage.ok()) session.Prepare();
  }
  return 0;
}

class CorosyncTarget : public RequestTarget {
 public:
  explicit CorosyncTarget(int spares)
      : workers_(static_cast<size_t>(spares) + 1),
        current_(static_cast<size_t*>(
            mmap(nullptr, sizeof(size_t), PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {}
  ~CorosyncTarget() override {
    if (current_ != MAP_FAILED) munmap(current_, sizeof(size_t));
  }

  // "" or why not.
  std::string Start() {
    if (current_ == MAP_FAILED) return "there is no memory";
    for (harness::Worker& worker : workers_) {
      harness::StartWorkerResult started = harness::StartWorker(Serve);
      if (!started.error.empty()) return started.error;
      worker = std::move(started.worker);
    }
    for (const harness::Worker& worker : workers_) {
      const std::optional<std::string> hello = WaitFor(worker);
      if (!hello.has_value()) return "the worker does not answer";
      Packer packer(*hello);
      std::string error = packer.Text();
      if (!error.empty()) return error;
      name_ = fmt::format("corosync {}", packer.Text());
    }
    return "";
  }

  PlayedInput Play(std::string_view input) override {
    const harness::Worker& worker = workers_.at(*current_);
    // Unlike that of any process which has not waited for its answer.
    const auto number = static_cast<uint64_t>(
        std::chrono::steady_clock::now().time_since_epoch().count());
    Packer packer;
    packer.Put(number);
    const std::string message =
        packer.bytes() + std::string(input.substr(0, kRequestInputMax));
    send(worker.control_fd(), message.data(), message.size(), MSG_NOSIGNAL);
    while (const std::optional<std::string> answer = WaitFor(worker)) {
      Packer packed(*answer);
      if (packed.Number() != number) continue;
      PlayedInput played = Unpack(&packed);
      if (!played.damage.ok()) *current_ = (*current_ + 1) % workers_.size();
      return played;
    }
    return {.damage = {.damage = "no service",
                       .part = "worker",
                       .owed = "an answer of the worker",
                       .came = "none"}};
  }
  std::string Name() const override { return name_; }

 private:
  static std::optional<std::string> WaitFor(const harness::Worker& worker) {
    pollfd entries[] = {{worker.control_fd(), POLLIN, 0},
                        {worker.pidfd(), POLLIN, 0}};
    poll(entries, 2, static_cast<int>(kDeadline.count()));
    if (entries[0].revents == 0) return std::nullopt;
    return Receive(worker.control_fd());
  }

  std::vector<harness::Worker> workers_;
  size_t* const current_;  // the same for all that are forked from here
  std::string name_;
};

}  // namespace

std::unique_ptr<RequestTarget> MakeRequestTarget(std::string_view service,
                                                 int spares,
                                                 std::string* error) {
  if (service == "scripted") return std::make_unique<ScriptedTarget>();
  if (service != "corosync") {
    *error =
        fmt::format("--service {}: not one of scripted, corosync", service);
    return nullptr;
  }
  auto target = std::make_unique<CorosyncTarget>(spares);
  *error = target->Start();
  if (!error->empty()) return nullptr;
  return target;
}

}  // namespace cpgcert::fuzz
