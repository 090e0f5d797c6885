// The input of event_decoder: what a service sends, and when the library is
// asked to look.
//
// Records, one after the other:
//
//   delivery  1 byte, modulo 5: see Delivery
//   length    4 bytes, little endian
//   event     so many bytes, or as many as are left
//
// Every file is an input: what is left of a record that has no room for its
// header is ignored. An event is cut to the 1 MiB that libqb carries.

#ifndef CPGCERT_FUZZ_EVENTS_EVENT_INPUT_H_
#define CPGCERT_FUZZ_EVENTS_EVENT_INPUT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cpgcert::fuzz {

// What is called once the event waits; the values of cs_dispatch_flags_t.
enum class Delivery : uint8_t {
  kQueue = 0,  // nothing: it waits for a later record, or for the end
  kOne = 1,
  kAll = 2,
  kBlocking = 3,  // takes all events that follow, and then the end
  kOneNonblocking = 4,
};
inline constexpr int kDeliveries = 5;

struct EventRecord {
  Delivery delivery = Delivery::kQueue;
  std::string_view event;  // bytes of the input
};

// Valid as long as `input` is.
std::vector<EventRecord> ParseEventInput(std::string_view input);

std::string BuildEventInput(const std::vector<EventRecord>& records);

// A line for each record, with its fields as far as the bytes reach.
std::string DescribeEventInput(const std::vector<EventRecord>& records);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_EVENTS_EVENT_INPUT_H_
