// A service to which clients send requests: what request_decoder plays its
// inputs on.

#ifndef CPGCERT_FUZZ_REQUESTS_REQUEST_SERVICE_H_
#define CPGCERT_FUZZ_REQUESTS_REQUEST_SERVICE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cpgcert::fuzz {

// What a client has done to others; without a damage, nothing.
struct RequestDamage {
  std::string damage{};  // a few words: "the service dies"
  std::string part{};    // of what, where several are told apart
  std::string owed{};
  std::string came{};
  bool ok() const { return damage.empty(); }
  bool operator==(const RequestDamage&) const = default;
};

// Connections are numbers of the caller's choice, from 0 to 7. Once the service
// has ended or does not answer, every method returns at once, with nothing.
class RequestService {
 public:
  static constexpr int kConnectionsMax = 8;

  enum class Outcome : uint8_t {
    kReply,
    kNone,    // it has been dealt with, and there is no reply
    kClosed,  // by the service
    kLost,    // there is no service any more: see Loss()
  };
  struct Answer {
    Outcome outcome = Outcome::kLost;
    std::string reply{};
  };

  // What its process has; zeros if it has none of its own.
  struct Look {
    size_t descriptors = 0;
    size_t resident_bytes = 0;
  };

  RequestService() = default;
  virtual ~RequestService() = default;
  RequestService(const RequestService&) = delete;
  RequestService& operator=(const RequestService&) = delete;

  // A new service, without any connection. "" or why there is none.
  virtual std::string Start() = 0;

  // `size_max` is of the longest request, reply and event. False if it is
  // refused or the service is lost.
  virtual bool Connect(int connection, size_t size_max) = 0;
  virtual void Close(int connection) = 0;
  // Does not wait for what a multicast leads to.
  virtual Answer Send(int connection, std::string_view request) = 0;
  // The next event. With `wait`, nothing only if the connection is closed or
  // the service lost.
  virtual std::optional<std::string> TakeEvent(int connection, bool wait) = 0;

  // Waits until it is asleep: it has dealt with everything.
  virtual void WaitIdle() = 0;
  virtual Look LookAtProcess() = 0;
  // How it was lost: it has ended, runs without end, or does not answer.
  virtual RequestDamage Loss() = 0;
  // Where clients make files that it can open; "" if it opens none.
  virtual std::string Folder() const = 0;
};

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_REQUESTS_REQUEST_SERVICE_H_
