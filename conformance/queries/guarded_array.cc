#include "conformance/queries/guarded_array.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstring>

#include "conformance/case.h"

namespace cpgcert::conformance::queries {

namespace {

constexpr unsigned char kPattern = 0xC3;
// As many pages as the longest reply of the service fills, and more.
constexpr size_t kGuardPages = 8;

// What the handler knows; one array at a time.
uintptr_t guard_begin = 0;
size_t guard_size = 0;
volatile sig_atomic_t touched = 0;

// A touch of the guard opens it; any other fault stays what it is.
void OpenGuard(int number, siginfo_t* info, void* /*context*/) {
  const auto address = reinterpret_cast<uintptr_t>(info->si_addr);
  if (address < guard_begin || address >= guard_begin + guard_size ||
      touched != 0) {
    signal(number, SIG_DFL);
    return;  // and happens again
  }
  touched = 1;
  void* guard = reinterpret_cast<void*>(guard_begin);  // NOLINT
  mprotect(guard, guard_size, PROT_READ | PROT_WRITE);
  std::memset(guard, kPattern, guard_size);
}

}  // namespace

GuardedArray::GuardedArray(int entries) : count_(entries) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t size = sizeof(cpg_address) * entries;
  room_ = (size / page + 1) * page;
  guard_size = kGuardPages * page;
  void* memory = mmap(nullptr, room_ + guard_size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    CaseContext::Untested("cannot map memory for the array");
  }
  memory_ = static_cast<unsigned char*>(memory);
  std::memset(memory_, kPattern, room_);
  mprotect(memory_ + room_, guard_size, PROT_NONE);
  guard_begin = reinterpret_cast<uintptr_t>(memory_ + room_);
  touched = 0;
  entries_ = reinterpret_cast<cpg_address*>(memory_ + room_ - size);
  spare_.emplace(entries_, size + guard_size);
  struct sigaction action{};
  action.sa_sigaction = OpenGuard;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGSEGV, &action, nullptr);
}

GuardedArray::~GuardedArray() {
  signal(SIGSEGV, SIG_DFL);
  munmap(memory_, room_ + guard_size);
}

size_t GuardedArray::Changed(const unsigned char* begin,
                             const unsigned char* end) const {
  return std::count_if(begin, end,
                       [](unsigned char byte) { return byte != kPattern; });
}

size_t GuardedArray::BytesBeyond() const {
  const auto* begin = reinterpret_cast<const unsigned char*>(entries_);
  size_t bytes = Changed(memory_, begin);
  if (touched != 0) {
    // Counted up to the last one: a byte may be written and look unwritten.
    const unsigned char* guard = memory_ + room_;
    const unsigned char* last = guard + guard_size;
    while (last > guard && last[-1] == kPattern) {
      --last;
    }
    bytes += std::max<size_t>(last - guard, 1);
  }
  return bytes;
}

int GuardedArray::TouchedFrom(int first) const {
  int entries = 0;
  for (int i = first; i < count_; ++i) {
    const auto* entry = reinterpret_cast<const unsigned char*>(entries_ + i);
    entries += Changed(entry, entry + sizeof(cpg_address)) > 0 ? 1 : 0;
  }
  return entries;
}

}  // namespace cpgcert::conformance::queries
