#include "conformance/dispatch/owed.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>

#include "harness/cpg_api.h"

namespace cpgcert::conformance::dispatch {

namespace {

const std::vector<Type> kOne = {Type::kOne};
const std::vector<Type> kAll = {Type::kAll};
const std::vector<Type> kBlocking = {Type::kBlocking};
const std::vector<Type> kOneNonblocking = {Type::kOneNonblocking};
const std::vector<Type> kInvalid = {Type::kInvalid0, Type::kInvalid5,
                                    Type::kInvalidMinus1};
const std::vector<Type> kEvery = {Type::kOne,          Type::kAll,
                                  Type::kBlocking,     Type::kOneNonblocking,
                                  Type::kInvalid0,     Type::kInvalid5,
                                  Type::kInvalidMinus1};

constexpr bool kBlocks = true;
constexpr bool kReturns = false;

const Outcome kRefused = {kReturns, {CS_ERR_INVALID_PARAM}, Ran::kNone};

using S = Situation;

// clang-format off
std::vector<OwedRow> OwedToOne() {
  return {
      // "Dispatch atleast one callback, blocking until the callback is
      // dispatched."
      {S::kNothingWaits, kOne, {{kBlocks, {}, Ran::kNone}},
       "cpg_dispatch(3), CS_DISPATCH_ONE: blocking until"},
      {S::kCallbackWaits, kOne, {{kReturns, {CS_OK}, Ran::kFirstOrMore}},
       "cpg_dispatch(3), CS_DISPATCH_ONE: atleast one callback"},
      // The page does not say what an event is for which the caller
      // registered no callback: it may end the call, or be passed over.
      {S::kSilentThenCallback, kOne,
       {{kReturns, {CS_OK}, Ran::kFirstOrMore},
        {kReturns, {CS_OK}, Ran::kNone}},
       "cpg_dispatch(3), CS_DISPATCH_ONE; silent on missing callbacks"},
      {S::kSilentFragmentsThenCallback, kOne,
       {{kReturns, {CS_OK}, Ran::kFirstOrMore},
        {kReturns, {CS_OK}, Ran::kNone}},
       "cpg_dispatch(3), CS_DISPATCH_ONE; silent on missing callbacks"},
      {S::kOnlySilent, kOne,
       {{kReturns, {CS_OK}, Ran::kNone}, {kBlocks, {}, Ran::kNone}},
       "cpg_dispatch(3), CS_DISPATCH_ONE; silent on missing callbacks"},
      // A part of a message is no callback: the caller registered one for the
      // message, and is owed it.
      {S::kFragmentsThenMessage, kOne,
       {{kReturns, {CS_OK}, Ran::kFirstOrMore}},
       "cpg_dispatch(3), CS_DISPATCH_ONE: atleast one callback"},
  };
}

std::vector<OwedRow> OwedToAll() {
  return {
      // "Dispatch all waiting callbacks without blocking to wait for any
      // callbacks."
      {S::kNothingWaits, kAll, {{kReturns, {CS_OK}, Ran::kNone}},
       "cpg_dispatch(3), CS_DISPATCH_ALL"},
      {S::kCallbackWaits, kAll, {{kReturns, {CS_OK}, Ran::kAll}},
       "cpg_dispatch(3), CS_DISPATCH_ALL: all waiting callbacks"},
      {S::kSilentThenCallback, kAll, {{kReturns, {CS_OK}, Ran::kAll}},
       "cpg_dispatch(3), CS_DISPATCH_ALL: all waiting callbacks"},
      {S::kOnlySilent, kAll, {{kReturns, {CS_OK}, Ran::kNone}},
       "cpg_dispatch(3), CS_DISPATCH_ALL"},
      // Later fragments, and what follows them, may not wait yet: the service
      // hands them over as the connection gets room.
      {S::kFragmentsThenMessage, kAll,
       {{kReturns, {CS_OK}, Ran::kAnyNumber}},
       "cpg_dispatch(3), CS_DISPATCH_ALL: waiting"},
      {S::kSilentFragmentsThenCallback, kAll,
       {{kReturns, {CS_OK}, Ran::kAnyNumber}},
       "cpg_dispatch(3), CS_DISPATCH_ALL: waiting"},
  };
}

std::vector<OwedRow> OwedToBlocking() {
  return {
      // "Dispatch all callbacks, blocking indefinitely."
      {S::kNothingWaits, kBlocking, {{kBlocks, {}, Ran::kNone}},
       "cpg_dispatch(3), CS_DISPATCH_BLOCKING: blocking indefinitely"},
      {S::kCallbackWaits, kBlocking, {{kBlocks, {}, Ran::kAll}},
       "cpg_dispatch(3), CS_DISPATCH_BLOCKING: all callbacks"},
      {S::kSilentThenCallback, kBlocking, {{kBlocks, {}, Ran::kAll}},
       "cpg_dispatch(3), CS_DISPATCH_BLOCKING: all callbacks"},
      {S::kSilentFragmentsThenCallback, kBlocking,
       {{kBlocks, {}, Ran::kAll}},
       "cpg_dispatch(3), CS_DISPATCH_BLOCKING: all callbacks"},
      {S::kOnlySilent, kBlocking, {{kBlocks, {}, Ran::kNone}},
       "cpg_dispatch(3), CS_DISPATCH_BLOCKING: blocking indefinitely"},
      {S::kFragmentsThenMessage, kBlocking, {{kBlocks, {}, Ran::kAll}},
       "cpg_dispatch(3), CS_DISPATCH_BLOCKING: all callbacks"},
  };
}

std::vector<OwedRow> OwedToOneNonblocking() {
  return {
      // "Dispatch at most one callback. If there is no pending callback,
      // CS_ERR_TRY_AGAIN is returned."
      {S::kNothingWaits, kOneNonblocking,
       {{kReturns, {CS_ERR_TRY_AGAIN}, Ran::kNone}},
       "cpg_dispatch(3), CS_DISPATCH_ONE_NONBLOCKING: CS_ERR_TRY_AGAIN"},
      {S::kCallbackWaits, kOneNonblocking,
       {{kReturns, {CS_OK}, Ran::kFirst}},
       "cpg_dispatch(3), CS_DISPATCH_ONE_NONBLOCKING: at most one callback"},
      {S::kSilentThenCallback, kOneNonblocking,
       {{kReturns, {CS_OK}, Ran::kNone}, {kReturns, {CS_OK}, Ran::kFirst}},
       "cpg_dispatch(3), CS_DISPATCH_ONE_NONBLOCKING: at most one callback"},
      {S::kOnlySilent, kOneNonblocking,
       {{kReturns, {CS_OK, CS_ERR_TRY_AGAIN}, Ran::kNone}},
       "cpg_dispatch(3), CS_DISPATCH_ONE_NONBLOCKING"},
      {S::kSilentFragmentsThenCallback, kOneNonblocking,
       {{kReturns, {CS_OK, CS_ERR_TRY_AGAIN}, Ran::kNone},
        {kReturns, {CS_OK}, Ran::kFirst}},
       "cpg_dispatch(3), CS_DISPATCH_ONE_NONBLOCKING: at most one callback"},
      {S::kFragmentsThenMessage, kOneNonblocking,
       {{kReturns, {CS_OK, CS_ERR_TRY_AGAIN}, Ran::kNone},
        {kReturns, {CS_OK}, Ran::kFirst}},
       "cpg_dispatch(3), CS_DISPATCH_ONE_NONBLOCKING: at most one callback"},
  };
}

std::vector<OwedRow> OwedToInvalid() {
  return {
      // No page says what an invalid type does. Refused, or as BLOCKING.
      {S::kNothingWaits, kInvalid, {kRefused, {kBlocks, {}, Ran::kNone}},
       "observed in corosync 3.1.7; quorum_dispatch(3)"},
      {S::kCallbackWaits, kInvalid, {kRefused, {kBlocks, {}, Ran::kAll}},
       "observed in corosync 3.1.7; quorum_dispatch(3)"},
      {S::kSilentThenCallback, kInvalid, {kRefused, {kBlocks, {}, Ran::kAll}},
       "observed in corosync 3.1.7; quorum_dispatch(3)"},
      {S::kSilentFragmentsThenCallback, kInvalid,
       {kRefused, {kBlocks, {}, Ran::kAll}},
       "observed in corosync 3.1.7; quorum_dispatch(3)"},
      {S::kOnlySilent, kInvalid, {kRefused, {kBlocks, {}, Ran::kNone}},
       "observed in corosync 3.1.7; quorum_dispatch(3)"},
      {S::kFragmentsThenMessage, kInvalid,
       {kRefused, {kBlocks, {}, Ran::kAll}},
       "observed in corosync 3.1.7; quorum_dispatch(3)"},
  };
}

std::vector<OwedRow> OwedAfterFinalize() {
  return {
      // "Once the connection is finalized, the handle may not be used again."
      {S::kBadHandle, kEvery,
       {{kReturns, {CS_ERR_BAD_HANDLE}, Ran::kNone}},
       "cpg_finalize(3), DESCRIPTION; the code is observed"},

      // "No more callbacks will be dispatched from the cpg_dispatch function."
      // No page says what the enclosing call answers.
      {S::kFinalizedByCallback,
       {Type::kOne, Type::kAll, Type::kBlocking, Type::kOneNonblocking},
       {{kReturns, {CS_OK, CS_ERR_BAD_HANDLE}, Ran::kFirst}},
       "cpg_finalize(3), DESCRIPTION: no more callbacks"},
      {S::kFinalizedByCallback, kInvalid,
       {kRefused, {kReturns, {CS_OK, CS_ERR_BAD_HANDLE}, Ran::kFirst}},
       "cpg_finalize(3), DESCRIPTION: no more callbacks"},
  };
}
// clang-format on

}  // namespace

const std::vector<OwedRow>& OwedTable() {
  static const std::vector<OwedRow> table = [] {
    std::vector<OwedRow> rows;
    for (const auto& part :
         {OwedToOne(), OwedToAll(), OwedToBlocking(), OwedToOneNonblocking(),
          OwedToInvalid(), OwedAfterFinalize()}) {
      rows.insert(rows.end(), part.begin(), part.end());
    }
    return rows;
  }();
  return table;
}

const OwedRow& OwedFor(Type type, Situation situation) {
  const auto& table = OwedTable();
  const auto found = std::ranges::find_if(table, [&](const OwedRow& row) {
    return row.situation == situation &&
           std::ranges::find(row.types, type) != row.types.end();
  });
  if (found == table.end()) {
    std::abort();  // owed_test covers the whole product
  }
  return *found;
}

Situation SituationOf(const std::vector<Event>& waiting) {
  if (waiting.empty()) {
    return Situation::kNothingWaits;
  }
  if (waiting.front().has_callback) {
    return Situation::kCallbackWaits;
  }
  const bool any = std::ranges::any_of(waiting, &Event::has_callback);
  if (!any) {
    return Situation::kOnlySilent;
  }
  const auto first = std::ranges::find_if(waiting, &Event::has_callback);
  const bool only_fragments = std::all_of(
      waiting.begin(), first,
      [](const Event& event) { return event.kind == Event::Kind::kFragment; });
  if (waiting.front().kind != Event::Kind::kFragment) {
    return Situation::kSilentThenCallback;
  }
  return only_fragments ? Situation::kFragmentsThenMessage
                        : Situation::kSilentFragmentsThenCallback;
}

bool Matches(Ran ran, size_t count, size_t all) {
  switch (ran) {
    case Ran::kNone:
      return count == 0;
    case Ran::kFirst:
      return count == 1;
    case Ran::kFirstOrMore:
      return count >= 1;
    case Ran::kAll:
      return count == all;
    case Ran::kAnyNumber:
      return true;
  }
  return false;
}

std::string Describe(const std::vector<Outcome>& allowed) {
  std::string text;
  for (const Outcome& outcome : allowed) {
    std::string codes;
    for (const cs_error_t code : outcome.codes) {
      codes += (codes.empty() ? "" : " or ") + harness::ErrorName(code);
    }
    std::string_view ran;
    switch (outcome.ran) {
      case Ran::kNone:
        ran = "no callback";
        break;
      case Ran::kFirst:
        ran = "exactly the first callback";
        break;
      case Ran::kFirstOrMore:
        ran = "the first callback at least";
        break;
      case Ran::kAll:
        ran = "all callbacks";
        break;
      case Ran::kAnyNumber:
        ran = "what waited";
        break;
    }
    text += fmt::format("{}{}, having run {}", text.empty() ? "" : "; or ",
                        outcome.blocks ? "sleeps" : "returns " + codes, ran);
  }
  return text;
}

}  // namespace cpgcert::conformance::dispatch
