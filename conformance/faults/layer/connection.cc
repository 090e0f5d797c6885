#include "conformance/faults/layer/connection.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace cpgcert::faults {
namespace {

constexpr cpg_handle_t kAnyCheck = 0xFFFFFFFF;

uint32_t Slot(cpg_handle_t handle) { return static_cast<uint32_t>(handle); }

bool BySerial(const std::shared_ptr<Connection>& a,
              const std::shared_ptr<Connection>& b) {
  return a->serial < b->serial;
}

}  // namespace

ConnectionTable& ConnectionTable::Get() {
  static ConnectionTable& table = *new ConnectionTable;
  return table;
}

ConnectionTable::ConnectionTable() {
  // A fork while another thread holds the mutex must not leave it locked.
  pthread_atfork([] { Get().mutex_.lock(); }, [] { Get().mutex_.unlock(); },
                 [] { Get().mutex_.unlock(); });
}

void ConnectionTable::Add(cpg_handle_t handle,
                          std::shared_ptr<Connection> connection) {
  const std::lock_guard lock(mutex_);
  connection->handle = handle;
  connection->serial = ++last_serial_;
  connection->owner = getpid();
  connections_[handle] = std::move(connection);
}

void ConnectionTable::Remove(const Connection& connection) {
  const std::lock_guard lock(mutex_);
  const auto found = connections_.find(connection.handle);
  if (found != connections_.end() && found->second.get() == &connection) {
    connections_.erase(found);
  }
}

std::shared_ptr<Connection> ConnectionTable::Find(cpg_handle_t handle) const {
  const std::lock_guard lock(mutex_);
  const auto found = connections_.find(handle);
  if (found != connections_.end()) return found->second;
  if (handle >> 32 != kAnyCheck) return nullptr;
  for (const auto& [live, connection] : connections_) {
    if (Slot(live) == Slot(handle)) return connection;
  }
  return nullptr;
}

std::vector<std::shared_ptr<Connection>> ConnectionTable::Others(
    const Connection& connection) const {
  std::vector<std::shared_ptr<Connection>> others;
  const std::lock_guard lock(mutex_);
  for (const auto& [handle, other] : connections_) {
    if (other.get() == &connection || other->owner != getpid()) continue;
    others.push_back(other);
  }
  std::sort(others.begin(), others.end(), BySerial);
  return others;
}

std::shared_ptr<Connection> ConnectionTable::Newest() const {
  std::shared_ptr<Connection> newest;
  const std::lock_guard lock(mutex_);
  for (const auto& [handle, connection] : connections_) {
    if (connection->owner != getpid()) continue;
    if (newest == nullptr || BySerial(newest, connection)) newest = connection;
  }
  return newest;
}

uint64_t ConnectionTable::last_serial() const {
  const std::lock_guard lock(mutex_);
  return last_serial_;
}

}  // namespace cpgcert::faults
