#include "harness/verdict.h"

namespace cpgcert::harness {

std::string_view ToString(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return "pass";
    case Verdict::kUnsupported:
      return "unsupported";
    case Verdict::kUntested:
      return "untested";
    case Verdict::kInconclusive:
      return "inconclusive";
    case Verdict::kFail:
      return "fail";
    case Verdict::kCrash:
      return "crash";
    case Verdict::kHang:
      return "hang";
    case Verdict::kError:
      return "error";
  }
  return "error";
}

std::optional<Verdict> FromString(std::string_view text) {
  for (const Verdict verdict : kAllVerdicts) {
    if (text == ToString(verdict)) return verdict;
  }
  return std::nullopt;
}

}  // namespace cpgcert::harness
