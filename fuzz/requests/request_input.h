// The input of request_decoder: what clients send to a service.
//
// Records, one after the other:
//
//   action      1 byte, modulo 4: see RequestAction
//   connection  1 byte, modulo 3: whose; it is made when it is first used, and
//               again after it was closed
//   filled      1 byte, modulo 4: see Filled
//   length      4 bytes, little endian
//   bytes       so many, or as many as are left
//
// Every file is an input: what is left of a record that has no room for its
// header is ignored. What is longer than kRequestInputMax is cut.
//
// A client can send no request of no bytes: such a record is ignored when it is
// played. A path that is not filled in
// leads to a folder of the player.

#ifndef CPGCERT_FUZZ_REQUESTS_REQUEST_INPUT_H_
#define CPGCERT_FUZZ_REQUESTS_REQUEST_INPUT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cpgcert::fuzz {

inline constexpr size_t kRequestInputMax = size_t{128} * 1024;

enum class RequestAction : uint8_t {
  kSend = 0,  // the bytes, as a request; its reply is taken, if it has one
  kClose = 1,
  // The bytes into the connection's newest area for zero copy, behind the
  // area's own header; nothing if it has none.
  kWrite = 2,
  kTakeEvents = 3,  // all that wait
};
inline constexpr int kRequestActions = 4;

// A value that only the service knows, and that the player puts in:
//
//   iteration next, finalize      the field "iteration"
//   zero copy free, execute       the field "server_address"
//   zero copy allocate            the field "path"
enum class Filled : uint8_t {
  kNothing = 0,  // the bytes are sent as they are
  // The newest that this connection was given and has not given back; a path:
  // of a new file of the size that the request asks for.
  kOwn = 1,
  // One that an honest client has; a path: of a file that is not the client's.
  kOthers = 2,
  // The newest that it has given back; a path: of a file that is gone.
  kSpent = 3,
};
inline constexpr int kFillings = 4;

inline constexpr int kRequestConnections = 3;

struct RequestRecord {
  RequestAction action = RequestAction::kSend;
  uint8_t connection = 0;
  Filled filled = Filled::kNothing;
  std::string bytes{};
  bool operator==(const RequestRecord&) const = default;
};
using RequestRecords = std::vector<RequestRecord>;

RequestRecords ParseRequestInput(std::string_view input);

std::string BuildRequestInput(const RequestRecords& records);

// A line for each record, with its fields as far as the bytes reach.
std::string DescribeRequestInput(const RequestRecords& records);

// The process that the client on a connection says it is.
constexpr uint32_t ProcessOf(int connection) {
  constexpr uint32_t kFirst = 101;
  return kFirst + static_cast<uint32_t>(connection);
}

// An honest member that is there when an input is played.
inline constexpr char kNeighbourGroup[] = "group";
inline constexpr uint32_t kNeighbourProcess = 202;

// "join request"; "unknown request" for an id that no request has, and for
// bytes that end before it.
std::string RequestKind(std::string_view bytes);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_REQUESTS_REQUEST_INPUT_H_
