// The layer's record of one connection, and the table of the live ones.

#ifndef CONFORMANCE_FAULTS_LAYER_CONNECTION_H_
#define CONFORMANCE_FAULTS_LAYER_CONNECTION_H_

#include <corosync/cpg.h>
#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "conformance/faults/layer/event.h"

namespace cpgcert::faults {

// What the layer knows of one connection. The first part is fixed when the
// connection is made; the rest may change under any thread's hands.
struct Connection {
  cpg_handle_t handle = 0;
  // The caller's callbacks; null where it gave none.
  cpg_deliver_fn_t deliver = nullptr;
  cpg_confchg_fn_t configuration_change = nullptr;
  cpg_totem_confchg_fn_t totem_change = nullptr;
  unsigned int flags = 0;
  // Grows by one with every connection of this process.
  uint64_t serial = 0;
  // The process that made it. A forked child shares its parent's connections,
  // but they are not among its own.
  pid_t owner = 0;

  std::atomic<bool> finalized = false;
  std::atomic<bool> joined = false;
  // Set by a cpg_leave that was not refused. Only the fault that needs to
  // know clears it, when it sees the own leave change.
  std::atomic<bool> leaving = false;
  // The process that joined: what its entries in member lists carry.
  std::atomic<pid_t> joined_pid = 0;

  // For the faults that count.
  std::atomic<unsigned> messages_delivered = 0;
  std::atomic<unsigned> messages_sent = 0;
  std::atomic<unsigned> configuration_changes = 0;
  std::atomic<unsigned> totem_changes = 0;
  // For the faults that act once per connection.
  std::atomic<bool> done = false;
  // For the fault that dispatches foreign connections: how many threads
  // dispatch this one; -1 while a foreign dispatch has it.
  std::atomic<int> dispatchers = 0;
  // For the fault that replaces the descriptor; -1 until then.
  std::atomic<int> descriptor = -1;
  // For the fault that lets callers wait for the dispatcher.
  std::recursive_mutex whole_library;

  // Guards what follows. Never held during a call of the real library or of a
  // callback.
  std::mutex mutex;
  // Events that a fault took from the library and has not passed on.
  std::deque<Event> backlog;
  cpg_name group = {};
};

// The live connections of this process. Thread safe; usable in a forked child.
class ConnectionTable {
 public:
  // The one table. Never destroyed.
  static ConnectionTable& Get();

  // Records the connection that the real library just gave `handle`.
  void Add(cpg_handle_t handle, std::shared_ptr<Connection> connection);

  // The caller's copy stays usable for as long as it is held: a dispatch may
  // outlive the finalize.
  void Remove(const Connection& connection);

  // The connection of that handle, or null. As in libqb, a check of all ones
  // in the upper half stands for any.
  std::shared_ptr<Connection> Find(cpg_handle_t handle) const;

  // All live connections of this process but that one, oldest first.
  std::vector<std::shared_ptr<Connection>> Others(
      const Connection& connection) const;

  // The live connection that this process made last, or null.
  std::shared_ptr<Connection> Newest() const;

  // The serial number of the connection made last; 0 before the first.
  uint64_t last_serial() const;

 private:
  ConnectionTable();

  mutable std::mutex mutex_;
  std::map<cpg_handle_t, std::shared_ptr<Connection>> connections_;
  uint64_t last_serial_ = 0;
};

}  // namespace cpgcert::faults

#endif  // CONFORMANCE_FAULTS_LAYER_CONNECTION_H_
