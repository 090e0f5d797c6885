#include "fuzz/calls/owed_results.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "harness/cpg_api.h"

namespace cpgcert::fuzz {

namespace {

using Reach = HandleState::Reach;
using Member = HandleState::Member;

constexpr size_t kPiecesOwed = 16;  // as POSIX owes of writev(2)

bool IsTooLong(std::string_view name) {
  return name.size() > CPG_MAX_NAME_LENGTH;
}

OwedResult BadHandle(const char* requirement = "HND-01") {
  return {.requirement = requirement, .errors = {CS_ERR_BAD_HANDLE}};
}

OwedResult BadArgument(const HandleState& handle, const char* requirement,
                       std::initializer_list<cs_error_t> errors) {
  OwedResult owed{.requirement = requirement, .errors = errors};
  if (!handle.open) {
    owed.requirement = "HND-04";
    owed.errors.push_back(CS_ERR_BAD_HANDLE);
  }
  return owed;
}

OwedResult LongName(const HandleState& handle, const char* requirement) {
  return BadArgument(handle, requirement,
                     {CS_ERR_NAME_TOO_LONG, CS_ERR_INVALID_PARAM});
}

// What the service said, or that it could not be asked.
OwedResult AsTheServiceSays(const HandleState& handle, const CallRecord& record,
                            const char* requirement) {
  if (record.answered.has_value()) {
    const auto answer = static_cast<cs_error_t>(*record.answered);
    if (answer != CS_OK) {
      return {.requirement = "ERR-01",
              .any_error = handle.reach != Reach::kLive,
              .errors = {answer}};
    }
    return {.requirement = requirement,
            .ok = true,
            .any_error = handle.reach != Reach::kLive};
  }
  if (handle.reach == Reach::kCut) {
    return {.requirement = "ERR-02", .any_error = true};
  }
  return {.requirement = requirement,
          .any_error = handle.IsHeldBack() || record.disturbed};
}

}  // namespace

bool IsServiceError(cs_error_t result) {
  constexpr std::array kInvented = {CS_ERR_QUEUE_FULL, CS_ERR_SECURITY,
                                    CS_ERR_VERSION, CS_ERR_INIT};
  const int code = result;
  return ((code > CS_OK && code <= CS_ERR_CONTEXT_NOT_FOUND) ||
          code == CS_ERR_TOO_MANY_GROUPS) &&
         std::ranges::find(kInvented, result) == kInvented.end();
}

bool OwedResult::Allows(cs_error_t result) const {
  if (result == CS_OK) return ok;
  if (std::ranges::find(errors, result) != errors.end()) return true;
  const bool bad_handle =
      std::ranges::find(errors, CS_ERR_BAD_HANDLE) != errors.end();
  if (result == CS_ERR_TRY_AGAIN && !bad_handle) return true;
  return any_error && IsServiceError(result);
}

std::string OwedResult::Text() const {
  std::vector<std::string> all;
  if (ok) all.emplace_back("CS_OK");
  for (const cs_error_t error : errors) {
    all.push_back(harness::ErrorName(error));
  }
  if (any_error) all.emplace_back("an error");
  if (all.empty()) all.emplace_back("CS_ERR_TRY_AGAIN");
  return fmt::format("{}", fmt::join(all, " or "));
}

OwedResult OwedToInitialize(Model model, const CallRecord& record) {
  switch (model) {
    case Model::kOther:
      return {.requirement = "INIT-02", .errors = {CS_ERR_INVALID_PARAM}};
    case Model::kFlags2:
    case Model::kFlagsAll:
      return {.requirement = "INIT-03", .errors = {CS_ERR_INVALID_PARAM}};
    default:
      break;
  }
  if (record.connected > 0) return {.requirement = "INIT-01", .ok = true};
  return {.requirement = "INIT-05", .any_error = record.disturbed};
}

OwedResult OwedToLocalCall(const HandleState& handle) {
  if (!handle.open) return BadHandle();
  return {.requirement = "ERR-06",
          .ok = true,
          .any_error = handle.reach != Reach::kLive};
}

OwedResult OwedToJoin(const HandleState& handle, const std::string& name,
                      bool joined_elsewhere, const CallRecord& record) {
  if (IsTooLong(name)) return LongName(handle, "JOIN-05");
  if (!handle.open) return BadHandle();
  OwedResult owed = AsTheServiceSays(handle, record, "JOIN-01");
  const auto may_be_refused = [&owed](const char* requirement) {
    owed.requirement = requirement;
    owed.errors.push_back(CS_ERR_EXIST);
    owed.errors.push_back(CS_ERR_INVALID_PARAM);
  };
  if (handle.member == Member::kMember) {
    may_be_refused("JOIN-02");
    owed.ok = false;
  } else if (joined_elsewhere) {
    may_be_refused("JOIN-03");
    owed.ok = false;
  } else if (handle.member == Member::kLeft) {
    may_be_refused("JOIN-08");
  } else if (name.empty() && record.asked == 0) {
    owed.requirement = "JOIN-06";
    owed.any_error = true;
  }
  return owed;
}

OwedResult OwedToLeave(const HandleState& handle, const std::string& name,
                       const CallRecord& record) {
  if (!handle.open) {
    return IsTooLong(name) ? LongName(handle, "HND-04") : BadHandle();
  }
  if (handle.reach != Reach::kLive) {
    // Whether a join before came to the service may not be known.
    OwedResult owed = AsTheServiceSays(handle, record, "ERR-02");
    owed.any_error = true;
    return owed;
  }
  if (handle.member != Member::kMember) {
    return {.requirement = "LEAVE-02", .any_error = true};
  }
  OwedResult owed = AsTheServiceSays(handle, record, "LEAVE-01");
  if (IsTooLong(name)) {
    owed.requirement = "LEAVE-03";
    owed.errors.push_back(CS_ERR_NAME_TOO_LONG);
    owed.errors.push_back(CS_ERR_INVALID_PARAM);
  }
  return owed;
}

OwedResult OwedToMulticast(const HandleState& handle,
                           const MulticastArguments& arguments,
                           const CallRecord& record) {
  if (!handle.open) {
    OwedResult owed = BadHandle();
    // A buffer may be ordinary memory, and its handle looked at by nobody.
    owed.ok = arguments.zero_copy;
    return owed;
  }
  if (handle.member != Member::kMember) {
    return {.requirement = arguments.zero_copy  ? "ZCB-04"
                           : arguments.is_large ? "MCAST-04"
                                                : "MCAST-03",
            .ok = true,
            .any_error = true};
  }
  if (handle.reach == Reach::kCut) {
    return {.requirement = arguments.is_large ? "PART-07" : "ERR-02",
            .any_error = true};
  }
  const bool many = arguments.pieces > kPiecesOwed;
  const bool other_guarantee = arguments.guarantee != CPG_TYPE_AGREED &&
                               arguments.guarantee != CPG_TYPE_FIFO;
  OwedResult owed{.any_error =
                      handle.reach != Reach::kLive || many || other_guarantee};
  if (record.answered.value_or(CS_OK) != CS_OK) {
    owed.requirement = arguments.is_large ? "PART-02" : "ERR-01";
    owed.errors.push_back(static_cast<cs_error_t>(*record.answered));
  } else if (handle.flow_control > 0) {
    // Nobody says that flow control must hold back what libqb lets through.
    owed.requirement = "MCAST-06";
    owed.ok = !record.messages.empty();
    owed.any_error = owed.any_error || arguments.is_large;
  } else {
    owed.requirement = many                  ? "MCAST-09"
                       : other_guarantee     ? "MCAST-02"
                       : arguments.zero_copy ? "ZCB-01"
                       : arguments.is_large  ? "PART-01"
                                             : "MCAST-01";
    owed.ok = true;
    owed.any_error = owed.any_error || (record.disturbed && arguments.is_large);
  }
  return owed;
}

OwedResult OwedToMembership(const HandleState& handle,
                            const MembershipArguments& arguments,
                            const CallRecord& record) {
  if (!arguments.has_pointers) {
    OwedResult owed = BadArgument(handle, "MEMB-03", {CS_ERR_INVALID_PARAM});
    if (IsTooLong(arguments.name)) {
      owed.errors.push_back(CS_ERR_NAME_TOO_LONG);
    }
    return owed;
  }
  if (IsTooLong(arguments.name)) return LongName(handle, "JOIN-05");
  if (!handle.open) return BadHandle();
  OwedResult owed = AsTheServiceSays(handle, record, "MEMB-01");
  if (owed.ok && arguments.members > arguments.room) {
    owed.requirement = "MEMB-02";
    owed.any_error = true;
  }
  if (owed.ok && arguments.members == 0) {
    owed.errors.push_back(CS_ERR_NOT_EXIST);
  }
  return owed;
}

OwedResult OwedToLocalGet(const HandleState& handle, const CallRecord& record) {
  if (!handle.open) return BadHandle();
  OwedResult owed = AsTheServiceSays(handle, record, "LOCAL-01");
  // It may have asked before.
  owed.ok = owed.ok || (record.asked == 0 && handle.reach != Reach::kCut);
  return owed;
}

OwedResult OwedToFinalize(const HandleState& handle, const CallRecord& record) {
  if (!handle.open) return BadHandle("FIN-01");
  return {.requirement = "FIN-01",
          .ok = true,
          .any_error = handle.IsHeldBack() || record.disturbed};
}

OwedResult OwedToIterationInitialize(const HandleState& handle,
                                     const IterationArguments& arguments,
                                     const CallRecord& record) {
  const bool of_one_group = arguments.type == CPG_ITERATION_ONE_GROUP;
  const bool too_long =
      arguments.group != nullptr && IsTooLong(*arguments.group);
  const bool valid = arguments.has_result &&
                     arguments.type >= CPG_ITERATION_NAME_ONLY &&
                     arguments.type <= CPG_ITERATION_ALL &&
                     of_one_group == (arguments.group != nullptr);
  if (too_long) return LongName(handle, "ITER-01");
  if (!valid) return BadArgument(handle, "ITER-01", {CS_ERR_INVALID_PARAM});
  if (!handle.open) return BadHandle();
  return AsTheServiceSays(handle, record, "ITER-02");
}

OwedResult OwedToIterationNext(const HandleState& handle,
                               const IterationState& iteration,
                               bool has_description, const CallRecord& record) {
  if (!has_description) {
    OwedResult owed{.requirement = "ITER-05", .errors = {CS_ERR_INVALID_PARAM}};
    if (!iteration.open || iteration.in_doubt) {
      owed.errors.push_back(CS_ERR_BAD_HANDLE);
    }
    return owed;
  }
  if (!iteration.open) return BadHandle("ITER-05");
  if (iteration.in_doubt) {
    // It goes on if it was the service that did not end it, and still answers.
    return {.requirement = "ITER-06",
            .ok = iteration.left > 0 && handle.reach == Reach::kEnded,
            .any_error = true};
  }
  const bool held_back = handle.IsHeldBack() || record.disturbed;
  const bool refused = record.disturbed && record.answered.has_value();
  if (refused) {
    OwedResult owed = AsTheServiceSays(handle, record, "ITER-03");
    if (iteration.left == 0) owed.errors.push_back(CS_ERR_NO_SECTIONS);
    return owed;
  }
  OwedResult owed{.requirement = "ITER-03", .any_error = held_back};
  owed.ok = iteration.left > 0 && handle.reach != Reach::kCut;
  if (iteration.left == 0) owed.errors.push_back(CS_ERR_NO_SECTIONS);
  if (handle.reach == Reach::kCut) owed.requirement = "ITER-06";
  return owed;
}

OwedResult OwedToIterationFinalize(const HandleState& handle,
                                   const IterationState& iteration,
                                   const CallRecord& record) {
  if (!iteration.open) return BadHandle("ITER-05");
  if (iteration.in_doubt || handle.reach != Reach::kLive) {
    return {.requirement = "ITER-06", .ok = true, .any_error = true};
  }
  OwedResult owed = AsTheServiceSays(handle, record, "ERR-06");
  // It need not be told.
  owed.ok = owed.ok || record.asked == 0;
  return owed;
}

OwedResult OwedToZeroCopyAllocate(const HandleState& handle, bool is_huge,
                                  const CallRecord& record) {
  if (!handle.open) {
    return {.requirement = "ZCB-03",
            .ok = !is_huge,
            .any_error = is_huge,
            .errors = {CS_ERR_BAD_HANDLE}};
  }
  if (is_huge) return {.requirement = "ZCB-02", .any_error = true};
  OwedResult owed = AsTheServiceSays(handle, record, "ZCB-01");
  if (record.asked == 0) {
    owed.ok = true;
    owed.errors.push_back(CS_ERR_NOT_SUPPORTED);
  }
  return owed;
}

OwedResult OwedToZeroCopyFree(const HandleState& handle,
                              const CallRecord& record) {
  if (!handle.open) {
    return {.requirement = "ZCB-03",
            .ok = true,
            .any_error = true,
            .errors = {CS_ERR_BAD_HANDLE}};
  }
  OwedResult owed = AsTheServiceSays(handle, record, "ZCB-01");
  owed.ok = owed.ok || record.asked == 0;
  return owed;
}

namespace {

DispatchVerdict Owed(const char* requirement, const std::string& owed) {
  return {.requirement = requirement, .owed = owed};
}

DispatchVerdict JudgeDead(const DispatchFacts& facts, cs_error_t result) {
  // The last of what waited may end the call before it sees the end.
  const bool was_something =
      facts.callbacks > 0 ||
      (facts.any_event && facts.handle.reach == Reach::kEnded);
  const bool right =
      result == CS_ERR_LIBRARY ||
      (was_something && (result == CS_OK || result == CS_ERR_TRY_AGAIN));
  if (!right) return Owed("DISPATCH-09", "CS_ERR_LIBRARY");
  if (result == CS_ERR_LIBRARY && facts.handle.reach == Reach::kEnded &&
      !facts.all_taken && facts.callbacks == 0) {
    return Owed("DISPATCH-09", "CS_ERR_LIBRARY only once no event is left");
  }
  return {};
}

DispatchVerdict JudgeOneNonblocking(const DispatchFacts& facts,
                                    cs_error_t result) {
  if (facts.callbacks > 1) return Owed("DISPATCH-05", "one callback at most");
  if (facts.callbacks == 1) {
    return result == CS_OK ? DispatchVerdict{} : Owed("DISPATCH-05", "CS_OK");
  }
  if (facts.callback_first) return Owed("DISPATCH-05", "the callback, CS_OK");
  if (!facts.any_event) {
    return result == CS_ERR_TRY_AGAIN ? DispatchVerdict{}
                                      : Owed("DISPATCH-05", "CS_ERR_TRY_AGAIN");
  }
  const bool nothing_to_run = facts.in_fragments_first || !facts.any_callback;
  const bool right =
      result == CS_OK || (nothing_to_run && result == CS_ERR_TRY_AGAIN);
  return right ? DispatchVerdict{} : Owed("DISPATCH-05", "CS_OK");
}

}  // namespace

DispatchVerdict JudgeDispatch(const DispatchFacts& facts, cs_error_t result) {
  const bool invalid =
      facts.type < CS_DISPATCH_ONE || facts.type > CS_DISPATCH_ONE_NONBLOCKING;
  if (invalid && result == CS_ERR_INVALID_PARAM) {
    return facts.callbacks == 0 || facts.all_taken
               ? DispatchVerdict{}
               : Owed("ERR-06", "no callback, for the type was refused");
  }
  if (facts.finalized) {
    const bool right = result == CS_OK || result == CS_ERR_BAD_HANDLE;
    return right ? DispatchVerdict{}
                 : Owed("FIN-05", "CS_OK or CS_ERR_BAD_HANDLE");
  }
  if (!facts.handle.open) {
    return result == CS_ERR_BAD_HANDLE && facts.callbacks == 0
               ? DispatchVerdict{}
               : Owed("HND-01", "CS_ERR_BAD_HANDLE");
  }
  if (facts.reach_changed) return {};
  if (invalid || facts.type == CS_DISPATCH_BLOCKING) {
    const char* const requirement = invalid ? "DISPATCH-06" : "DISPATCH-04";
    if (result != CS_ERR_LIBRARY) return Owed(requirement, "CS_ERR_LIBRARY");
    const bool all = facts.all_taken || facts.handle.reach == Reach::kCut;
    return all ? DispatchVerdict{} : Owed(requirement, "all callbacks");
  }
  if (facts.type == CS_DISPATCH_ALL && !facts.all_taken &&
      facts.handle.reach != Reach::kCut) {
    return Owed("DISPATCH-03", "all waiting callbacks");
  }
  if (facts.handle.reach != Reach::kLive) return JudgeDead(facts, result);
  switch (facts.type) {
    case CS_DISPATCH_ALL:
      return result == CS_OK ? DispatchVerdict{} : Owed("DISPATCH-03", "CS_OK");
    case CS_DISPATCH_ONE:
      if (result != CS_OK) return Owed("DISPATCH-02", "CS_OK");
      return facts.callbacks > 0 || (facts.any_event && !facts.callback_first &&
                                     !facts.fragment_first)
                 ? DispatchVerdict{}
                 : Owed("DISPATCH-02", "at least one callback");
    default:
      return JudgeOneNonblocking(facts, result);
  }
}

}  // namespace cpgcert::fuzz
