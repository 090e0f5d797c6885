#include "harness/trace/trace_log.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <new>

namespace cpgcert::harness {

namespace {

// Before each line; the line is padded to the next header.
struct Header {
  std::atomic<uint32_t> size;     // of the line
  std::atomic<uint32_t> written;  // 1 once the line is whole
};

size_t Padded(size_t size) {
  return (size + alignof(Header) - 1) / alignof(Header) * alignof(Header);
}

}  // namespace

struct TraceLog::Shared {
  std::atomic<uint64_t> used{0};  // may exceed the room
  alignas(Header) std::byte room[kBytesMax];

  Header* HeaderAt(size_t at) {
    return std::launder(reinterpret_cast<Header*>(room + at));
  }
  char* LineAt(size_t at) {
    return reinterpret_cast<char*>(room + at + sizeof(Header));
  }
};

TraceLog::TraceLog() {
  void* memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory != MAP_FAILED) {
    shared_ = static_cast<Shared*>(memory);  // zeroes are its initial state
  }
}

TraceLog::~TraceLog() {
  if (shared_ != nullptr) {
    munmap(shared_, sizeof(Shared));
  }
}

void TraceLog::Append(std::string_view line) {
  if (shared_ == nullptr) {
    return;
  }
  const size_t size = sizeof(Header) + Padded(line.size());
  const size_t at = shared_->used.fetch_add(size);
  if (at > kBytesMax || kBytesMax - at < size) {
    return;
  }
  Header* header = shared_->HeaderAt(at);
  header->size.store(static_cast<uint32_t>(line.size()));
  std::memcpy(shared_->LineAt(at), line.data(), line.size());
  header->written.store(1);
}

size_t TraceLog::Walk(std::string* text) const {
  const size_t end = std::min<size_t>(shared_->used.load(), kBytesMax);
  size_t at = 0;
  while (at + sizeof(Header) <= end) {
    Header* header = shared_->HeaderAt(at);
    const size_t size = header->size.load();
    if (header->written.load() != 1 || size > end - at - sizeof(Header)) {
      break;
    }
    if (text != nullptr) {
      text->append(shared_->LineAt(at), size);
      *text += '\n';
    }
    at += sizeof(Header) + Padded(size);
  }
  return at;
}

std::string TraceLog::Text() const {
  std::string text;
  if (shared_ != nullptr) {
    Walk(&text);
  }
  return text;
}

bool TraceLog::incomplete() const {
  return shared_ == nullptr || Walk(nullptr) != shared_->used.load();
}

}  // namespace cpgcert::harness
