// One connection to the service "cpg" by way of libqb: requests with their
// replies, and events. Not safe for threads, but for this: one thread may be in
// Receive while another is in Call or Send.

#ifndef CPGCERT_HARNESS_REFERENCE_TRANSPORT_H_
#define CPGCERT_HARNESS_REFERENCE_TRANSPORT_H_

#include <corosync/corotypes.h>
#include <qb/qbipcc.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <span>

#include "harness/reference/wire_format.h"

namespace cpgcert::reference {

// Room for any message of the service. Its beginning is aligned for every
// layout of wire_format.h.
class Buffer {
 public:
  // libqb's own limit is 1 MiB for a client's requests, not for events: the
  // header of an event comes on top of a message of that size.
  static constexpr size_t kCapacity = (size_t{1} << 20) + 4096;

  // Throws std::bad_alloc.
  Buffer() : bytes_(std::make_unique_for_overwrite<std::byte[]>(kCapacity)) {}

  std::byte* data() { return bytes_.get(); }
  // Of the message in it, in bytes.
  void set_size(size_t size) { size_ = size; }
  std::span<std::byte> message() { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<std::byte[]> bytes_;
  size_t size_ = 0;
};

// The code of libqb's negative `result`, or CS_OK.
cs_error_t ErrorOf(ssize_t result);

class Transport {
 public:
  // The service holds senders back earlier than other callers: a Call for a
  // part of a message is one too.
  enum class Kind { kMessage, kOther };

  // What fits into one request beside the headers, in bytes.
  static constexpr size_t kMessageMax = (size_t{1} << 20) - 1024;

  // Connects. Answers what went wrong, or CS_OK.
  cs_error_t Connect();

  // Readable when an event waits, or when the connection has ended.
  int descriptor() const;

  // Sends the request and waits for its reply, however long it takes; ends
  // with CS_ERR_LIBRARY within about two seconds when the service dies. The
  // answer is CheckReply's; `reply` holds the whole message if it is CS_OK.
  cs_error_t Call(Kind kind, std::span<const iovec> request, wire::ReplyId id,
                  size_t size, Buffer* reply);

  // Sends a message, which has no reply. Never waits: CS_ERR_TRY_AGAIN when
  // there is no room, and nothing has been sent.
  cs_error_t Send(std::span<const iovec> request);

  // Takes the next event. Never waits: CS_ERR_TRY_AGAIN when there is none.
  cs_error_t Receive(Buffer* event);

  // Nothing else may be called afterwards.
  void Close() { connection_.reset(); }

 private:
  struct Disconnect {
    void operator()(qb_ipcc_connection_t* connection) const {
      qb_ipcc_disconnect(connection);
    }
  };
  // Which of libqb's levels of flow control hold a request back.
  void ObeyFlowControl(Kind kind);
  // The code of a request that failed.
  cs_error_t RequestError(ssize_t result);
  // True if a request can be sent. Waits for that if asked to, or until the
  // connection ends.
  bool HasRoom(bool wait) const;

  std::unique_ptr<qb_ipcc_connection_t, Disconnect> connection_;
};

}  // namespace cpgcert::reference

#endif  // CPGCERT_HARNESS_REFERENCE_TRANSPORT_H_
