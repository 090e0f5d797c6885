// One connection of a process: what a cpg_handle_t stands for.
//
// Threads: any call beside any other, Dispatch included. Requests take turns;
// no lock is held while a callback runs or a dispatch sleeps.
// Memory: any call may throw std::bad_alloc, and nothing has happened then.

#ifndef CPGCERT_HARNESS_REFERENCE_CONNECTION_H_
#define CPGCERT_HARNESS_REFERENCE_CONNECTION_H_

#include <corosync/cpg.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "harness/reference/assemblies.h"
#include "harness/reference/event_decoder.h"
#include "harness/reference/readiness.h"
#include "harness/reference/transport.h"

namespace cpgcert::reference {

// The callbacks may be null; their events are then passed over.
struct Options {
  cpg_deliver_fn_t deliver = nullptr;
  cpg_confchg_fn_t configuration_change = nullptr;
  cpg_totem_confchg_fn_t totem_change = nullptr;
  uint32_t flags = 0;
};

// What cpg_iteration_next gives.
using IterationItem = wire::IterationNextReply;

class Connection {
 public:
  explicit Connection(const Options& options) : options_(options) {}

  // Before anything else, once.
  cs_error_t Open();

  // Ends it: the service forgets it, a dispatcher that sleeps wakes up, and
  // every call answers CS_ERR_BAD_HANDLE from then on. It has ended whatever
  // the answer is.
  cs_error_t Close();

  // Dispatches, with `handle` as the callbacks' argument.
  cs_error_t Dispatch(cpg_handle_t handle, int type);

  int descriptor() const { return readiness_.descriptor(); }

  cs_error_t Join(const cpg_name& group);
  // Leaves the one group that was joined.
  cs_error_t Leave();
  // Sends a message in one piece if it fits, else in fragments.
  cs_error_t Multicast(uint32_t guarantee, std::span<const iovec> pieces);
  // `members` is set to all members of the group.
  cs_error_t Members(const cpg_name& group, std::vector<cpg_address>* members);
  cs_error_t LocalNode(uint32_t* nodeid);

  // An iteration is known by the service's own number.
  cs_error_t IterationInitialize(uint32_t type, const cpg_name* group,
                                 uint64_t* iteration);
  cs_error_t IterationNext(uint64_t iteration, IterationItem* item);
  cs_error_t IterationFinalize(uint64_t iteration);

  // Memory for messages, released with the connection at the latest.
  cs_error_t AllocateBuffer(size_t size, void** buffer);
  cs_error_t FreeBuffer(void* buffer);
  // Multicasts the first `size` bytes of such a buffer.
  cs_error_t MulticastBuffer(uint32_t guarantee, void* buffer, size_t size);

  // The service keeps process and group of a connection that has left until
  // the connection ends, and refuses the same pair to any other. Ends the
  // service's part of it, if this connection has left that group.
  void ForgetIfLeft(const cpg_name& group);

  void set_context(void* context) { context_ = context; }
  void* context() const { return context_; }

 private:
  // A callback that is due, with what its arguments point to.
  struct Delivery {
    Message message;
    std::vector<std::byte> whole;  // if it came in fragments
  };
  using Callback = std::variant<Delivery, ConfigurationChange, TotemChange>;

  // Requests: connection.cc and multicast.cc.

  // Sends a request and waits for the reply to it. REQUIRES: calls_ is held.
  template <class Request>
  cs_error_t Ask(wire::RequestId request_id, Request* request,
                 wire::ReplyId reply_id, size_t reply_size);
  // The same, for a reply with a body.
  template <class Request, class Reply>
  cs_error_t Ask(wire::RequestId request_id, Request* request,
                 wire::ReplyId reply_id, Reply* reply);
  // Tells the service that the connection ends. REQUIRES: calls_ is held.
  cs_error_t EndAtService();
  cs_error_t MulticastWhole(uint32_t guarantee, size_t size,
                            std::span<const iovec> pieces);
  cs_error_t MulticastInFragments(uint32_t guarantee, size_t size,
                                  std::span<const iovec> pieces);

  // Events: dispatch.cc.

  // The next event, if one waits: CS_ERR_TRY_AGAIN if none does. `callback`
  // stays empty for an event that runs none. `buffer` is what the callback's
  // message may lie in.
  cs_error_t Next(std::unique_ptr<Buffer>* buffer,
                  std::optional<Callback>* callback);
  // REQUIRES for all that follow: events_ is held.
  cs_error_t ReceiveNext(std::unique_ptr<Buffer>* buffer,
                         std::optional<Callback>* callback);
  // An event that was received is kept back: the descriptor must show it.
  bool KeepsEventBack() const {
    return unprocessed_ != nullptr || (early_totem_change_ && has_seen_change_);
  }
  // What an event changes, and the callback that it runs.
  cs_error_t Take(Event&& event, std::optional<Callback>* callback);
  cs_error_t TakeFragment(const Fragment& fragment,
                          std::optional<Callback>* callback);
  void TakeChange(ConfigurationChange change,
                  std::optional<Callback>* callback);
  void TakeTotemChange(TotemChange change, std::optional<Callback>* callback);

  // REQUIRES: events_ is not held.
  void Run(cpg_handle_t handle, const Callback& callback) const;
  std::unique_ptr<Buffer> TakeSpare();
  void ReturnSpare(std::unique_ptr<Buffer> buffer);

  const Options options_;
  std::atomic<void*> context_ = nullptr;
  // Set with both locks held: one of them suffices to rely on it.
  std::atomic<bool> closed_ = false;
  Transport transport_;
  Readiness readiness_;

  // One request at a time; guards what follows.
  std::mutex calls_;
  Buffer reply_;
  enum class State { kUnjoined, kJoined, kLeft };
  State state_ = State::kUnjoined;
  cpg_name group_ = {};
  pid_t pid_ = 0;  // that joined
  bool ended_at_service_ = false;

  // One event at a time; guards what follows.
  std::mutex events_;
  Assemblies assemblies_;
  // Set when the caller leaves: whose leave is awaited.
  std::optional<Sender> self_;
  std::atomic<bool> has_left_ = false;  // read without the lock too
  bool has_seen_change_ = false;
  // Came before the first configuration change, which it must not precede.
  std::optional<TotemChange> early_totem_change_;
  // An event for which there was no memory.
  std::unique_ptr<Buffer> unprocessed_;
  // Kept between dispatches. A dispatch inside a callback needs one of its own.
  std::unique_ptr<Buffer> spare_;

  std::mutex buffers_mutex_;
  struct Free {
    void operator()(void* memory) const { free(memory); }
  };
  struct ZeroCopyBuffer {
    std::unique_ptr<void, Free> memory;
    size_t size = 0;
  };
  std::map<void*, ZeroCopyBuffer> buffers_;
};

}  // namespace cpgcert::reference

#endif  // CPGCERT_HARNESS_REFERENCE_CONNECTION_H_
