#include "fuzz/events/findings/outcome.h"

#include <corosync/cpg.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "fuzz/events/callback_trace.h"

namespace cpgcert::fuzz {

namespace {

constexpr std::array<const char*, kDamages> kNames = {
    "nothing",
    "an error that is not owed",
    "no error for a malformed event",
    "a callback that does not come",
    "a callback with wrong contents",
    "memory that is never freed",
    "a callback that is not owed",
    "what lay in memory before is shown",
    "a connection that cannot be used to its end",
    "a call that does not return",
    "a crash",
};

constexpr std::array<const char*, kDamages> kShortNames = {
    "nothing", "unowed error", "error missing",   "callback missing",
    "wrong",   "leak",         "unowed callback", "stale memory",
    "session", "hang",         "crash",
};

// Addresses without their reasons.
std::vector<std::pair<uint32_t, uint32_t>> Processes(std::string_view list) {
  std::vector<std::pair<uint32_t, uint32_t>> processes;
  for (size_t at = 0; at < list.size(); at += sizeof(cpg_address)) {
    cpg_address address{};
    std::memcpy(&address, list.data() + at, sizeof(address));
    processes.emplace_back(address.nodeid, address.pid);
  }
  return processes;
}

std::string DifferentInLists(const TraceEntry& owed, const TraceEntry& came) {
  for (size_t i = 1; i < owed.arguments.size(); ++i) {
    if (Processes(owed.arguments[i].bytes) !=
        Processes(came.arguments[i].bytes)) {
      return "lists";
    }
  }
  return "reasons";
}

Outcome Shown(Damage damage, std::string_view owed, std::string_view came) {
  return {.damage = damage,
          .owed = owed.empty() ? "no callback\n" : DescribeTrace(owed),
          .came = came.empty() ? "no callback\n" : DescribeTrace(came)};
}

// An event before `end` that owes no callback could have made one.
bool HasSilentEvent(const std::vector<OwedEvent>& owed, size_t begin,
                    size_t end) {
  for (size_t i = begin; i < end; ++i) {
    if (owed[i].callback.empty() || owed[i].callback_optional) return true;
  }
  return false;
}

// What came is owed, but by an event after this one.
bool IsOfLaterEvent(const std::vector<OwedEvent>& owed, size_t event,
                    std::string_view rest) {
  return std::any_of(owed.begin() + static_cast<ptrdiff_t>(event) + 1,
                     owed.end(), [&](const OwedEvent& later) {
                       return !later.callback.empty() &&
                              rest.starts_with(later.callback);
                     });
}

Outcome OnCallbacks(const std::vector<OwedEvent>& owed,
                    std::string_view trace) {
  std::string_view rest = trace;
  size_t matched = 0;  // events up to here are accounted for
  for (size_t i = 0; i < owed.size(); ++i) {
    const std::string_view callback = owed[i].callback;
    if (callback.empty()) continue;
    if (rest.starts_with(callback)) {
      rest.remove_prefix(callback.size());
      matched = i + 1;
      continue;
    }
    const TraceEntry came = FirstEntry(rest);
    const bool same_kind = came.callback == FirstEntry(callback).callback;
    if (owed[i].callback_optional && (rest.empty() || !same_kind)) continue;
    Outcome outcome;
    if (rest.empty() || IsOfLaterEvent(owed, i, rest)) {
      outcome = Shown(Damage::kMissingCallback, callback, rest);
    } else if (HasSilentEvent(owed, matched, i) &&
               (rest.substr(came.bytes.size()).starts_with(callback) ||
                !same_kind)) {
      outcome = Shown(Damage::kUnowedCallback, "", came.bytes);
    } else {
      outcome = Shown(Damage::kWrongCallback, callback, came.bytes);
      outcome.part = DifferentPart(callback, came.bytes);
    }
    outcome.event = static_cast<int>(i);
    return outcome;
  }
  return rest.empty() ? Outcome{} : Shown(Damage::kUnowedCallback, "", rest);
}

}  // namespace

const char* NameOf(Damage damage) {
  return kNames.at(static_cast<size_t>(damage));
}

const char* ShortNameOf(Damage damage) {
  return kShortNames.at(static_cast<size_t>(damage));
}

std::string DifferentPart(std::string_view owed, std::string_view came) {
  const TraceEntry one = FirstEntry(owed);
  const TraceEntry other = FirstEntry(came);
  if (one.bytes == other.bytes) return "";
  if (one.callback != other.callback || one.callback == "false") {
    return "callback";
  }
  for (size_t i = 0; i < one.arguments.size(); ++i) {
    if (one.arguments[i].bytes == other.arguments[i].bytes) continue;
    const std::string_view name = one.arguments[i].name;
    if (name == "node" || name == "process") return "sender";
    if (name == "members" || name == "left" || name == "joined") {
      return DifferentInLists(one, other);
    }
    return std::string(name);
  }
  return "";
}

Outcome JudgePlayed(const std::vector<OwedEvent>& owed, const Played& played) {
  if (!played.problem.empty()) {
    return {.damage = Damage::kSession,
            .owed = "a connection that is served and ended\n",
            .came = played.problem + "\n"};
  }
  const std::string judged =
      Judge(owed, played.trace, played.errors, played.unclear_errors);
  if (judged.empty()) return {};
  Outcome outcome = OnCallbacks(owed, played.trace);
  if (!outcome.ok()) return outcome;
  const bool any_owed = std::ranges::any_of(
      owed, [](const OwedEvent& event) { return event.error_owed; });
  const bool missing = any_owed && played.errors == 0;
  return {
      .damage = missing ? Damage::kErrorMissing : Damage::kUnowedError,
      .owed = missing ? "a dispatch that fails\n" : "dispatches that succeed\n",
      .came = fmt::format("{} dispatches that fail\n", played.errors)};
}

Outcome JudgeTwice(const std::vector<OwedEvent>& owed, const Played& first,
                   const Played& second) {
  for (const Played* played : {&first, &second}) {
    if (Outcome outcome = JudgePlayed(owed, *played); !outcome.ok()) {
      return outcome;
    }
  }
  if (first == second) return {};
  Outcome outcome = Shown(Damage::kStaleMemory, first.trace, second.trace);
  outcome.part = DifferentPart(first.trace, second.trace);
  return outcome;
}

}  // namespace cpgcert::fuzz
