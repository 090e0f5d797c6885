// Messages on their way out: whole, in fragments, and out of buffers that the
// library has given.

#include <algorithm>
#include <cstdint>
#include <limits>

#include "harness/reference/connection.h"
#include "harness/reference/patience.h"

namespace cpgcert::reference {

namespace {

// Walks through the caller's pieces. They are never written.
class PieceReader {
 public:
  explicit PieceReader(std::span<const iovec> pieces) : pieces_(pieces) {}

  // Appends the next `size` bytes, of which there are enough, to `out`.
  void Take(size_t size, std::vector<iovec>* out) {
    while (size > 0) {
      const iovec& piece = pieces_.front();
      const size_t here = std::min(size, piece.iov_len - done_);
      if (here > 0) {
        out->push_back({static_cast<char*>(piece.iov_base) + done_, here});
      }
      size -= here;
      done_ += here;
      if (done_ < piece.iov_len) continue;
      pieces_ = pieces_.subspan(1);
      done_ = 0;
    }
  }

 private:
  std::span<const iovec> pieces_;
  size_t done_ = 0;  // of the first piece
};

}  // namespace

cs_error_t Connection::Multicast(uint32_t guarantee,
                                 std::span<const iovec> pieces) {
  // A size has 32 bits on the wire.
  constexpr size_t kSizeMax = std::numeric_limits<uint32_t>::max();
  size_t size = 0;
  for (const iovec& piece : pieces) {
    if (piece.iov_base == nullptr && piece.iov_len > 0) {
      return CS_ERR_INVALID_PARAM;
    }
    if (piece.iov_len > kSizeMax - size) return CS_ERR_TOO_BIG;
    size += piece.iov_len;
  }
  return size <= Transport::kMessageMax
             ? MulticastWhole(guarantee, size, pieces)
             : MulticastInFragments(guarantee, size, pieces);
}

cs_error_t Connection::MulticastWhole(uint32_t guarantee, size_t size,
                                      std::span<const iovec> pieces) {
  wire::MulticastRequest request = {};
  request.header.id.value = wire::kMulticast;
  request.header.size.value = static_cast<int32_t>(sizeof request + size);
  request.guarantee.value = guarantee;
  request.size.value = size;
  std::vector<iovec> all;
  all.reserve(1 + pieces.size());
  all.push_back({.iov_base = &request, .iov_len = sizeof request});
  PieceReader(pieces).Take(size, &all);
  const std::lock_guard lock(calls_);
  return closed_ ? CS_ERR_BAD_HANDLE : transport_.Send(all);
}

cs_error_t Connection::MulticastInFragments(uint32_t guarantee, size_t size,
                                            std::span<const iovec> pieces) {
  // Held for all of them: a sender has one message under way.
  const std::lock_guard lock(calls_);
  PieceReader reader(pieces);
  std::vector<iovec> all;
  all.reserve(1 + pieces.size());
  for (size_t sent = 0; sent < size;) {
    const size_t now = std::min(size - sent, Transport::kMessageMax);
    wire::PartialMulticastRequest request = {};
    request.header.id.value = wire::kPartialMulticast;
    request.header.size.value = static_cast<int32_t>(sizeof request + now);
    request.guarantee.value = guarantee;
    request.size.value = size;
    request.fragment_size.value = now;
    request.position.value = sent == 0            ? wire::kFirst
                             : sent + now == size ? wire::kLast
                                                  : wire::kContinued;
    all.clear();
    all.push_back({.iov_base = &request, .iov_len = sizeof request});
    reader.Take(now, &all);
    const cs_error_t error = AskAgainWhile(CS_ERR_TRY_AGAIN, [&] {
      return closed_ ? CS_ERR_BAD_HANDLE
                     : transport_.Call(Transport::Kind::kMessage, all,
                                       wire::kPartialMulticastReply,
                                       sizeof(wire::ReplyHeader), &reply_);
    });
    // The receivers drop what they have with the next message of this sender.
    if (error != CS_OK) return error;
    sent += now;
  }
  return CS_OK;
}

cs_error_t Connection::AllocateBuffer(size_t size, void** buffer) {
  if (size > std::numeric_limits<uint32_t>::max()) return CS_ERR_TOO_BIG;
  // At least one byte: each buffer has an address of its own.
  ZeroCopyBuffer fresh{.memory{malloc(std::max<size_t>(size, 1))},
                       .size = size};
  if (fresh.memory == nullptr) return CS_ERR_NO_MEMORY;
  void* const memory = fresh.memory.get();
  const std::lock_guard lock(buffers_mutex_);
  buffers_.emplace(memory, std::move(fresh));
  *buffer = memory;
  return CS_OK;
}

cs_error_t Connection::FreeBuffer(void* buffer) {
  const std::lock_guard lock(buffers_mutex_);
  return buffers_.erase(buffer) == 1 ? CS_OK : CS_ERR_INVALID_PARAM;
}

cs_error_t Connection::MulticastBuffer(uint32_t guarantee, void* buffer,
                                       size_t size) {
  {
    const std::lock_guard lock(buffers_mutex_);
    const auto found = buffers_.find(buffer);
    if (found == buffers_.end() || size > found->second.size) {
      return CS_ERR_INVALID_PARAM;
    }
  }
  const iovec piece = {.iov_base = buffer, .iov_len = size};
  return Multicast(guarantee, {&piece, 1});
}

}  // namespace cpgcert::reference
