// What inputs of request_decoder are played on: a service by name.

#ifndef CPGCERT_FUZZ_REQUESTS_REQUEST_TARGET_H_
#define CPGCERT_FUZZ_REQUESTS_REQUEST_TARGET_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/requests/request_service.h"

namespace cpgcert::fuzz {

struct PlayedInput {
  RequestDamage damage{};
  std::vector<uint16_t> behaviours{};  // RequestPlayer::behaviours
  RequestService::Look look{};         // at the service, afterwards
};

class RequestTarget {
 public:
  RequestTarget() = default;
  virtual ~RequestTarget() = default;
  RequestTarget(const RequestTarget&) = delete;
  RequestTarget& operator=(const RequestTarget&) = delete;

  // A damage "no service": it could not be played.
  virtual PlayedInput Play(std::string_view input) = 0;
  // "corosync 3.1.7"
  virtual std::string Name() const = 0;
};

// "scripted": the harness's own service of one node, in this process.
// "corosync": a real one, and its clients, in a worker (harness/namespaces.h).
// `spares` more of that wait for the damage that the one in use comes to: a
// new one takes some 150 ms until it serves. A process that is forked from this
// one may use it too, if nobody else does meanwhile. Null, and one line in
// *error, if there is none.
// REQUIRES, of "corosync": one thread.
std::unique_ptr<RequestTarget> MakeRequestTarget(std::string_view service,
                                                 int spares,
                                                 std::string* error);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_REQUESTS_REQUEST_TARGET_H_
