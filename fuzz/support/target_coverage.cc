#include "fuzz/support/target_coverage.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

#include "fuzz/coverage/coverage.h"

// libFuzzer's; absent where it is not linked.
extern "C" __attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t* data,
                                                         size_t size,
                                                         size_t size_max);

namespace cpgcert::fuzz {

void StartCoverage(const TargetOptions& options) {
  if (LLVMFuzzerMutate == nullptr || !options.cover_blocks) return;
  const std::string why_not = coverage::Start(options.library);
  const std::string text =
      why_not.empty() ? coverage::Describe().text : "no coverage: " + why_not;
  std::fprintf(stderr, "%s\n", text.c_str());
}

}  // namespace cpgcert::fuzz
