// Holding what was seen against what is owed, and saying so.

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "conformance/dispatch/cell_run.h"

namespace cpgcert::conformance::dispatch {

namespace {

using harness::CallState;

std::string TypeText(Type type) {
  switch (type) {
    case Type::kOne:
      return "CS_DISPATCH_ONE";
    case Type::kAll:
      return "CS_DISPATCH_ALL";
    case Type::kBlocking:
      return "CS_DISPATCH_BLOCKING";
    case Type::kOneNonblocking:
      return "CS_DISPATCH_ONE_NONBLOCKING";
    default:
      return fmt::format("{}", static_cast<int>(type));
  }
}

// Long lists are cut in the middle.
std::string Lines(const std::vector<std::string>& texts) {
  constexpr size_t kLinesMax = 12;
  constexpr size_t kEdge = 5;
  if (texts.empty()) {
    return "  nothing\n";
  }
  if (texts.size() <= kLinesMax) {
    return fmt::format("  {}\n", fmt::join(texts, "\n  "));
  }
  const auto begin = texts.begin();
  return fmt::format("  {}\n  ... {} more ...\n  {}\n",
                     fmt::join(begin, begin + kEdge, "\n  "),
                     texts.size() - 2 * kEdge,
                     fmt::join(texts.end() - kEdge, texts.end(), "\n  "));
}

std::string Lines(const std::vector<Event>& events) {
  std::vector<std::string> texts;
  for (const Event& event : events) {
    texts.push_back(event.text +
                    (event.has_callback || event.kind == Event::Kind::kFragment
                         ? ""
                         : " (no callback registered)"));
  }
  return Lines(texts);
}

std::map<std::string, int> Count(const std::vector<std::string>& texts) {
  std::map<std::string, int> counts;
  for (const std::string& text : texts) {
    ++counts[text];
  }
  return counts;
}

// The promise that the loss, doubling or change of an event breaks.
std::vector<std::string> PromiseOf(const std::string& text) {
  if (text.starts_with("totem")) {
    return {"TOTEM-02"};
  }
  if (text.starts_with("message large")) {
    return {"PART-01"};
  }
  if (text.starts_with("message")) {
    return {"MCAST-01", "LEAVE-05", "PART-01", "THR-01"};
  }
  if (text.find("left=[self:") != std::string::npos) {
    return {"LEAVE-01", "CONF-01", "CONF-02"};
  }
  if (text.find("joined=[self:") != std::string::npos) {
    return {"JOIN-01", "CONF-01", "CONF-02"};
  }
  return {"CONF-06", "CONF-01", "CONF-02", "JOIN-01", "LEAVE-01"};
}

}  // namespace

std::string CellRun::CallText() const {
  return fmt::format("cpg_dispatch(handle, {})", TypeText(cell_.type));
}

std::string CellRun::CameText(const Phase& phase) {
  std::string came;
  if (phase.state.kind == CallState::Kind::kReturned) {
    came =
        "returned " + harness::ErrorName(static_cast<cs_error_t>(code_.load()));
  } else {
    came = harness::Describe(phase.state);
  }
  std::vector<std::string> seen = scene_.RenderAll(scene_.subject());
  const size_t end = std::min(phase.before + phase.ran, seen.size());
  seen.assign(seen.begin() + static_cast<ptrdiff_t>(phase.before),
              seen.begin() + static_cast<ptrdiff_t>(end));
  return fmt::format("{}\ncallbacks that ran:\n{}", came, Lines(seen));
}

std::vector<std::string> CellRun::SpecificIds() const {
  const std::vector<std::string> all = RequirementsOf(cell_);
  std::vector<std::string> ids;
  switch (cell_.handle) {
    case Handle::kZero:
    case Handle::kNeverIssued:
    case Handle::kFinalized:
      return {"HND-01", "FIN-01"};
    case Handle::kFinalizedSlotReused:
      return {"HND-02"};
    case Handle::kFinalizedInCallback:
      return {"FIN-05"};
    default:
      break;
  }
  ids.push_back(all.front());
  for (const char* id : {"DISPATCH-07", "DISPATCH-11", "DISPATCH-14", "ERR-03",
                         "FIN-07", "THR-01", "PART-05"}) {
    ids.emplace_back(id);
  }
  return ids;
}

void CellRun::Fail(const std::vector<std::string>& ids,
                   const std::string& text) {
  const std::vector<std::string> own = RequirementsOf(cell_);
  bool named = false;
  for (const std::string& id : ids) {
    if (std::ranges::find(own, id) != own.end()) {
      context_.Fail(id, text);
      named = true;
    }
  }
  if (!named) {
    context_.Fail(own.front(), text);
  }
}

void CellRun::JudgePhase(const Phase& phase,
                         const std::vector<Outcome>& allowed) {
  const Situation situation = SituationIn(phase);
  const std::string text =
      fmt::format("call: {}\nwaiting or arriving:\n{}owed: {} ({})\ncame: {}",
                  CallText(), Lines(phase.events), Describe(allowed),
                  OwedFor(cell_.type, situation).source, CameText(phase));
  const bool blocks_legally = std::ranges::any_of(
      allowed, [](const Outcome& outcome) { return outcome.blocks; });
  switch (phase.state.kind) {
    case CallState::Kind::kPolling:
    case CallState::Kind::kSpinning:
      return Fail(blocks_legally ? std::vector<std::string>{"DISPATCH-16"}
                                 : SpecificIds(),
                  text);
    case CallState::Kind::kUndecided:
      throw CaseEnd(harness::Verdict::kInconclusive,
                    "the machine left the call no time: " + text);
    case CallState::Kind::kAsleep:
    case CallState::Kind::kEnded:
    case CallState::Kind::kReturned:
      break;
  }
  if (IsAllowed(phase, allowed)) {
    context_.Step(fmt::format("owed: {} ({})\ncame: {}", Describe(allowed),
                              OwedFor(cell_.type, situation).source,
                              CameText(phase)));
    return;
  }
  std::vector<std::string> ids = SpecificIds();
  if (cell_.type == Type::kOne && phase.ran == 0 &&
      SituationOf(phase.events) == Situation::kFragmentsThenMessage) {
    // The promise of ONE, wherever the call is made.
    ids = {RequirementsOf(cell_).front()};
  } else if (situation == Situation::kFinalizedByCallback && phase.ran > 1) {
    ids = {"FIN-06"};
  } else if (phase.state.kind == CallState::Kind::kAsleep && phase.woken) {
    ids.emplace_back("DISPATCH-16");  // the event did not wake it
  }
  Fail(ids, text);
}

void CellRun::JudgeRepeatedCodes(std::initializer_list<cs_error_t> allowed) {
  for (const int code : codes_) {
    if (std::ranges::find(allowed, static_cast<cs_error_t>(code)) ==
        allowed.end()) {
      Fail(SpecificIds(),
           fmt::format("call: {}, again and again\ncame: {}, which it never "
                       "owes here",
                       CallText(),
                       harness::ErrorName(static_cast<cs_error_t>(code))));
    }
  }
}

void CellRun::JudgeFrame(const std::vector<std::string>& seen) {
  for (const std::string& text : seen) {
    if (text.find(" {") != std::string::npos) {
      Fail({"DISPATCH-15"},
           fmt::format("call: {}\nowed: callbacks inside the call, with the "
                       "handle and group of their connection\ncame: {}",
                       CallText(), text));
    }
  }
}

void CellRun::CompareSequence(const std::vector<std::string>& expected,
                              const std::vector<std::string>& seen) {
  std::vector<std::string> plain = seen;
  for (std::string& text : plain) {
    text.resize(std::min(text.size(), text.find(" {")));
  }
  if (plain == expected) {
    return;
  }
  const std::string text = fmt::format(
      "over the whole case the connection owed these callbacks, in this "
      "order:\n{}came:\n{}",
      Lines(expected), Lines(seen));
  auto expected_counts = Count(expected);
  auto seen_counts = Count(plain);
  std::vector<std::string> ids;
  for (const auto& [event, count] : expected_counts) {
    if (seen_counts[event] != count) {
      const auto promise = PromiseOf(event);
      ids.insert(ids.end(), promise.begin(), promise.end());
    }
  }
  for (const auto& [event, count] : seen_counts) {
    if (!expected_counts.contains(event)) {
      const auto promise = PromiseOf(event);
      ids.insert(ids.end(), promise.begin(), promise.end());
    }
  }
  if (ids.empty()) {
    ids = {"ORD-03", "TOTEM-01", "LEAVE-05"};
  }
  if (code_ != 0 && code_ != CS_OK) {
    ids.emplace_back("ERR-06");
  }
  std::ranges::sort(ids);
  const auto repeated = std::ranges::unique(ids);
  ids.erase(repeated.begin(), repeated.end());
  Fail(ids, text);
}

}  // namespace cpgcert::conformance::dispatch
