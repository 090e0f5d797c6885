// Faults of what becomes of a message between the call and the service.

#include <signal.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <functional>
#include <vector>

#include "conformance/faults/layer/layer.h"

namespace cpgcert::faults {
namespace {

// What fits into one IPC request; anything longer went in fragments.
constexpr size_t kAtomicSizeMax = 1048576 - 1024;

size_t SizeOf(const iovec* pieces, unsigned int piece_count) {
  size_t size = 0;
  for (unsigned int i = 0; i < piece_count; ++i) size += pieces[i].iov_len;
  return size;
}

bool IsLarge(const iovec* pieces, unsigned int piece_count) {
  return SizeOf(pieces, piece_count) > kAtomicSizeMax;
}

// A layer over the send alone.
class Sends : public Layer {
 public:
  cs_error_t Multicast(cpg_handle_t handle, Connection* connection,
                       cpg_guarantee_t guarantee, const iovec* pieces,
                       unsigned int piece_count) override {
    const auto send = [&](const iovec* these, unsigned int count) {
      return Layer::Multicast(handle, connection, guarantee, these, count);
    };
    if (connection == nullptr) return send(pieces, piece_count);
    return Send(*connection, guarantee, pieces, piece_count, send);
  }

 protected:
  using SendReal = std::function<cs_error_t(const iovec*, unsigned int)>;
  virtual cs_error_t Send(Connection& connection, cpg_guarantee_t guarantee,
                          const iovec* pieces, unsigned int piece_count,
                          const SendReal& send) = 0;
};

}  // namespace

class FifoRefused : public Sends {
  cs_error_t Send(Connection&, cpg_guarantee_t guarantee, const iovec* pieces,
                  unsigned int piece_count, const SendReal& send) override {
    if (guarantee == CPG_TYPE_FIFO) return CS_ERR_NOT_SUPPORTED;
    return send(pieces, piece_count);
  }
};
CPGCERT_PLANT(FifoRefused)

class MessageOfStrangerCrashes : public Sends {
  cs_error_t Send(Connection& connection, cpg_guarantee_t, const iovec* pieces,
                  unsigned int piece_count, const SendReal& send) override {
    if (!connection.joined && !IsLarge(pieces, piece_count)) raise(SIGSEGV);
    return send(pieces, piece_count);
  }
};
CPGCERT_PLANT(MessageOfStrangerCrashes)

class FragmentsOfStrangerCrash : public Sends {
  cs_error_t Send(Connection& connection, cpg_guarantee_t, const iovec* pieces,
                  unsigned int piece_count, const SendReal& send) override {
    if (!connection.joined && IsLarge(pieces, piece_count)) raise(SIGSEGV);
    return send(pieces, piece_count);
  }
};
CPGCERT_PLANT(FragmentsOfStrangerCrash)

class RetriedMessageDoubled : public Sends {
  cs_error_t Send(Connection& connection, cpg_guarantee_t, const iovec* pieces,
                  unsigned int piece_count, const SendReal& send) override {
    const cs_error_t result = send(pieces, piece_count);
    if (result == CS_ERR_TRY_AGAIN) connection.done = true;
    if (result == CS_OK && connection.done.exchange(false)) {
      send(pieces, piece_count);
    }
    return result;
  }
};
CPGCERT_PLANT(RetriedMessageDoubled)

class TryAgainForEver : public Sends {
  cs_error_t Send(Connection& connection, cpg_guarantee_t, const iovec* pieces,
                  unsigned int piece_count, const SendReal& send) override {
    if (connection.done) return CS_ERR_TRY_AGAIN;
    const cs_error_t result = send(pieces, piece_count);
    if (result == CS_ERR_TRY_AGAIN) connection.done = true;
    return result;
  }
};
CPGCERT_PLANT(TryAgainForEver)

class MessageBeforeChangeLost : public Sends {
  cs_error_t Send(Connection& connection, cpg_guarantee_t, const iovec* pieces,
                  unsigned int piece_count, const SendReal& send) override {
    const bool early =
        connection.joined && connection.configuration_changes == 0;
    return early ? CS_OK : send(pieces, piece_count);
  }
  void Change(Connection& connection,
              const ConfigurationChange& change) override {
    ++connection.configuration_changes;
    RunCallback(connection, change);
  }
};
CPGCERT_PLANT(MessageBeforeChangeLost)

class PiecesReversed : public Sends {
  cs_error_t Send(Connection&, cpg_guarantee_t, const iovec* pieces,
                  unsigned int piece_count, const SendReal& send) override {
    std::vector<iovec> reversed(pieces, pieces + piece_count);
    std::reverse(reversed.begin(), reversed.end());
    return send(reversed.data(), piece_count);
  }
};
CPGCERT_PLANT(PiecesReversed)

class PiecesBeyond32Lost : public Sends {
  cs_error_t Send(Connection&, cpg_guarantee_t, const iovec* pieces,
                  unsigned int piece_count, const SendReal& send) override {
    return send(pieces, std::min(piece_count, 32U));
  }
};
CPGCERT_PLANT(PiecesBeyond32Lost)

class MessageScribbledOver : public Sends {
  cs_error_t Send(Connection&, cpg_guarantee_t, const iovec* pieces,
                  unsigned int piece_count, const SendReal& send) override {
    const cs_error_t result = send(pieces, piece_count);
    for (unsigned int i = 0; i < piece_count; ++i) {
      if (pieces[i].iov_len > 0) {
        std::memset(pieces[i].iov_base, 0, 1);
      }
    }
    return result;
  }
};
CPGCERT_PLANT(MessageScribbledOver)

class LastByteOfFullPieceLost : public Sends {
  cs_error_t Send(Connection&, cpg_guarantee_t, const iovec* pieces,
                  unsigned int piece_count, const SendReal& send) override {
    std::vector<iovec> shorter(pieces, pieces + piece_count);
    if (SizeOf(pieces, piece_count) == kAtomicSizeMax + 1 &&
        shorter.back().iov_len > 0) {
      --shorter.back().iov_len;
    }
    return send(shorter.data(), piece_count);
  }
};
CPGCERT_PLANT(LastByteOfFullPieceLost)

class FailedFragmentReportedAsOk : public Sends {
  cs_error_t Send(Connection&, cpg_guarantee_t, const iovec* pieces,
                  unsigned int piece_count, const SendReal& send) override {
    const cs_error_t result = send(pieces, piece_count);
    return IsLarge(pieces, piece_count) ? CS_OK : result;
  }
};
CPGCERT_PLANT(FailedFragmentReportedAsOk)

class BusyTransportReportedAsOk : public Sends {
  cs_error_t Send(Connection&, cpg_guarantee_t, const iovec* pieces,
                  unsigned int piece_count, const SendReal& send) override {
    const cs_error_t result = send(pieces, piece_count);
    const bool busy =
        IsLarge(pieces, piece_count) && result == CS_ERR_TRY_AGAIN;
    return busy ? CS_OK : result;
  }
};
CPGCERT_PLANT(BusyTransportReportedAsOk)

// A large message of one sender is given the first bytes of the last large one
// of another.
class FragmentsOfSendersMixed : public Layer {
  void Deliver(Connection& connection, const Delivery& delivery) override {
    if (delivery.length > kAtomicSizeMax) {
      const std::lock_guard lock(connection.mutex);
      if (last_sender_ != 0 && last_sender_ != delivery.pid) {
        std::memcpy(delivery.message, head_, sizeof head_);
      } else {
        std::memcpy(head_, delivery.message, sizeof head_);
      }
      last_sender_ = delivery.pid;
    }
    RunCallback(connection, delivery);
  }

