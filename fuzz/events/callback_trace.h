// What callbacks were given, as bytes that can be compared: whatever two
// libraries, or a library and what it owes, are held against each other.

#ifndef CPGCERT_FUZZ_EVENTS_CALLBACK_TRACE_H_
#define CPGCERT_FUZZ_EVENTS_CALLBACK_TRACE_H_

#include <corosync/cpg.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cpgcert::fuzz {

// A callback is one entry, an entry has all that it was given. Two entries are
// the same callback if their bytes are.
struct Change {
  std::string_view group;
  std::span<const cpg_address> members;
  std::span<const cpg_address> left;
  std::span<const cpg_address> joined;
};
void AppendMessage(std::string_view group, uint32_t node, uint32_t process,
                   std::string_view message, std::string* trace);
void AppendChange(const Change& change, std::string* trace);
void AppendTotem(const cpg_ring_id& ring, std::span<const uint32_t> nodes,
                 std::string* trace);

// The first entry of a trace, taken apart.
struct TraceEntry {
  // "message", "change" or "totem change"; "false" for what cannot have
  // arrived, which has no arguments; "" for an empty trace.
  std::string_view callback{};
  std::string_view bytes{};  // all of it
  // In their order, named "group", "node", "process", "message"; "members",
  // "left", "joined", which are lists of cpg_address; "ring", "nodes".
  struct Argument {
    std::string_view name;
    std::string_view bytes;
  };
  std::vector<Argument> arguments{};
};
TraceEntry FirstEntry(std::string_view trace);

// A line for each entry.
std::string DescribeTrace(std::string_view trace);

// Records the callbacks of one connection. They read every byte that they are
// given, but not of what cannot be there: a name longer than its type, or
// lists and messages larger than all that arrived. Those make an entry that
// equals no other. One recorder at a time.
class CallbackRecorder {
 public:
  // Nothing larger than `size_max` bytes on the wire has arrived.
  explicit CallbackRecorder(size_t size_max);
  ~CallbackRecorder();
  CallbackRecorder(const CallbackRecorder&) = delete;
  CallbackRecorder& operator=(const CallbackRecorder&) = delete;

  // For cpg_model_initialize(3); all three callbacks.
  static cpg_model_v1_data_t Callbacks();
  // The handle that every callback must be given.
  void set_handle(cpg_handle_t handle) { handle_ = handle; }

  const std::string& trace() const { return trace_; }
  // The recorder has none then.
  std::string TakeTrace() { return std::exchange(trace_, {}); }

 private:
  static void Deliver(cpg_handle_t handle, const cpg_name* group, uint32_t node,
                      uint32_t process, void* message, size_t size);
  static void ChangeConfiguration(cpg_handle_t handle, const cpg_name* group,
                                  const cpg_address* members,
                                  size_t member_count, const cpg_address* left,
                                  size_t left_count, const cpg_address* joined,
                                  size_t joined_count);
  static void ChangeTotem(cpg_handle_t handle, cpg_ring_id ring, uint32_t count,
                          const uint32_t* members);

  // Adds an entry that says so, and returns false, if the bytes cannot have
  // arrived or the handle is wrong.
  bool Plausible(cpg_handle_t handle, const char* what, uint64_t size);
  bool PlausibleGroup(cpg_handle_t handle, const cpg_name* group);

  const size_t size_max_;
  cpg_handle_t handle_ = 0;
  std::string trace_;
};

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_EVENTS_CALLBACK_TRACE_H_
