// The input of reply_decoder: calls, and what the service answers to each.
//
// Records, one after the other:
//
//   call       1 byte, modulo 10: see Call
//   at         1 byte, modulo 2: where an errno comes: 0 from sending the
//              request, 1 from receiving the reply
//   again      1 byte, modulo 4: what a library that asks again within the
//              call gets: 0 to 2 so many times the same, then an honest
//              reply; 3 always the same
//   parameter  2 bytes, little endian: of the call, see Call
//   length     4 bytes, little endian, signed: at least 0, the reply's; below,
//              an errno: its remainder by 134, or -1 where that is 0
//   reply      so many bytes, or as many as are left; none for an errno
//
// Every file is an input: what is left of a record that has no room for its
// header is ignored. A reply is cut to the 1 MiB that libqb carries; one of no
// bytes never comes.

#ifndef CPGCERT_FUZZ_REPLIES_REPLY_INPUT_H_
#define CPGCERT_FUZZ_REPLIES_REPLY_INPUT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cpgcert::fuzz {

// With what the parameter means, where it means something.
enum class Call : uint8_t {
  kConnect = 0,  // cpg_model_initialize; an errno refuses, a reply admits
  kJoin = 1,
  kLeave = 2,
  kMembership = 3,  // entries that the array has room for, modulo 400
  kLocalGet = 4,
  kIterationInitialize = 5,  // the type: modulo 3, 0 for all groups' names
  kIterationNext = 6,
  kIterationFinalize = 7,
  kMulticast = 8,  // of two fragments: modulo 2, the one that is answered so
  kFinalize = 9,
};
inline constexpr int kCalls = 10;
inline constexpr uint8_t kAlways = 3;  // of ReplyRecord::again
// Bytes of a record before its reply.
inline constexpr size_t kReplyRecordHeaderSize = 9;

enum class ErrorAt : uint8_t { kSend = 0, kReceive = 1 };

struct ReplyRecord {
  Call call = Call::kConnect;
  ErrorAt at = ErrorAt::kSend;
  uint8_t again = 0;         // 0 to kAlways
  uint16_t parameter = 0;    // within its modulus
  int32_t error = 0;         // a negative errno, or 0: the reply
  std::string_view reply{};  // bytes of the input
};

// The function's name: "cpg_join".
const char* NameOf(Call call);

// Valid as long as `input` is.
std::vector<ReplyRecord> ParseReplyInput(std::string_view input);

std::string BuildReplyInput(const std::vector<ReplyRecord>& records);

// A line for each record, with the reply's fields as far as the bytes reach.
std::string DescribeReplyInput(const std::vector<ReplyRecord>& records);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_REPLIES_REPLY_INPUT_H_
