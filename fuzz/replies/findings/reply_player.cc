#include "fuzz/replies/findings/reply_player.h"

#include <fmt/core.h>
#include <malloc.h>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "fuzz/campaign/finding.h"
#include "fuzz/replies/reply_input.h"
#include "fuzz/replies/reply_owed.h"
#include "fuzz/replies/reply_session.h"

// Of the sanitizers, which have a heap of their own.
extern "C" __attribute__((weak)) size_t
__sanitizer_get_current_allocated_bytes();

namespace cpgcert::fuzz {

namespace {

constexpr uint8_t kStale[] = {0x00, 0x5a};
constexpr char kStaleMemory[] =
    "a result that depends on what lay in memory before";

// The heap's memory that is in use.
size_t HeapSize() {
  if (__sanitizer_get_current_allocated_bytes != nullptr) {
    return __sanitizer_get_current_allocated_bytes();
  }
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

struct Input {
  std::vector<ReplyRecord> records;
  std::vector<OwedReply> owed;
};

PlayedReplies PlayOver(const harness::CpgApi& api, const Input& input,
                       uint8_t stale) {
  // What is allocated has other contents each time, too.
  mallopt(M_PERTURB, stale == kStale[0] ? 0x11 : 0x22);
  return PlayReplies(api, input.records, input.owed, stale);
}

// Every session more keeps as much as the one before.
size_t LeakOf(const harness::CpgApi& api, const Input& input) {
  // More than the seven blocks of one size that the heap counts as in use
  // when they have been freed.
  constexpr size_t kSessions = 16;
  size_t least = SIZE_MAX;
  size_t before = 0;
  for (size_t i = 0; i <= kSessions && least > 0; ++i) {
    PlayOver(api, input, kStale[0]);
    const size_t size = HeapSize();
    if (i > 0) least = std::min(least, size > before ? size - before : 0);
    before = size;
  }
  return least;
}

// What follows "owed: " in a problem, up to what follows "came: ".
Wrong WrongOf(std::string_view damage, Call call, std::string_view problem) {
  constexpr std::string_view kOwed = "owed: ";
  constexpr std::string_view kCame = "came: ";
  Wrong wrong{.damage = std::string(damage), .part = NameOf(call)};
  const size_t owed = problem.find(kOwed);
  const size_t came = problem.find(kCame);
  if (owed == std::string_view::npos || came == std::string_view::npos) {
    wrong.owed = "as the service has answered\n";
    wrong.came = problem;
  } else {
    wrong.owed =
        problem.substr(owed + kOwed.size(), came - owed - kOwed.size());
    wrong.came = problem.substr(came + kCame.size());
  }
  return wrong;
}

// Nothing that it has allocated is left then, but for what is wrong.
Wrong PlayTwice(const harness::CpgApi& api, const Input& input) {
  const PlayedReplies first = PlayOver(api, input, kStale[0]);
  if (!first.problem.empty()) {
    return WrongOf(NameOf(first.kind), first.call, first.problem);
  }
  const PlayedReplies second = PlayOver(api, input, kStale[1]);
  if (!second.problem.empty()) {
    return WrongOf(NameOf(second.kind), second.call, second.problem);
  }
  if (first == second) return {};
  return WrongOf(kStaleMemory, CallOfDifference(first, second),
                 DescribeDifference(first, second));
}

}  // namespace

Wrong PlayReplyInput(const harness::CpgApi& api, const std::string& input) {
  Input parsed{.records = ParseReplyInput(input), .owed = {}};
  parsed.owed = OwedForAll(parsed.records);
  const size_t before = HeapSize();
  Wrong wrong = PlayTwice(api, parsed);
  if (!wrong.ok()) return wrong;
  // The first session may keep what is used again by all others.
  if (HeapSize() > before) {
    if (const size_t leak = LeakOf(api, parsed); leak > 0) {
      return {.damage = kLeakDamage,
              .owed = "no more memory in use after cpg_finalize\n",
              .came = fmt::format("{} bytes more, each time\n", leak)};
    }
  }
  return {};
}

int SeverityOf(const std::string& damage) {
  const std::vector<std::string> all = {kLeakDamage,
                                        NameOf(ReplyProblem::kUnowedError),
                                        kStaleMemory,
                                        NameOf(ReplyProblem::kWrongValue),
                                        NameOf(ReplyProblem::kOtherIteration),
                                        NameOf(ReplyProblem::kUnowedSuccess),
                                        NameOf(ReplyProblem::kNotTaken),
                                        NameOf(ReplyProblem::kDescriptors),
                                        NameOf(ReplyProblem::kNotClosed),
                                        NameOf(ReplyProblem::kMemoryBefore),
                                        "hang",
                                        "crash"};
  return static_cast<int>(std::ranges::find(all, damage) - all.begin());
}

}  // namespace cpgcert::fuzz
