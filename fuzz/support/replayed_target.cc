// A fuzz target that does what its input says: what replay_test replays.

#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input == "wrong") std::abort();
  if (input == "crash") {
    volatile int* volatile nowhere = nullptr;
    *nowhere = 1;
  }
  if (input == "exit") std::exit(0);
  if (input == "free twice") {
    // What the C library aborts for.
    void* volatile memory = std::malloc(24);
    std::free(memory);
    std::free(memory);
  }
  if (input == "leak") {
    void* volatile memory = std::malloc(1000);
    static_cast<void>(memory);
  }
  if (input == "keep once") {
    static void* volatile memory = std::malloc(1000);
    static_cast<void>(memory);
  }
  if (input == "hang") {
    for (volatile int turn = 0;; turn = 1) static_cast<void>(turn);
  }
  if (input == "memory") {
    void* volatile memory = std::malloc(size_t{2} << 30);
    if (memory == nullptr) std::abort();
    std::free(memory);
  }
  return 0;
}
