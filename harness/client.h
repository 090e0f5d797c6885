// A connection to the service with recorded callbacks: the small language in
// which cases are written.

#ifndef CPGCERT_HARNESS_CLIENT_H_
#define CPGCERT_HARNESS_CLIENT_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "harness/cpg_api.h"
#include "harness/trace/trace.h"

namespace cpgcert::harness {

// What one callback was given, as plain values.
struct CallbackRecord {
  static constexpr size_t kHeadMax = 64;
  enum class Kind { kDeliver, kConfiguration, kTotem };
  Kind kind = Kind::kDeliver;
  cpg_handle_t handle = 0;   // the argument, right or wrong
  std::thread::id thread;    // where it ran
  bool inside_call = false;  // ran inside a Dispatch() of this client
  std::string group;
  uint32_t node_id = 0;  // the sender's, of a message
  uint32_t process = 0;
  std::string message;   // DescribeMessage() of it
  size_t size = 0;       // of the message, in bytes
  std::string head;      // its first kHeadMax bytes
  void* data = nullptr;  // where it stood; valid during the callback only
  std::vector<cpg_address> members;
  std::vector<cpg_address> left;
  std::vector<cpg_address> joined;
  cpg_ring_id ring{};                  // of a totem change
  std::vector<uint32_t> ring_members;  // of a totem change
};

// Which callbacks a connection registers.
struct CallbackSet {
  bool deliver = true;
  bool configuration = true;
  bool totem = false;
  // CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF, cpg_model_initialize(3).
  bool initial_totem = false;
};

// One connection. At most kClientsMax exist in a process at a time. Callbacks
// may run in any thread; the records are guarded.
class Client {
 public:
  static constexpr int kClientsMax = 8;

  // `api` must outlive the client. Nothing is connected yet.
  Client(const CpgApi& api, CallbackSet callbacks);
  // Does not finalize: the end of the process does.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // cpg_model_initialize(3) if a totem callback or flag is wanted, else
  // cpg_initialize(3); retried while CS_ERR_TRY_AGAIN, within `deadline`.
  cs_error_t Initialize();
  cs_error_t Join(std::string_view group);
  cs_error_t Leave(std::string_view group);
  // CPG_TYPE_AGREED; retried while CS_ERR_TRY_AGAIN, within a deadline.
  cs_error_t Multicast(const std::string& message);
  cs_error_t Dispatch(int type);
  // The same for a handle value that may not be ours.
  cs_error_t DispatchHandle(cpg_handle_t handle, int type);
  cs_error_t Finalize();
  // Finalizes the connections of all clients of this process that are open,
  // those of destroyed ones too. Returns how many there have been so far,
  // closed ones included. REQUIRES: no call on them is under way.
  static int FinalizeAll();
  // A synchronous round trip to the service, cpg_local_get(3).
  cs_error_t RoundTrip();
  // The same, after which what the service had sent before waits to be
  // dispatched: a library's own threads are given the time to take it, until
  // they are at rest (WaitLibraryAtRest, thread_watch.h).
  cs_error_t Settle();

  cpg_handle_t handle() const { return handle_; }
  const CallbackSet& callbacks() const { return callbacks_; }
  const CpgApi& api() const { return api_; }

  // True if the descriptor of cpg_fd_get(3) is readable now, or becomes so
  // before `deadline`.
  bool WaitReadable(std::chrono::milliseconds deadline);

  // All records so far, oldest first.
  std::vector<CallbackRecord> Records();
  size_t RecordCount();
  // Waits until there are at least `count`; false at the deadline.
  bool WaitRecords(size_t count, std::chrono::milliseconds deadline);

  // Called at the end of each callback, in its thread, with its record. Set it
  // before events can arrive.
  std::function<void(const CallbackRecord&)> on_callback;

 private:
  friend struct CallbackEntry;
  void Record(CallbackRecord record);
  // How many records this call sees; in a replay there are so many then.
  size_t SeeCount();

  const CpgApi& api_;
  const CallbackSet callbacks_;
  int slot_ = -1;
  cpg_handle_t handle_ = 0;
  trace::Changing count_seen_{"records"};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<CallbackRecord> records_;
};

// Retries `call` while it answers CS_ERR_TRY_AGAIN, at most for `deadline`.
cs_error_t RetryWhileTryAgain(const std::function<cs_error_t()>& call,
                              std::chrono::milliseconds deadline);

// Makes `call` again at once while it answers CS_ERR_TRY_AGAIN, a few times: a
// library may ask for patience without a reason that its caller can see. What
// it answers after that is its answer. For cases that look at a single call.
template <typename Call>
cs_error_t WithPatience(const Call& call) {
  constexpr int kPatience = 10;
  cs_error_t result = call();
  for (int i = 0; i < kPatience && result == CS_ERR_TRY_AGAIN; ++i) {
    result = call();
  }
  return result;
}

// What cpg_membership_get(3) answered, with CS_ERR_NOT_EXIST, which it may
// answer for a group without members, taken for CS_OK and no entries.
inline cs_error_t MembersAnswered(cs_error_t answer, int* count) {
  if (answer != CS_ERR_NOT_EXIST) {
    return answer;
  }
  *count = 0;
  return CS_OK;
}

// "message m1 from 1:4711 in g", "change of g: joined=[1:4711:JOIN] left=[]
// members=[1:4711]" or "totem change: [1 2]", with node and process ids.
std::string DescribeRecord(const CallbackRecord& record);

// A name for cpg_join(3) and its like. REQUIRES: at most 128 bytes.
cpg_name MakeGroupName(std::string_view name);

// "JOIN", "LEAVE", "NODEDOWN", "NODEUP", "PROCDOWN", "UNDEFINED" or "reason 9";
// cpg_overview(3) does not list them, <corosync/cpg.h> does.
std::string ReasonName(uint32_t reason);

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_CLIENT_H_
