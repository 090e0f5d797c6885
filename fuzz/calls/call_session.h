// The state of a program that is being played. For this folder only.

#ifndef CPGCERT_FUZZ_CALLS_CALL_SESSION_H_
#define CPGCERT_FUZZ_CALLS_CALL_SESSION_H_

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "fuzz/calls/call_service.h"
#include "fuzz/calls/owed_callbacks.h"
#include "fuzz/calls/owed_results.h"
#include "fuzz/calls/program.h"
#include "fuzz/calls/session.h"
#include "harness/cpg_api.h"

namespace cpgcert::fuzz {

class CallSession {
 public:
  CallSession(const harness::CpgApi& api, const PlayOptions& options);
  ~CallSession();
  CallSession(const CallSession&) = delete;
  CallSession& operator=(const CallSession&) = delete;

  PlayedCalls Play(const Program& program);

 private:
  using RequestId = harness::wire::RequestId;

  // A variable of the program.
  struct Handle {
    cpg_handle_t value = 0;
    HandleState state{};
    int connection = -1;
    // Counts the connections: a callback may finalize and initialize.
    int generation = 0;
    OwedCallbacks owed{0};
    std::deque<Waiting> waiting{};
    uint64_t next_number = 0;  // of the events
    bool deliver = false;      // it is registered
    void* context = nullptr;
    std::optional<int> descriptor{};
    std::optional<uint32_t> atomic_max{};
    std::deque<Operation> in_callback{};
    bool in_fragments = false;  // inside the callback of such a message
  };
  struct Iteration {
    cpg_iteration_handle_t value = 0;
    IterationState state{};
    int handle = 0;
    std::vector<std::string> left{};  // entries
    bool refused_to_end = false;
  };
  struct Buffer {
    void* memory = nullptr;
    size_t size = 0;
    int handle = 0;
  };
  // A dispatch that is going on.
  struct Frame {
    int handle = 0;
    int generation = 0;
    size_t callbacks = 0;
  };

  // --- session.cc
  void Run(const Operation& operation);
  void RunCall(const Operation& operation);
  void RunSurroundings(const Operation& operation);
  void TakeEvent(int connection, std::string_view event);
  void End();
  // What it is to play a call: false if it is to be left out.
  bool Enter(const Spot& spot);
  void Object(const char* requirement, const std::string& damage,
              const std::string& owed, const std::string& came);
  void Judge(const OwedResult& owed, cs_error_t result);
  // A call about these requests, again and again while it may be.
  using Make = std::function<cs_error_t()>;
  using Owe = std::function<OwedResult(const CallRecord& record)>;
  using Conclude =
      std::function<void(cs_error_t result, const CallRecord& record)>;
  void Ask(const HandleState& state, int connection,
           const CallService::Requests& about, const Make& make, const Owe& owe,
           const Conclude& conclude);
  cs_error_t Call(const Make& make);
  // How the next call of this handle that asks the service will fare.
  enum class Prospect : uint8_t { kGood, kRefused, kUnanswered };
  Prospect ProspectOf(const HandleState& state) const;
  bool stopped() const { return stopped_; }

  // --- connection_calls.cc
  void Initialize(const Operation& operation);
  void Connected(const Operation& operation, cpg_handle_t value);
  void Finalize(int who);
  void CheckClosed(int connection);
  void Forget(int who);
  void Descriptor(int who);
  void LocalCall(const Operation& operation);
  void MaxAtomicSize(int who);
  size_t AtomicMax(const Handle& handle) const;

  // --- dispatch_calls.cc
  void Dispatch(const Operation& operation);
  bool MayDispatch(const Handle& handle, int type) const;
  Spot DispatchSpot(const Handle& handle, int type) const;
  void ConcludeDispatch(const Frame& frame, DispatchFacts facts, uint64_t end,
                        cs_error_t result);
  static void DropSilent(Handle* handle, uint64_t end);
  bool IsDispatching(int who) const;
  void TakeCallback(cpg_handle_t value, Callback came, const void* message);
  // Its next event with a callback, or null; an objection if it is another.
  bool IsOwed(Handle* handle, const Callback& came);
  static void Deliver(cpg_handle_t handle, const cpg_name* group, uint32_t node,
                      uint32_t process, void* message, size_t size);
  static void Change(cpg_handle_t handle, const cpg_name* group,
                     const cpg_address* members, size_t member_count,
                     const cpg_address* left, size_t left_count,
                     const cpg_address* joined, size_t joined_count);
  static void Totem(cpg_handle_t handle, cpg_ring_id ring, uint32_t count,
                    const uint32_t* members);

  // --- group_calls.cc
  void Join(const Operation& operation);
  void Leave(const Operation& operation);
  void Multicast(const Operation& operation);
  void ConcludeMulticast(const Handle& handle, std::string_view message,
                         bool is_large, cs_error_t result,
                         const CallRecord& record);
  void ZeroCopyAllocate(const Operation& operation);
  void ZeroCopyAllocateWithBadHandle(const Operation& operation);
  void ZeroCopyFree(int who, int buffer);
  void ZeroCopyMulticast(const Operation& operation);
  bool JoinedElsewhere(int who, const std::string& group);

  // --- query_calls.cc
  void Membership(const Operation& operation);
  void LocalGet(int who);
  void IterationInitialize(const Operation& operation);
  void IterationNext(const Operation& operation);
  void TakeEntry(Iteration* iteration, cs_error_t result,
                 const cpg_iteration_description_t& entry);
  void IterationFinalize(int who);

  static CallSession* current_;  // the callbacks find it here

  const harness::CpgApi& api_;
  const PlayOptions options_;
  CallService service_;
  std::array<Handle, kHandles> handles_{};
  std::array<Iteration, kIterations> iterations_{};
  std::array<Buffer, kBuffers> buffers_{};
  std::vector<Frame> frames_;
  std::optional<int> arming_;  // the handle whose callback does what is next
  int next_generation_ = 1;
  int next_message_ = 0;
  size_t large_left_ = 0;  // large messages that may still be sent
  Spot spot_;
  bool stopped_ = false;
  PlayedCalls played_;
};

// `size` bytes, others for each number; nobody can write them.
std::string_view MessageBytes(int number, size_t size);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_CALLS_CALL_SESSION_H_
