// A service without a transport: the qb_ipcc_* functions of this executable,
// which an unmodified libcpg binds to instead of those of libqb, and the
// interface by which the harness plays the other end.
//
// A program that links this library exports the functions, so that a library
// which dlopen(3) loads finds them first; LibraryBindsHere() tells whether it
// did. Their contracts are those of <qb/qbipcc.h>, libqb 2.0.6. There is no
// process, socket or shared memory behind them, and no time: a request is
// answered within the call that sends it, and whoever would wait for what
// nobody can send any more is told that the connection has ended.
//
// A library that uses a connection after qb_ipcc_disconnect() is aborted.

#ifndef CPGCERT_HARNESS_QB_IN_PROCESS_IN_PROCESS_SERVICE_H_
#define CPGCERT_HARNESS_QB_IN_PROCESS_IN_PROCESS_SERVICE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

struct qb_ipcc_connection;

namespace cpgcert::harness {

// Where an error can be planted.
enum class QbCall : uint8_t {
  kConnect,     // qb_ipcc_connect, or _connect_continue
  kDescriptor,  // qb_ipcc_fd_get
  kSend,        // qb_ipcc_send, _sendv, the sending of _sendv_recv
  kReceive,     // qb_ipcc_recv, the receiving of _sendv_recv
  kEvent,       // qb_ipcc_event_recv
};

// What the bytes of a receiver's buffer that lie behind a message are
// overwritten with, for it must not matter. Costs as much time as it has bytes.
struct StaleFill {
  uint8_t pattern = 0;
  size_t size_max = SIZE_MAX;  // so many bytes at most
};

// The service that new connections to "cpg" reach; none exists: ECONNREFUSED.
// Connections are counted from 0 in the order in which they were asked for.
// One lock guards the functions and these methods against each other, and is
// held while the handlers run; counters() is for when no other thread calls.
class InProcessService {
 public:
  struct Answer {
    int32_t error = 0;    // a negative errno: what the sending call returns
    std::string reply{};  // its bytes, of any number; empty: there is none
  };
  struct Counters {
    uint64_t connects = 0;       // that were asked for
    uint64_t requests = 0;       // that arrived
    uint64_t events_queued = 0;  // by Push()
    uint64_t events_taken = 0;   // that a library received
    uint64_t empty_waits = 0;    // for what could not come any more
    int open = 0;                // connections that are open now
  };

  // REQUIRES: there is no other one at the moment.
  InProcessService();
  // Cuts the connections that are open. They stay usable for a library.
  ~InProcessService();
  InProcessService(const InProcessService&) = delete;
  InProcessService& operator=(const InProcessService&) = delete;

  // --- What it does when it is called. Each may be empty.
  // 0 admits; a negative errno, such as -EACCES, refuses.
  std::function<int32_t(int connection)> on_connect;
  // The bytes of the request end at a page that cannot be read, and are valid
  // during the call only. Empty: every request stays without a reply.
  std::function<Answer(int connection, std::string_view request)> on_request;
  std::function<void(int connection)> on_disconnect;

  // --- What it does now. Connections that are not open are left alone.
  // Queues the bytes, of an event or not: a copy, exactly as long as they are.
  void Push(int connection, std::string_view event);
  // After the events that wait, there will be none: receivers get -ENOTCONN
  // then, and the descriptor is readable with POLLHUP. Requests are answered.
  void End(int connection);
  // The service is gone, and what waits with it: everything gets -ENOTCONN.
  void Cut(int connection);
  // libqb's levels: 0 anything may be sent; 1 and 2 nothing by those who have
  // not asked for less with qb_ipcc_fc_enable_max_set(): they get -EAGAIN.
  void SetFlowControl(int connection, int32_t level);
  // After `skip` calls, the next `times` return `error`, a negative errno, and
  // do nothing else. Replaces what was planted for this call before.
  void Plant(QbCall call, int32_t error, int skip = 0, int times = 1);
  // For everything that is received from now on.
  void SetStaleFill(std::optional<StaleFill> fill);

  // --- What it has seen.
  const Counters& counters() const { return counters_; }
  size_t EventsWaiting(int connection) const;
  bool IsOpen(int connection) const;

 private:
  friend struct ::qb_ipcc_connection;
  struct Planted {
    int32_t error = 0;
    int skip = 0;
    int times = 0;
  };

  // The error that this call is to return, or 0; uses it up.
  int32_t TakePlanted(QbCall call);

  Counters counters_;
  std::array<Planted, 5> planted_{};
  bool any_planted_ = false;
  std::optional<StaleFill> fill_;
};

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_QB_IN_PROCESS_IN_PROCESS_SERVICE_H_
