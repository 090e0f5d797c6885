// One connection, used call by call: the scene in which a resource runs out.
//
// Its callbacks request no memory, so that every request that is seen during a
// call is the library's.

#ifndef CPGCERT_CONFORMANCE_RESOURCES_CONNECTION_H_
#define CPGCERT_CONFORMANCE_RESOURCES_CONNECTION_H_

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "harness/cpg_api.h"

namespace cpgcert::conformance::resources {

// Bounds every wait for an event; no case waits for it to pass.
inline constexpr std::chrono::milliseconds kDeadline{15000};

// What the callbacks of a connection saw.
struct Seen {
  int whole = 0;    // the message that was sent, unaltered
  int damaged = 0;  // anything else that no case sent
  int marks = 0;
  int own_joins = 0;
  int own_leaves = 0;
};

// One at a time in a process. Nothing is connected at first, and nothing is
// finalized at the end.
class Connection {
 public:
  // `api` and what `message` points to must outlive it.
  Connection(const harness::CpgApi& api, std::string_view group,
             std::string_view message);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  const harness::CpgApi& api() const { return api_; }
  const Seen& seen() const { return seen_; }

  // The calls, as they are.
  cs_error_t Initialize();
  cs_error_t ModelInitialize();
  cs_error_t Finalize();
  cs_error_t Join();
  cs_error_t Leave();
  cs_error_t Multicast();

  // Steps of several calls, none of which is on trial. Each returns "" or what
  // went wrong.
  std::string Connect();
  // Joined, and the own change dispatched.
  std::string ConnectAndJoin();
  // Multicasts a mark: what comes after everything that was sent before.
  std::string SendMark();
  // Dispatches until `count` marks have come.
  std::string DispatchMarks(int count);
  // Dispatches until `condition` holds.
  std::string DispatchUntil(const std::function<bool()>& condition);

  // Calls cpg_dispatch until a mark has come; the first error ends it. With
  // CS_DISPATCH_BLOCKING the mark's callback finalizes the connection.
  cs_error_t DispatchToMark(cs_dispatch_flags_t type);

  // Waits for an event; false at the deadline.
  bool WaitReadable();

  cpg_handle_t handle = 0;
  bool connected = false;  // a finalize is owed
  cpg_name group{};
  cpg_iteration_handle_t iteration = 0;
  void* buffer = nullptr;  // of cpg_zcb_alloc

 private:
  friend struct Callbacks;

  const harness::CpgApi& api_;
  const std::string_view message_;
  Seen seen_;
  bool finalize_at_mark_ = false;
};

// "cpg_join answered CS_ERR_LIBRARY", or "" for CS_OK.
std::string Answer(std::string_view call, cs_error_t result);

}  // namespace cpgcert::conformance::resources

#endif  // CPGCERT_CONFORMANCE_RESOURCES_CONNECTION_H_
