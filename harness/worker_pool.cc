#include "harness/worker_pool.h"

#include <fmt/core.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "harness/member_census.h"
#include "harness/namespaces.h"
#include "harness/service_control.h"

namespace cpgcert::harness {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kServiceDeadline{60};
// One that runs already has only to answer.
constexpr std::chrono::seconds kAnswerDeadline{5};
// A service with members that never go is started again, which costs less
// than a longer wait.
constexpr std::chrono::seconds kQuietDeadline{1};
// One packet of the control channel; a text travels in several.
constexpr size_t kPacketSize = size_t{64} << 10;

// First byte of a packet from the worker.
constexpr char kPart = 'P';      // more of the text follows
constexpr char kLastPart = 'L';  // the text is complete
constexpr char kLastEver = 'E';  // likewise; the worker has no service any more
constexpr char kNoService = 'S';  // the text says why
constexpr char kReady = 'R';      // the service answers

bool SendPacket(int socket, char kind, std::string_view text) {
  std::string packet(1, kind);
  packet += text;
  return send(socket, packet.data(), packet.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(packet.size());
}

bool SendText(int socket, char last_kind, std::string_view text) {
  while (text.size() > kPacketSize) {
    if (!SendPacket(socket, kPart, text.substr(0, kPacketSize))) {
      return false;
    }
    text.remove_prefix(kPacketSize);
  }
  return SendPacket(socket, last_kind, text);
}

// The service of a worker.
class WorkerService {
 public:
  explicit WorkerService(const ServiceChoice& choice)
      : service_(
            MakeService(choice, std::string(kScratchDirectory) + "/service")) {}

  std::string Start() {
    if (service_ != nullptr) {
      return service_->Restart(Clock::now() + kServiceDeadline);
    }
    std::string error = WaitForAnyService(Clock::now() + kAnswerDeadline);
    others_ = error.empty() && !census_.WaitNobody(kQuietDeadline).empty();
    return error;
  }

  // Makes the service fit for the next item: alive, running, and rid of those
  // who used it.
  std::string Mend() {
    if (service_ == nullptr) {
      if (!others_) {
        census_.WaitNobody(kQuietDeadline);
      }
      return "";
    }
    if (service_->Alive()) {
      // Also undoes a stop that has been sent and not yet taken effect; nobody
      // could connect to a service that is stopped, nor give that up.
      const std::string error = ServiceControl(service_->pid()).Resume();
      if (error.empty() && census_.WaitNobody(kQuietDeadline).empty()) {
        return "";
      }
    }
    // Dead, or not to be brought to rest.
    census_.Disconnect();
    return service_->Restart(Clock::now() + kServiceDeadline);
  }

  pid_t process() const { return service_ == nullptr ? 0 : service_->pid(); }

 private:
  const std::unique_ptr<Service> service_;  // null: the machine's
  MemberCensus census_;
  bool others_ = false;  // who use the machine's, and may do so for ever
};

// The body of a worker: items come in as numbers, texts go out.
int ServeItems(int control, const PoolOptions& options, const RunItem& run) {
  WorkerService service(options.service);
  const std::string error = service.Start();
  if (!error.empty()) {
    SendText(control, kNoService, error);
    return 1;
  }
  SendPacket(control, kReady, "");
  while (true) {
    std::array<char, 32> request{};
    const ssize_t size = recv(control, request.data(), request.size(), 0);
    if (size <= 0) {
      return 0;
    }
    size_t item = 0;
    std::from_chars(request.data(), request.data() + size, item);
    const std::string text = run(item, {service.process(), kScratchDirectory});
    const bool mended = service.Mend().empty();
    if (!SendText(control, mended ? kLastPart : kLastEver, text) || !mended) {
      return 1;
    }
  }
}

// A worker as the pool sees it.
struct Slot {
  Worker worker;
  bool ready = false;
  std::optional<size_t> item;
  std::string text;
};

class Pool {
 public:
  Pool(const PoolOptions& options, const std::vector<size_t>& items,
       const RunItem& run, const OnItemEnd& on_end)
      : options_(options), items_(items), run_(run), on_end_(on_end) {}

  PoolResult Run() {
    slots_.resize(std::min<size_t>(
        UsesMachinesService() ? 1 : std::max(options_.workers, 1),
        std::max<size_t>(items_.size(), 1)));
    for (Slot& slot : slots_) {
      Start(&slot);
    }
    while (result_.error.empty() && !result_.stopped &&
           ended_ < items_.size()) {
      WaitForOne();
    }
    slots_.clear();
    return result_;
  }

 private:
  bool UsesMachinesService() const {
    return options_.service.kind == ServiceChoice::Kind::kRunning;
  }

  void Start(Slot* slot) {
    *slot = Slot();
    StartWorkerResult started = StartWorker(
        [this](int control) { return ServeItems(control, options_, run_); },
        UsesMachinesService() ? WorkerNetwork::kOuter : WorkerNetwork::kOwn);
    if (!started.error.empty()) {
      result_.error = started.error;
      return;
    }
    slot->worker = std::move(started.worker);
  }

  void WaitForOne() {
    std::vector<pollfd> watched;
    for (const Slot& slot : slots_) {
      watched.push_back({slot.worker.control_fd(), POLLIN, 0});
      watched.push_back({slot.worker.pidfd(), POLLIN, 0});
    }
    watched.push_back({options_.stop_fd, POLLIN, 0});
    if (poll(watched.data(), watched.size(), -1) < 0) {
      if (errno != EINTR) {
        result_.error = fmt::format("poll: {}", std::strerror(errno));
      }
      return;
    }
    if (watched.back().revents != 0) {
      result_.stopped = true;
      return;
    }
    for (size_t i = 0; i < slots_.size(); ++i) {
      const bool message = (watched[2 * i].revents & POLLIN) != 0;
      const bool ended = watched[2 * i + 1].revents != 0;
      if (message) {
        Receive(&slots_[i]);
      } else if (ended) {
        Lost(&slots_[i]);
      }
    }
  }

  void Receive(Slot* slot) {
    std::string packet(kPacketSize + 1, '\0');
    const ssize_t size = recv(slot->worker.control_fd(), packet.data(),
                              packet.size(), MSG_DONTWAIT);
    if (size <= 0) {
      if (size == 0) {
        Lost(slot);
      }
      return;
    }
    slot->text.append(packet, 1, size - 1);
    switch (packet.front()) {
      case kReady:
        slot->ready = true;
        return Next(slot);
      case kLastPart:
        End(slot, false);
        return Next(slot);
      case kLastEver:
        End(slot, false);
        return Start(slot);
      case kNoService:
        result_.error = slot->text;
        return;
      default:
        return;
    }
  }

  // The worker ended without an answer.
  void Lost(Slot* slot) {
    if (!slot->ready) {
      result_.error = "a worker ended before its service was ready";
      return;
    }
    slot->text.clear();
    End(slot, true);
    Start(slot);
  }

  void End(Slot* slot, bool killed) {
    if (slot->item.has_value()) {
      ++ended_;
      on_end_({*slot->item, killed, std::exchange(slot->text, "")});
      slot->item.reset();
    }
    slot->text.clear();
  }

  void Next(Slot* slot) {
    if (next_ < items_.size()) {
      slot->item = items_[next_++];
      const std::string request = std::to_string(*slot->item);
      send(slot->worker.control_fd(), request.data(), request.size(),
           MSG_NOSIGNAL);
    }
  }

  const PoolOptions& options_;
  const std::vector<size_t>& items_;
  const RunItem& run_;
  const OnItemEnd& on_end_;
  std::vector<Slot> slots_;
  size_t next_ = 0;
  size_t ended_ = 0;
  PoolResult result_;
};

}  // namespace

PoolResult RunPool(const PoolOptions& options, const std::vector<size_t>& items,
                   const RunItem& run, const OnItemEnd& on_end) {
  return Pool(options, items, run, on_end).Run();
}

}  // namespace cpgcert::harness
