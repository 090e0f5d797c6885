#include "fuzz/findings/outcome.h"

#include <corosync/cpg.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "fuzz/support/callback_trace.h"

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

// An entry of a trace: a kind, then numbers and counted bytes, as
// callback_trace_test and outcome_test hold fast.
struct Entry {
  char kind = 0;
  size_t size = 0;  // of all of it
  std::vector<std::string_view> parts{};
};

// The parts of each kind: a number of 4 bytes, or counted bytes.
std::string_view LayoutOf(char kind) {
  switch (kind) {
    case 'M':
      return "bnnb";
    case 'C':
      return "bbbb";
    case 'T':
      return "nnnb";
    default:
      return "b";
  }
}

Entry FirstEntry(std::string_view trace) {
  if (trace.empty()) return {};
  Entry entry{.kind = trace[0], .size = 1};
  for (const char part : LayoutOf(entry.kind)) {
    size_t size = sizeof(uint32_t);
    if (part == 'b') {
      uint32_t count = 0;
      std::memcpy(&count, trace.data() + entry.size, sizeof(count));
      entry.size += sizeof(count);
      size = count;
    }
    entry.parts.push_back(trace.substr(entry.size, size));
    entry.size += size;
  }
  return entry;
}

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

std::string DifferentInLists(const Entry& owed, const Entry& came) {
  for (size_t i = 1; i < owed.parts.size(); ++i) {
    if (Processes(owed.parts[i]) != Processes(came.parts[i])) return "lists";
  }
  return owed.parts == came.parts ? "" : "reasons";
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
    const Entry came = FirstEntry(rest);
    const bool same_kind = came.kind == callback[0];
    if (owed[i].callback_optional && (rest.empty() || !same_kind)) continue;
    Outcome outcome;
    if (rest.empty()) {
      outcome = Shown(Damage::kMissingCallback, callback, "");
    } else if (HasSilentEvent(owed, matched, i) &&
               (rest.substr(came.size).starts_with(callback) || !same_kind)) {
      outcome = Shown(Damage::kUnowedCallback, "", rest.substr(0, came.size));
    } else {
      outcome =
          Shown(Damage::kWrongCallback, callback, rest.substr(0, came.size));
      outcome.part = DifferentPart(callback, rest.substr(0, came.size));
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

std::string DifferentPart(std::string_view owed, std::string_view came) {
  static constexpr std::array kMessage = {"group", "sender", "sender",
                                          "message"};
  static constexpr std::array kTotem = {"ring", "ring", "ring", "nodes"};
  const Entry one = FirstEntry(owed);
  const Entry other = FirstEntry(came);
  if (one.kind != other.kind) return "callback";
  if (one.kind == 'C' && one.parts[0] == other.parts[0]) {
    return DifferentInLists(one, other);
  }
  for (size_t i = 0; i < one.parts.size(); ++i) {
    if (one.parts[i] == other.parts[i]) continue;
    if (one.kind == 'F') return "callback";
    return one.kind == 'M'   ? kMessage.at(i)
           : one.kind == 'T' ? kTotem.at(i)
                             : "group";
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
