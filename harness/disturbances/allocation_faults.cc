#include "harness/disturbances/allocation_faults.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "harness/trace/trace.h"

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define CPGCERT_HAS_ALLOCATION_FAULTS 0
#else
#define CPGCERT_HAS_ALLOCATION_FAULTS 1
#endif

namespace cpgcert::harness {

namespace {

// Of one thread; without a constructor, so that it may be used at any time.
struct State {
  bool watching;
  bool fired;
  int requests;
  int fail_at;
  const std::function<void()>* pause;  // instead of failing, if not null
  int64_t blocks;
  int64_t mapped_bytes;
};

constinit thread_local State state{};

#if CPGCERT_HAS_ALLOCATION_FAULTS

constexpr size_t kPageSize = 4096;  // no smaller page exists

bool Watches() { return state.watching && !trace::DoesOwnWork(); }

// Counts a request; true if it is the one that must fail.
bool MustFail() {
  if (!Watches()) [[likely]] {
    return false;
  }
  if (++state.requests != state.fail_at) {
    return false;
  }
  state.fired = true;
  if (state.pause != nullptr) {
    state.watching = false;
    (*state.pause)();
    state.watching = true;
    return false;
  }
  errno = ENOMEM;
  return true;
}

// Counts a block that was got; passes it on.
void* Got(void* block) {
  if (block != nullptr && Watches()) {
    ++state.blocks;
  }
  return block;
}

void GivenBack(const void* block) {
  if (block != nullptr && Watches()) {
    --state.blocks;
  }
}

int64_t WholePages(size_t size) {
  return static_cast<int64_t>((size + kPageSize - 1) / kPageSize * kPageSize);
}

#endif

}  // namespace

bool AllocationWatch::Available() { return CPGCERT_HAS_ALLOCATION_FAULTS != 0; }

AllocationWatch::AllocationWatch() {
  state = State{};
  state.watching = true;
}

AllocationWatch::~AllocationWatch() { state = State{}; }

void AllocationWatch::FailRequest(int number) {
  state.requests = 0;
  state.fail_at = number;
  state.fired = false;
  state.pause = nullptr;
}

void AllocationWatch::PauseAtRequest(int number,
                                     const std::function<void()>& pause) {
  if (trace::Replaying()) {
    return;  // the library makes none
  }
  FailRequest(number);
  state.pause = &pause;
}

bool AllocationWatch::fired() const { return state.fired; }
int AllocationWatch::requests() const { return state.requests; }
int64_t AllocationWatch::blocks() const { return state.blocks; }
int64_t AllocationWatch::mapped_bytes() const { return state.mapped_bytes; }

}  // namespace cpgcert::harness

#if CPGCERT_HAS_ALLOCATION_FAULTS

using cpgcert::harness::GivenBack;
using cpgcert::harness::Got;
using cpgcert::harness::MustFail;
using cpgcert::harness::state;
using cpgcert::harness::Watches;
using cpgcert::harness::WholePages;

extern "C" {

// The C library's own, under the names that it keeps for programs that define
// malloc themselves.
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* block, size_t size);
void* __libc_memalign(size_t alignment, size_t size);
void __libc_free(void* block);

void* malloc(size_t size) noexcept {
  return MustFail() ? nullptr : Got(__libc_malloc(size));
}

void* calloc(size_t count, size_t size) noexcept {
  return MustFail() ? nullptr : Got(__libc_calloc(count, size));
}

void* realloc(void* block, size_t size) noexcept {
  if (MustFail()) {
    return nullptr;
  }
  void* moved = __libc_realloc(block, size);
  if (block == nullptr) {
    return Got(moved);
  }
  if (size == 0) {
    GivenBack(block);
  }
  return moved;
}

void* aligned_alloc(size_t alignment, size_t size) noexcept {
  return MustFail() ? nullptr : Got(__libc_memalign(alignment, size));
}

void* memalign(size_t alignment, size_t size) noexcept {
  return MustFail() ? nullptr : Got(__libc_memalign(alignment, size));
}

int posix_memalign(void** block, size_t alignment, size_t size) noexcept {
  const bool power_of_two =
      alignment != 0 && (alignment & (alignment - 1)) == 0;
  if (!power_of_two || alignment % sizeof(void*) != 0) {
    return EINVAL;
  }
  void* got = MustFail() ? nullptr : Got(__libc_memalign(alignment, size));
  if (got == nullptr) {
    return ENOMEM;
  }
  *block = got;
  return 0;
}

void free(void* block) noexcept {
  GivenBack(block);
  __libc_free(block);
}

void* mmap(void* address, size_t size, int protection, int flags, int file,
           off_t offset) noexcept {
  if (MustFail()) {
    return MAP_FAILED;
  }
  const long mapped =
      syscall(SYS_mmap, address, size, protection, flags, file, offset);
  // One that replaces pages adds none, if the caller had them: the only safe
  // use of it.
  if (Watches() && mapped != -1 && (flags & MAP_FIXED) == 0) {
    state.mapped_bytes += WholePages(size);
  }
  return reinterpret_cast<void*>(mapped);
}

void* mmap64(void* address, size_t size, int protection, int flags, int file,
             off64_t offset) noexcept {
  return mmap(address, size, protection, flags, file, offset);
}

int munmap(void* address, size_t size) noexcept {
  const int result = static_cast<int>(syscall(SYS_munmap, address, size));
  if (Watches() && result == 0) {
    state.mapped_bytes -= WholePages(size);
  }
  return result;
}

}  // extern "C"

#endif
