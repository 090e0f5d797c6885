#include "fuzz/events/findings/runner.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "fuzz/events/event_session.h"
#include "fuzz/events/findings/asleep.h"
#include "fuzz/events/findings/heap.h"

namespace cpgcert::fuzz {

namespace {

using Json = nlohmann::json;

constexpr size_t kTextMax = 1500;
constexpr size_t kFillSize = 4096;
// Of what lies behind an event, and on the heap.
constexpr std::array<uint8_t, 2> kPatterns = {0x00, 0x5a};
constexpr uint8_t kHeapPattern = 0x11;
// Inputs of a batch that are taken apart before they are run.
constexpr size_t kPrepared = 32;

// One input, and what it owes.
class Play {
 public:
  Play(const harness::CpgApi& api, const Sequence& sequence)
      : api_(api), records_(RecordsOf(sequence)), owed_(OwedFor(records_)) {}

  // On the heap lies what LeaveBehind() put there, and the second time what
  // the first session has left.
  Outcome Twice(ChildRun::Voice* voice) const {
    const Played first = Over(kPatterns[0], voice);
    return JudgeTwice(owed_, first, Over(kPatterns[1], voice));
  }

  // The least that any of some sessions has kept.
  Outcome Leak(ChildRun::Voice* voice) const {
    constexpr int kSessions = 8;
    size_t least = SIZE_MAX;
    size_t before = heap::InUse();
    for (int i = 0; i <= kSessions && least > 0; ++i) {
      Over(kPatterns[0], voice);
      heap::LeaveBehind(kHeapPattern);
      const size_t size = heap::InUse();
      if (i > 0) least = std::min(least, size > before ? size - before : 0);
      before = size;
    }
    if (least == 0) return {};
    return {.damage = Damage::kLeak,
            .owed = "no more memory in use after cpg_finalize\n",
            .came = fmt::format("{} bytes more, each time\n", least),
            .later = true};
  }

 private:
  Played Over(uint8_t pattern, ChildRun::Voice* voice) const {
    voice->Begin();
    WatchForSleep();
    return PlayEvents(
        api_, records_, owed_,
        harness::StaleFill{.pattern = pattern, .size_max = kFillSize});
  }

  const harness::CpgApi& api_;
  std::vector<EventRecord> records_;
  std::vector<OwedEvent> owed_;
};

std::string Shortened(const std::string& text) {
  return text.size() <= kTextMax ? text : text.substr(0, kTextMax) + "...\n";
}

void Say(const Outcome& outcome, ChildRun::Voice* voice) {
  const Json said = {static_cast<int>(outcome.damage),
                     outcome.part,
                     outcome.event,
                     Shortened(outcome.owed),
                     Shortened(outcome.came),
                     outcome.later};
  voice->Say(said.dump(-1, ' ', true, Json::error_handler_t::replace));
}

Outcome OutcomeOf(const ChildEnd& end) {
  if (end.lost) {
    const bool sleeps = end.hung && end.death.starts_with("it sleeps");
    return {.damage = end.hung ? Damage::kHang : Damage::kCrash,
            .owed = "calls that return\n",
            .came = sleeps ? "it sleeps, and nothing will wake it\n"
                           : end.death + "\n",
            .where = end.where,
            .later = end.done > 0};
  }
  if (end.said.empty()) return {};
  const Json said = Json::parse(end.said);
  return {.damage = static_cast<Damage>(said.at(0).get<int>()),
          .part = said.at(1),
          .event = said.at(2),
          .owed = said.at(3),
          .came = said.at(4),
          .later = said.at(5)};
}

}  // namespace

Runner::Runner(const harness::CpgApi& api)
    : api_(api), child_(reinterpret_cast<const void*>(api.dispatch)) {}

Outcome Runner::Run(const Sequence& sequence, bool go_on) {
  return OutcomeOf(child_.Run([&](ChildRun::Voice* voice) {
    const Play play(api_, sequence);
    heap::LeaveBehind(kHeapPattern);
    Outcome outcome = play.Twice(voice);
    if (outcome.ok() && go_on) {
      voice->Done();
      outcome = play.Leak(voice);
    }
    if (!outcome.ok()) Say(outcome, voice);
  }));
}

Runner::BatchEnd Runner::RunBatch(std::span<const BatchInput> inputs,
                                  const Explained& explained) {
  const ChildEnd end = child_.Run([&](ChildRun::Voice* voice) {
    for (size_t begin = 0; begin < inputs.size(); begin += kPrepared) {
      // Made before, and kept, so that the heap is left alone in between.
      std::vector<Play> plays;
      plays.reserve(kPrepared);
      for (const BatchInput& input :
           inputs.subspan(begin, std::min(kPrepared, inputs.size() - begin))) {
        plays.emplace_back(api_, *input.sequence);
      }
      heap::LeaveBehind(kHeapPattern);
      size_t in_use = heap::InUse();
      for (size_t i = 0; i < plays.size(); ++i) {
        Outcome outcome = plays[i].Twice(voice);
        heap::LeaveBehind(kHeapPattern);
        const size_t now = heap::InUse();
        // A first session may keep what is used again by all others.
        if (outcome.ok() && !inputs[begin + i].may_leak && now > in_use) {
          outcome = plays[i].Leak(voice);
        }
        if (!outcome.ok() && !explained(begin + i, outcome)) {
          Say(outcome, voice);
          return;
        }
        in_use = heap::InUse();
        voice->Done();
      }
    }
  });
  return {.right = end.done, .wrong = OutcomeOf(end)};
}

}  // namespace cpgcert::fuzz
