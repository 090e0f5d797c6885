// Between an EventServer and its process. For the two of them only.

#ifndef CPGCERT_FUZZ_EVENTS_EVENT_CHANNEL_H_
#define CPGCERT_FUZZ_EVENTS_EVENT_CHANNEL_H_

#include <cstddef>
#include <cstdint>

namespace cpgcert::fuzz {

enum EventVerb : uint32_t {
  kSendEvent,      // the bytes
  kCountWaiting,   // the answer is their number
  kDisconnect,     //
  kAwaitAllClosed  // the answer comes once no connection is open
};

struct EventQuestion {
  uint32_t number;
  uint32_t verb;
  uint64_t size;  // of the bytes that follow
};

struct EventAnswer {
  uint64_t number;  // of the question
  uint64_t value;
};

// All of it, or false: the other end is gone.
bool WriteAll(int socket, const void* bytes, size_t size);
bool ReadAll(int socket, void* bytes, size_t size);

// The process of the server. Answers question number 0, which nobody asks,
// with 0 once it listens, or with an errno.
[[noreturn]] void RunEventServer(int socket);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_EVENTS_EVENT_CHANNEL_H_
