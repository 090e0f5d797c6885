// What libcpg hands to a caller's callbacks: borrowed, as the callback sees
// it, and owned, for the faults that keep an event longer than its callback.

#ifndef CONFORMANCE_FAULTS_LAYER_EVENT_H_
#define CONFORMANCE_FAULTS_LAYER_EVENT_H_

#include <corosync/cpg.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

namespace cpgcert::faults {

struct Connection;

// The arguments of the three callbacks. All pointers are borrowed.
struct Delivery {
  cpg_handle_t handle;
  const cpg_name* group;
  uint32_t nodeid;
  uint32_t pid;
  void* message;
  size_t length;
};

struct ConfigurationChange {
  cpg_handle_t handle;
  const cpg_name* group;
  std::span<const cpg_address> members;
  std::span<const cpg_address> left;
  std::span<const cpg_address> joined;
};

struct TotemChange {
  cpg_handle_t handle;
  cpg_ring_id ring;
  std::span<const uint32_t> members;
};

// Calls the caller's own callback. REQUIRES: the caller gave one.
void RunCallback(const Connection& connection, const Delivery& delivery);
void RunCallback(const Connection& connection,
                 const ConfigurationChange& change);
void RunCallback(const Connection& connection, const TotemChange& change);

// A copy of one event. A default one stands for an event that libcpg consumed
// without a callback.
class Event {
 public:
  Event() = default;
  explicit Event(const Delivery& delivery);
  explicit Event(const ConfigurationChange& change);
  explicit Event(const TotemChange& change);

  bool is_message() const;
  bool is_configuration_change() const;
  bool is_totem_change() const;

  // Runs the caller's callback, if the event has one.
  void Run(const Connection& connection);

 private:
  struct OwnedDelivery {
    Delivery delivery;
    cpg_name group;
    // Of 64-bit words, because libcpg delivers messages 8-aligned.
    std::vector<uint64_t> bytes;
  };
  struct OwnedChange {
    cpg_handle_t handle;
    cpg_name group;
    std::vector<cpg_address> members;
    std::vector<cpg_address> left;
    std::vector<cpg_address> joined;
  };
  struct OwnedTotemChange {
    cpg_handle_t handle;
    cpg_ring_id ring;
    std::vector<uint32_t> members;
  };
  std::variant<std::monostate, OwnedDelivery, OwnedChange, OwnedTotemChange>
      event_;
};

}  // namespace cpgcert::faults

#endif  // CONFORMANCE_FAULTS_LAYER_EVENT_H_