  uint32_t last_sender_ = 0;
  char head_[64] = {};
};
CPGCERT_PLANT(FragmentsOfSendersMixed)

class MaxAtomicSizeChanges : public Layer {
  cs_error_t MaxAtomicSizeGet(cpg_handle_t handle, uint32_t* size) override {
    const cs_error_t result = Layer::MaxAtomicSizeGet(handle, size);
    if (result == CS_OK) *size -= ++calls_;
    return result;
  }
  std::atomic<uint32_t> calls_ = 0;
};
CPGCERT_PLANT(MaxAtomicSizeChanges)

class ZeroCopyBadHandleCrashes : public Layer {
  cs_error_t ZeroCopyAllocate(cpg_handle_t handle, size_t size,
                              void** buffer) override {
    if (ConnectionTable::Get().Find(handle) == nullptr) raise(SIGSEGV);
    return Layer::ZeroCopyAllocate(handle, size, buffer);
  }
};
CPGCERT_PLANT(ZeroCopyBadHandleCrashes)

class ZeroCopyTooLongReportedAsSent : public Layer {
  cs_error_t ZeroCopyMulticast(cpg_handle_t handle, cpg_guarantee_t guarantee,
                               void* message, size_t length) override {
    const cs_error_t result =
        Layer::ZeroCopyMulticast(handle, guarantee, message, length);
    const bool too_long = length > kAtomicSizeMax &&
                          result != CS_ERR_BAD_HANDLE &&
                          result != CS_ERR_TRY_AGAIN;
    return too_long ? CS_OK : result;
  }
};
CPGCERT_PLANT(ZeroCopyTooLongReportedAsSent)

class SixtyThreePiecesCrash : public Sends {
  cs_error_t Send(Connection&, cpg_guarantee_t, const iovec* pieces,
                  unsigned int piece_count, const SendReal& send) override {
    if (piece_count == 63) raise(SIGSEGV);
    return send(pieces, piece_count);
  }
};
CPGCERT_PLANT(SixtyThreePiecesCrash)

}  // namespace cpgcert::faults
