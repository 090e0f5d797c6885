#include "fuzz/calls/systematic_programs.h"

#include <vector>

namespace cpgcert::fuzz {

namespace {

constexpr uint8_t kAll = 1;      // CS_DISPATCH_ALL, as an operand
constexpr uint8_t kHundred = 2;  // bytes

// Differs from another one only in which iteration it is, or in two things at
// once.
bool IsTold(const Operation& call) {
  if (call.action == Action::kIterationInitialize) {
    return IterationOf(call.what) != 0;
  }
  return call.action == Action::kMulticast && call.how % kPieces != 0 &&
         call.how / kPieces != 0;
}

// Each call, each operand with each value while the others are zero.
Program AllCalls() {
  Program calls;
  for (int number = 0; number < kActions; ++number) {
    const auto action = static_cast<Action>(number);
    if (!IsCall(action)) continue;
    const Operands operands = OperandsOf(action);
    calls.push_back({.action = action});
    for (uint8_t what = 1; what < operands.what; ++what) {
      calls.push_back({.action = action, .what = what});
    }
    for (uint8_t how = 1; how < operands.how; ++how) {
      calls.push_back({.action = action, .how = how});
    }
  }
  std::erase_if(calls, IsTold);
  return calls;
}

Program Disturbances() {
  Program all{{Action::kRefuseConnection},      {Action::kBusyTransport},
              {Action::kFlowControl, 0, 1},     {Action::kFlowControl, 0, 2},
              {Action::kEndConnection},         {Action::kCutConnection},
              {Action::kRefuseRequest, 0, 0, 1}};
  for (uint8_t error = 0; error < kErrors; ++error) {
    all.push_back({Action::kRefuseRequest, 0, error});
  }
  return all;
}

Program Together(const Program& begin, const Program& end) {
  Program program = begin;
  program.insert(program.end(), end.begin(), end.end());
  return program;
}

Program Connected(uint8_t callbacks) {
  return {{Action::kModelInitialize, 0, callbacks}};
}

Program Member(uint8_t callbacks) {
  return Together(Connected(callbacks), {{Action::kJoin}});
}

constexpr uint8_t kEverything = kDeliver | kChange | kTotem;

std::vector<Program> States() {
  const Program member =
      Together(Member(kEverything), {{Action::kDispatch, 0, kAll}});
  const Program with_all = Together(member, {{Action::kPeerJoin},
                                             {Action::kIterationInitialize},
                                             {Action::kZeroCopyAllocate}});
  return {
      {},
      Connected(kEverything),
      Member(kEverything),
      member,
      with_all,
      Together(member, {{Action::kLeave}, {Action::kDispatch, 0, kAll}}),
      Together(with_all, {{Action::kFinalize}}),
      Together(with_all, {{Action::kIterationNext},
                          {Action::kIterationFinalize},
                          {Action::kZeroCopyFree}}),
      Member(0),
      Together(Member(kEverything),
               {{Action::kMulticast, 0, 1}, {Action::kMulticast, 0, kHundred}}),
  };
}

// What makes callbacks, of all kinds.
std::vector<Program> Events() {
  const Operation fragment{Action::kPeerFragment, 0, kHundred};
  return {
      {{Action::kMulticast, 0, kHundred}, {Action::kMulticast, 0, 1}},
      {{Action::kPeerJoin},
       fragment,
       fragment,
       fragment,
       {Action::kInCallback},  // of the change: what follows is in the message
       {Action::kContextGet},
       fragment,
       {Action::kPeerLeave}},
      {{Action::kPeerJoin}, {Action::kPeerEnd}},
  };
}

}  // namespace

std::vector<Program> SystematicPrograms() {
  std::vector<Program> programs;
  const Program calls = AllCalls();
  const Operation dispatch{Action::kDispatch, 0, kAll};
  for (const Program& state : States()) {
    for (const Operation& call : calls) {
      programs.push_back(Together(state, {call, call, dispatch}));
    }
  }
  const Program ready =
      Together(Member(kEverything),
               {{Action::kIterationInitialize}, {Action::kZeroCopyAllocate}});
  for (const Operation& disturbance : Disturbances()) {
    for (const Operation& call : calls) {
      programs.push_back(
          Together(ready, {disturbance, call, call, dispatch, dispatch}));
    }
  }
  for (const Program& events : Events()) {
    for (const Operation& call : calls) {
      programs.push_back(Together(
          Together(ready, {dispatch}),
          Together(events, {{Action::kInCallback}, call, dispatch, dispatch})));
    }
  }
  return programs;
}

}  // namespace cpgcert::fuzz
