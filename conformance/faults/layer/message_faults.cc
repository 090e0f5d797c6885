// Faults of what the deliver callback is given.

#include <cstdint>
#include <cstring>

#include "conformance/faults/layer/layer.h"

namespace cpgcert::faults {
namespace {

// What fits into one IPC request; anything longer went in fragments.
constexpr size_t kAtomicSizeMax = 1048576 - 1024;

// A copy of the message, `offset` bytes off the alignment of 8.
class Copy {
 public:
  explicit Copy(const Delivery& original, size_t offset = 0)
      : bytes_(original.length / 8 + 2), delivery_(original) {
    delivery_.message = reinterpret_cast<char*>(bytes_.data()) + offset;
    if (original.length != 0) {
      std::memcpy(delivery_.message, original.message, original.length);
    }
  }
  unsigned char* data() {
    return static_cast<unsigned char*>(delivery_.message);
  }
  const Delivery& delivery() const { return delivery_; }

 private:
  std::vector<uint64_t> bytes_;
  Delivery delivery_;
};

}  // namespace

class LosesOneEvent : public Layer {
  void Deliver(Connection& connection, const Delivery& delivery) override {
    if (++connection.messages_delivered == 2) return;
    RunCallback(connection, delivery);
  }
};
CPGCERT_PLANT(LosesOneEvent)

class DoublesOneEvent : public Layer {
  void Deliver(Connection& connection, const Delivery& delivery) override {
    if (++connection.messages_delivered == 2) {
      // The callback may write into the message and may finalize: the first
      // run gets a copy, and the second only happens on a live connection.
      const Copy copy(delivery);
      RunCallback(connection, copy.delivery());
      if (connection.finalized) return;
    }
    RunCallback(connection, delivery);
  }
};
CPGCERT_PLANT(DoublesOneEvent)

class AltersAMessage : public Layer {
  void Deliver(Connection& connection, const Delivery& delivery) override {
    // An empty message cannot be altered and does not count.
    if (delivery.length == 0) return RunCallback(connection, delivery);
    const unsigned number = ++connection.messages_delivered;
    if (number != 2 && !(number == 1 && delivery.length > kAtomicSizeMax)) {
      return RunCallback(connection, delivery);
    }
    Copy copy(delivery);
    copy.data()[delivery.length / 2] ^= 0x01;
    RunCallback(connection, copy.delivery());
  }
};
CPGCERT_PLANT(AltersAMessage)

class TruncatesFragmentedMessage : public Layer {
  void Deliver(Connection& connection, const Delivery& delivery) override {
    Delivery shorter = delivery;
    if (delivery.length > kAtomicSizeMax) shorter.length -= 1000;
    RunCallback(connection, shorter);
  }
};
CPGCERT_PLANT(TruncatesFragmentedMessage)

class EmptyMessageLost : public Layer {
  void Deliver(Connection& connection, const Delivery& delivery) override {
    if (delivery.length != 0) RunCallback(connection, delivery);
  }
};
CPGCERT_PLANT(EmptyMessageLost)

class MessageMisaligned : public Layer {
  void Deliver(Connection& connection, const Delivery& delivery) override {
    const Copy copy(delivery, 1);
    RunCallback(connection, copy.delivery());
  }
};
CPGCERT_PLANT(MessageMisaligned)

class MessageFromWrongSender : public Layer {
  void Deliver(Connection& connection, const Delivery& delivery) override {
    Delivery wrong = delivery;
    ++wrong.pid;
    RunCallback(connection, wrong);
  }
};
CPGCERT_PLANT(MessageFromWrongSender)

class MessageDuringLeaveLost : public Layer {
  void Deliver(Connection& connection, const Delivery& delivery) override {
    if (!connection.leaving) RunCallback(connection, delivery);
  }

  void Change(Connection& connection,
              const ConfigurationChange& change) override {
    for (const cpg_address& address : change.left) {
      if (address.pid == static_cast<uint32_t>(connection.joined_pid)) {
        connection.leaving = false;
      }
    }
    RunCallback(connection, change);
  }
};
CPGCERT_PLANT(MessageDuringLeaveLost)

}  // namespace cpgcert::faults
