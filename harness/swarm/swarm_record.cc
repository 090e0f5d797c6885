#include "harness/swarm/swarm_record.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>

namespace cpgcert::harness {

namespace {

void Put(uint64_t value, std::string* bytes) {
  bytes->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

void Put(const std::string& text, std::string* bytes) {
  Put(text.size(), bytes);
  *bytes += text;
}

void Put(const std::vector<cpg_address>& list, std::string* bytes) {
  Put(list.size(), bytes);
  bytes->append(reinterpret_cast<const char*>(list.data()),
                list.size() * sizeof(cpg_address));
}

// Reads what Put wrote. The library under test shares the writer's memory, so
// nothing is taken for granted.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  uint64_t Number() {
    uint64_t value = 0;
    const std::string_view bytes = Take(sizeof(value));
    std::memcpy(&value, bytes.data(), bytes.size());
    return value;
  }
  std::string Text() { return std::string(Take(Number())); }
  std::vector<cpg_address> List() {
    const uint64_t count = Number();
    if (count > bytes_.size() / sizeof(cpg_address)) {
      ok_ = false;
      return {};
    }
    std::vector<cpg_address> list(count);
    const std::string_view bytes = Take(count * sizeof(cpg_address));
    if (!bytes.empty()) {
      std::memcpy(list.data(), bytes.data(), bytes.size());
    }
    return list;
  }
  bool ok() const { return ok_; }
  bool empty() const { return bytes_.empty() || !ok_; }

 private:
  std::string_view Take(uint64_t size) {
    if (!ok_ || size > bytes_.size()) {
      ok_ = false;
      return {};
    }
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }

  std::string_view bytes_;
  bool ok_ = true;
};

std::string Encode(const SwarmEvent& event) {
  std::string bytes;
  Put(static_cast<uint64_t>(event.kind), &bytes);
  Put(static_cast<uint64_t>(event.call), &bytes);
  Put(event.connection, &bytes);
  Put(event.text, &bytes);
  Put(event.size, &bytes);
  Put(event.result, &bytes);
  Put(event.group, &bytes);
  Put(event.node, &bytes);
  Put(event.process, &bytes);
  Put(event.members, &bytes);
  Put(event.left, &bytes);
  Put(event.joined, &bytes);
  return bytes;
}

SwarmEvent Decode(Reader* reader) {
  SwarmEvent event;
  event.kind = static_cast<SwarmEvent::Kind>(reader->Number());
  event.call = static_cast<SwarmEvent::Call>(reader->Number());
  event.connection = static_cast<uint32_t>(reader->Number());
  event.text = reader->Text();
  event.size = reader->Number();
  event.result = static_cast<cs_error_t>(reader->Number());
  event.group = reader->Text();
  event.node = static_cast<uint32_t>(reader->Number());
  event.process = static_cast<uint32_t>(reader->Number());
  event.members = reader->List();
  event.left = reader->List();
  event.joined = reader->List();
  return event;
}

}  // namespace

struct SwarmRecord::Shared {
  Progress progress;
  std::atomic<uint64_t> used{0};
  std::atomic<bool> full{false};

  char* bytes() { return reinterpret_cast<char*>(this + 1); }
};

SwarmRecord::SwarmRecord(size_t bytes_max) : bytes_max_(bytes_max) {
  void* memory =
      mmap(nullptr, sizeof(Shared) + bytes_max, PROT_READ | PROT_WRITE,
           MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    std::abort();
  }
  shared_ = new (memory) Shared;
}

SwarmRecord::~SwarmRecord() { munmap(shared_, sizeof(Shared) + bytes_max_); }

void SwarmRecord::Append(const SwarmEvent& event) {
  const std::string bytes = Encode(event);
  const uint64_t used = shared_->used.load(std::memory_order_relaxed);
  if (shared_->full || bytes.size() > bytes_max_ - used) {
    shared_->full = true;
    return;
  }
  std::memcpy(shared_->bytes() + used, bytes.data(), bytes.size());
  shared_->used.store(used + bytes.size(), std::memory_order_release);
}

std::vector<SwarmEvent> SwarmRecord::Events() const {
  const uint64_t used = shared_->used.load(std::memory_order_acquire);
  std::vector<SwarmEvent> events;
  Reader reader({shared_->bytes(), std::min<uint64_t>(used, bytes_max_)});
  while (!reader.empty()) {
    SwarmEvent event = Decode(&reader);
    if (!reader.ok()) {
      shared_->full = true;
      break;
    }
    events.push_back(std::move(event));
  }
  return events;
}

bool SwarmRecord::overflowed() const { return shared_->full; }

SwarmRecord::Progress& SwarmRecord::progress() const {
  return shared_->progress;
}

}  // namespace cpgcert::harness
