// Does nothing with its input: what libFuzzer's own loop costs.

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* /*data*/,
                                      size_t /*size*/) {
  return 0;
}
