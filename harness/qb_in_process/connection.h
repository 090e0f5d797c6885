// One connection, as the qb_ipcc_* functions of this executable see it. For
// this folder only.

#ifndef CPGCERT_HARNESS_QB_IN_PROCESS_CONNECTION_H_
#define CPGCERT_HARNESS_QB_IN_PROCESS_CONNECTION_H_

#include <qb/qbipcc.h>
#include <sys/uio.h>

#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/qb_in_process/in_process_service.h"

namespace cpgcert::harness {

// First in, first out; no allocation once it has been as full as it gets.
class ByteQueue {
 public:
  void Push(std::string_view bytes);
  bool empty() const { return first_ == ends_.size(); }
  size_t size() const { return ends_.size() - first_; }
  // REQUIRES: not empty.
  std::string_view Front() const;
  void Pop();
  void Clear();

 private:
  std::string bytes_;
  std::vector<size_t> ends_;  // of each entry in bytes_
  size_t first_ = 0;          // the front's index in ends_
  size_t begin_ = 0;          // of the front in bytes_
};

}  // namespace cpgcert::harness

// The type that <qb/qbipcc.h> declares and leaves open.
struct qb_ipcc_connection {
 public:
  using InProcessService = cpgcert::harness::InProcessService;
  using QbCall = cpgcert::harness::QbCall;

  // --- The registry of those that are open.
  // Guards everything here. Recursive: a handler may call the service.
  static std::recursive_mutex& Guard();
  static InProcessService* Service();
  // Null and *error, a negative errno, if the service cannot be reached.
  static qb_ipcc_connection* Make(const char* name, size_t max_size,
                                  int32_t* error);
  // Aborts, with one line, if there is no such connection.
  static void MustBeOpen(const qb_ipcc_connection* connection);
  static qb_ipcc_connection* Find(int number);
  static void Install(InProcessService* service);
  static void Uninstall();

  // --- Each returns 0, a size or a negative errno.
  int32_t Admit();
  // Forgets this connection, which is no more after that.
  void Destroy(bool tell);
  ssize_t Send(std::span<const iovec> pieces);
  ssize_t Receive(void* to, size_t size, int32_t timeout_ms);
  ssize_t ReceiveEvent(void* to, size_t size, int32_t timeout_ms);
  // Makes the descriptor if there is none yet.
  int32_t Descriptor(int32_t* descriptor);
  // What libqb concludes from the result of a call, which it returns.
  ssize_t Noted(ssize_t result);
  bool IsConnected();

  void Push(std::string_view event);
  void End();
  void Cut();

  int number = 0;
  size_t buffer_size = 0;
  uint32_t flow_control_max = 1;
  int32_t flow_control = 0;
  void* context = nullptr;
  cpgcert::harness::ByteQueue events;

 private:
  // Nothing will come any more.
  bool AtEnd() const { return cut_ || (ended_ && events.empty()); }
  // The result of a receiver that finds nothing.
  ssize_t Nothing(int32_t timeout_ms, int32_t at_deadline);
  ssize_t Take(cpgcert::harness::ByteQueue* queue, void* to, size_t size);
  // Makes the descriptor readable exactly if something waits.
  void UpdateDescriptor();

  InProcessService* service_ = nullptr;  // null once it is gone
  bool admitted_ = false;
  bool connected_ = false;
  bool ended_ = false;
  bool cut_ = false;
  int empty_waits_ = 0;  // in a row
  cpgcert::harness::ByteQueue replies_;
  int near_ = -1;  // the library's end of a pair of sockets
  int far_ = -1;
  bool readable_ = false;  // a byte is in it
};

#endif  // CPGCERT_HARNESS_QB_IN_PROCESS_CONNECTION_H_
