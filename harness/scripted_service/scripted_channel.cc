#include "harness/scripted_service/scripted_channel.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <type_traits>

namespace cpgcert::harness {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr uint32_t kFrameMax = 64U << 20;

// How an entry of the log begins; the bytes follow.
struct LogEntry {
  int32_t connection;
  int32_t process;
  uint32_t size;
};

// Puts plain values one after the other, or takes them.
class Packer {
 public:
  template <class Value>
  void operator()(const Value& value) {
    static_assert(std::is_trivially_copyable_v<Value>);
    bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  void operator()(const std::string& text) {
    (*this)(text.size());
    bytes += text;
  }
  void operator()(const std::vector<std::string>& list) {
    (*this)(list.size());
    for (const std::string& text : list) {
      (*this)(text);
    }
  }
  std::string bytes;
};

class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : left_(bytes) {}

  template <class Value>
  void operator()(Value& value) {
    static_assert(std::is_trivially_copyable_v<Value>);
    const std::string_view taken = Take(sizeof(value));
    if (!taken.empty()) {
      std::memcpy(&value, taken.data(), sizeof(value));
    }
  }
  void operator()(std::string& text) {
    size_t size = 0;
    (*this)(size);
    text = Take(size);
  }
  void operator()(std::vector<std::string>& list) {
    size_t count = 0;
    (*this)(count);
    list.resize(std::min(count, left_.size()));
    for (std::string& text : list) {
      (*this)(text);
    }
  }
  bool complete() const { return ok_ && left_.empty(); }

 private:
  std::string_view Take(size_t size) {
    ok_ = ok_ && size <= left_.size();
    if (!ok_) {
      return {};
    }
    const std::string_view taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }
  std::string_view left_;
  bool ok_ = true;
};

// Every field, in one order for both ways.
template <class Archive, class AnyCommand>
void Pack(Archive& archive, AnyCommand& command) {
  archive(command.verb);
  archive(command.connection);
  archive(command.bytes);
  archive(command.flow_control);
  archive(command.admission);
  archive(command.reaction.request);
  archive(command.reaction.answer);
  archive(command.reaction.error);
  archive(command.reaction.bytes);
  archive(command.reaction.skip);
  archive(command.reaction.times);
  archive(command.reaction.hold);
  archive(command.reaction.cut);
  archive(command.reaction.events);
  archive(command.reaction.flow_control);
}

// True once the socket is ready for `events`, before `end`.
bool WaitFor(int socket, short events, Clock::time_point end) {
  while (true) {
    const auto left =
        std::chrono::duration_cast<milliseconds>(end - Clock::now());
    pollfd watched{socket, events, 0};
    const int ready =
        poll(&watched, 1, std::max(0, static_cast<int>(left.count())));
    if (ready > 0) {
      return true;
    }
    if (ready < 0 && errno != EINTR) {
      return false;
    }
    if (ready == 0 && Clock::now() >= end) {
      return false;
    }
  }
}

bool SendAll(int socket, std::string_view bytes, Clock::time_point end) {
  while (!bytes.empty()) {
    const ssize_t sent =
        send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
    } else if (errno != EAGAIN && errno != EINTR) {
      return false;
    } else if (!WaitFor(socket, POLLOUT, end)) {
      return false;
    }
  }
  return true;
}

bool ReceiveAll(int socket, char* bytes, size_t size, Clock::time_point end) {
  while (size > 0) {
    const ssize_t received = recv(socket, bytes, size, MSG_DONTWAIT);
    if (received > 0) {
      bytes += received;
      size -= static_cast<size_t>(received);
    } else if (received == 0 || (errno != EAGAIN && errno != EINTR)) {
      return false;
    } else if (!WaitFor(socket, POLLIN, end)) {
      return false;
    }
  }
  return true;
}

}  // namespace

SharedState* MapSharedState() {
  void* memory = mmap(nullptr, sizeof(SharedState), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? nullptr : static_cast<SharedState*>(memory);
}

void SharedState::Append(const LoggedRequest& request) {
  const uint64_t at = used.load();
  const LogEntry entry{request.connection, request.process,
                       static_cast<uint32_t>(request.bytes.size())};
  if (at + sizeof(entry) + request.bytes.size() > sizeof(log)) {
    overflowed = true;
    return;
  }
  std::memcpy(&log[at], &entry, sizeof(entry));
  std::memcpy(&log[at + sizeof(entry)], request.bytes.data(),
              request.bytes.size());
  used = at + sizeof(entry) + request.bytes.size();
  ++requests;
}

std::vector<LoggedRequest> SharedState::Read() const {
  const uint64_t count = requests.load();
  const uint64_t end = std::min<uint64_t>(used.load(), sizeof(log));
  std::vector<LoggedRequest> read;
  uint64_t at = 0;
  while (read.size() < count && at + sizeof(LogEntry) <= end) {
    LogEntry entry{};
    std::memcpy(&entry, &log[at], sizeof(entry));
    at += sizeof(entry);
    if (entry.size > end - at) {
      break;
    }
    read.push_back({entry.connection, entry.process, {&log[at], entry.size}});
    at += entry.size;
  }
  return read;
}

std::string Encode(const Command& command) {
  Packer packer;
  Pack(packer, command);
  return packer.bytes;
}

std::optional<Command> DecodeCommand(std::string_view bytes) {
  Command command;
  Unpacker unpacker(bytes);
  Pack(unpacker, command);
  if (!unpacker.complete()) {
    return std::nullopt;
  }
  return command;
}

bool SendFrame(int socket, std::string_view bytes, milliseconds deadline) {
  const auto end = Clock::now() + deadline;
  const auto size = static_cast<uint32_t>(bytes.size());
  return SendAll(socket, {reinterpret_cast<const char*>(&size), sizeof(size)},
                 end) &&
         SendAll(socket, bytes, end);
}

std::optional<std::string> ReceiveFrame(int socket, milliseconds deadline) {
  const auto end = Clock::now() + deadline;
  uint32_t size = 0;
  if (!ReceiveAll(socket, reinterpret_cast<char*>(&size), sizeof(size), end) ||
      size > kFrameMax) {
    return std::nullopt;
  }
  std::string bytes(size, '\0');
  if (!ReceiveAll(socket, bytes.data(), size, end)) {
    return std::nullopt;
  }
  return bytes;
}

}  // namespace cpgcert::harness
