// Between a case and its scripted service: commands over a socket, and what
// the service has seen in shared memory, which outlives it.

#ifndef CPGCERT_HARNESS_SCRIPTED_SERVICE_SCRIPTED_CHANNEL_H_
#define CPGCERT_HARNESS_SCRIPTED_SERVICE_SCRIPTED_CHANNEL_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/scripted_service/scripted_service.h"

namespace cpgcert::harness {

inline constexpr size_t kLogSize = size_t{48} << 20;

// What the service has seen. The service alone writes. A reader must expect
// anything in it: it lies within reach of the implementation.
struct SharedState {
  std::atomic<int> attempts;
  std::atomic<int> connections;
  std::atomic<bool> overflowed;
  std::atomic<uint64_t> requests;
  std::atomic<uint64_t> used;  // bytes of the log; written before `requests`
  char log[kLogSize];

  void Append(const LoggedRequest& request);
  std::vector<LoggedRequest> Read() const;
};

// In memory that children share; null if there is none.
SharedState* MapSharedState();

enum class Verb : uint8_t {
  kReact,
  kBeHonest,
  kAdmit,
  kListen,
  kFlowControl,
  kSend,
  kBarrier,
  kRelease,
  kClose,
};

// One command; only what its verb needs is set.
struct Command {
  Verb verb = Verb::kBeHonest;
  int connection = ScriptedService::kNewest;
  std::string bytes{};
  FlowControl flow_control = FlowControl::kOff;
  Admission admission{};
  Reaction reaction{};
};

std::string Encode(const Command& command);
std::optional<Command> DecodeCommand(std::string_view bytes);

// One message of any size up to 64 MB, over a stream socket. False and nothing
// if the other end is gone or `deadline` has passed.
bool SendFrame(int socket, std::string_view bytes,
               std::chrono::milliseconds deadline);
std::optional<std::string> ReceiveFrame(int socket,
                                        std::chrono::milliseconds deadline);

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_SCRIPTED_SERVICE_SCRIPTED_CHANNEL_H_
