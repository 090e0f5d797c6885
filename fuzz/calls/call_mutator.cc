#include "fuzz/calls/call_mutator.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>

#include "fuzz/mutation/random_choice.h"

namespace cpgcert::fuzz {

namespace {

uint8_t Operand(RandomChoice* choice, uint8_t end) {
  return static_cast<uint8_t>(choice->Below(end));
}

// Large messages take a hundred times as long as everything else.
uint8_t MessageSize(RandomChoice* choice) {
  constexpr int kOneInLarge = 12;
  return static_cast<uint8_t>(choice->OneIn(kOneInLarge)
                                  ? choice->Below(kSizes)
                                  : choice->Below(kSmallSizes));
}

Operation WithOperands(Action action, RandomChoice* choice) {
  const Operands operands = OperandsOf(action);
  Operation operation{.action = action,
                      .who = Operand(choice, operands.who),
                      .what = Operand(choice, operands.what),
                      .how = Operand(choice, operands.how)};
  // Most are about the first handle, which is open more often than the others.
  constexpr int kOneInOther = 3;
  if (!choice->OneIn(kOneInOther)) operation.who = 0;
  if (action == Action::kMulticast) operation.what = MessageSize(choice);
  return operation;
}

Operation AnyOperation(RandomChoice* choice) {
  return WithOperands(static_cast<Action>(choice->Below(kActions)), choice);
}

Operation AnyCall(RandomChoice* choice) {
  constexpr size_t kCalls = static_cast<size_t>(Action::kIterationFinalize) + 1;
  return WithOperands(static_cast<Action>(choice->Below(kCalls)), choice);
}

uint8_t AnyHandle(RandomChoice* choice) { return Operand(choice, kHandles); }

// A member with all callbacks, that has seen itself join.
Program Member(RandomChoice* choice) {
  const uint8_t who = AnyHandle(choice);
  const auto name = static_cast<uint8_t>(choice->Below(kEmptyName));
  return {{Action::kModelInitialize, who,
           static_cast<uint8_t>(kDeliver | kChange | kTotem),
           static_cast<uint8_t>(choice->Below(2))},
          {Action::kJoin, who, name},
          {Action::kDispatch, who, 1}};
}

Program PeerInGroup(RandomChoice* choice) {
  const uint8_t peer = Operand(choice, kPeers);
  return {{Action::kPeerJoin, peer, 0},
          {Action::kPeerSend, peer, Operand(choice, kSmallSizes)}};
}

Program PeersMessage(RandomChoice* choice) {
  const Operation fragment{Action::kPeerFragment, Operand(choice, kPeers),
                           Operand(choice, kSmallSizes)};
  Program program{{Action::kPeerJoin, fragment.who, 0}};
  program.insert(program.end(), choice->Between(1, 4), fragment);
  return program;
}

Program DisturbedCall(RandomChoice* choice) {
  constexpr std::array kDisturbances = {
      Action::kRefuseRequest, Action::kRefuseConnection,
      Action::kBusyTransport, Action::kFlowControl,
      Action::kEndConnection, Action::kCutConnection};
  return {WithOperands(choice->Of(kDisturbances), choice), AnyCall(choice)};
}

Program CallInCallback(RandomChoice* choice) {
  const uint8_t who = choice->OneIn(3) ? AnyHandle(choice) : 0;
  Operation call = AnyCall(choice);
  if (choice->OneIn(2)) call.who = who;
  return {{Action::kInCallback, who},
          call,
          {Action::kMulticast, who, 1},
          {Action::kDispatch, who, Operand(choice, kDispatchTypes)}};
}

Program WholeIteration(RandomChoice* choice) {
  const uint8_t iteration = Operand(choice, kIterations);
  const auto type = static_cast<uint8_t>(choice->Below(3));
  const int name = type == 1 ? 0 : -1;
  Program program{
      {Action::kIterationInitialize, 0, IterationWhat(iteration, name), type}};
  program.insert(program.end(), choice->Between(1, 4),
                 {Action::kIterationNext, iteration});
  program.push_back({Action::kIterationFinalize, iteration});
  return program;
}

Program WholeZeroCopy(RandomChoice* choice) {
  const uint8_t buffer = Operand(choice, kBuffers);
  return {{Action::kZeroCopyAllocate, 0, buffer, Operand(choice, kBufferSizes)},
          {Action::kZeroCopyMulticast, 0, buffer},
          {Action::kZeroCopyFree, 0, buffer}};
}

// Operations that belong together.
Program Motif(RandomChoice* choice) {
  constexpr std::array kMotifs = {Member,        PeerInGroup,    PeersMessage,
                                  DisturbedCall, CallInCallback, WholeIteration,
                                  WholeZeroCopy};
  return choice->Of(kMotifs)(choice);
}

void InsertAt(size_t at, const Program& what, Program* program) {
  program->insert(program->begin() + static_cast<ptrdiff_t>(at), what.begin(),
                  what.end());
}

void ChangeOperand(Operation* operation, RandomChoice* choice) {
  const Operation other = WithOperands(operation->action, choice);
  switch (choice->Below(4)) {
    case 0:
      operation->who = Operand(choice, OperandsOf(operation->action).who);
      break;
    case 1:
      operation->what = other.what;
      break;
    case 2:
      operation->how = other.how;
      break;
    default:
      *operation = other;
  }
}

// Leaves out, exchanges, repeats, moves. REQUIRES: not empty.
void Rearrange(Program* program, RandomChoice* choice) {
  const size_t at = choice->Below(program->size());
  const size_t to = choice->Below(program->size());
  const auto begin = program->begin();
  const auto low = begin + static_cast<ptrdiff_t>(std::min(at, to));
  const auto high = begin + static_cast<ptrdiff_t>(std::max(at, to)) + 1;
  switch (choice->Below(5)) {
    case 0:
      program->erase(begin + static_cast<ptrdiff_t>(at));
      break;
    case 1:
      program->erase(low, high);
      break;
    case 2:
      std::swap((*program)[at], (*program)[to]);
      break;
    case 3:
      InsertAt(at, {(*program)[at]}, program);
      break;
    default:
      std::rotate(low, low + 1, high);
  }
}

void MutateOnce(Program* program, RandomChoice* choice) {
  const size_t place = choice->Below(program->size() + 1);
  switch (program->empty() ? 0 : choice->Below(4)) {
    case 0:
      return InsertAt(place, Motif(choice), program);
    case 1:
      return InsertAt(place, {AnyOperation(choice)}, program);
    case 2:
      return ChangeOperand(&choice->Of(*program), choice);
    default:
      return Rearrange(program, choice);
  }
}

Program Bounded(Program program) {
  if (program.size() > kOperationsMax) program.resize(kOperationsMax);
  return program;
}

Program ParseBytes(const uint8_t* data, size_t size) {
  return ParseProgram({reinterpret_cast<const char*>(data), size});
}

size_t Write(const Program& program, size_t size_max, uint8_t* out) {
  std::string input = BuildProgram(program);
  input.resize(std::min(input.size(), size_max - size_max % kOperationSize));
  std::ranges::copy(input, reinterpret_cast<char*>(out));
  return input.size();
}

}  // namespace

Program RandomProgram(uint64_t seed) {
  RandomChoice choice(seed);
  Program program{{Action::kModelInitialize, 0,
                   static_cast<uint8_t>(kDeliver | kChange | kTotem)},
                  {Action::kJoin, 0, 0}};
  for (size_t i = choice.Between(1, 8); i > 0; --i) {
    const Program more =
        choice.OneIn(2) ? Motif(&choice) : Program{AnyOperation(&choice)};
    InsertAt(program.size(), more, &program);
  }
  return Bounded(std::move(program));
}

Program MutateProgram(Program program, uint64_t seed) {
  RandomChoice choice(seed);
  for (size_t i = choice.Between(1, 4); i > 0; --i) {
    MutateOnce(&program, &choice);
  }
  return Bounded(std::move(program));
}

Program CrossPrograms(const Program& program, const Program& other,
                      uint64_t seed) {
  RandomChoice choice(seed);
  const size_t end = choice.Below(program.size() + 1);
  const size_t begin = choice.Below(other.size() + 1);
  Program crossed(program.begin(),
                  program.begin() + static_cast<ptrdiff_t>(end));
  crossed.insert(crossed.end(), other.begin() + static_cast<ptrdiff_t>(begin),
                 other.end());
  return Bounded(std::move(crossed));
}

std::vector<Program> SimplerPrograms(const Program& program) {
  std::vector<Program> simpler;
  for (size_t length = program.size() / 2; length > 0; length /= 2) {
    for (size_t at = 0; at + length <= program.size(); at += length) {
      Program shorter = program;
      const auto begin = shorter.begin() + static_cast<ptrdiff_t>(at);
      shorter.erase(begin, begin + static_cast<ptrdiff_t>(length));
      simpler.push_back(std::move(shorter));
    }
  }
  for (size_t i = 0; i < program.size(); ++i) {
    for (uint8_t Operation::* const operand :
         {&Operation::who, &Operation::what, &Operation::how}) {
      if (program[i].*operand == 0) continue;
      Program lower = program;
      lower[i].*operand = 0;
      simpler.push_back(lower);
      if (program[i].*operand == 1) continue;
      lower[i].*operand = 1;
      simpler.push_back(std::move(lower));
    }
  }
  return simpler;
}

size_t MutateCalls(uint8_t* data, size_t size, size_t size_max, unsigned seed) {
  return Write(MutateProgram(ParseBytes(data, size), seed), size_max, data);
}

size_t CrossCalls(const uint8_t* data1, size_t size1, const uint8_t* data2,
                  size_t size2, uint8_t* out, size_t size_max, unsigned seed) {
  return Write(
      CrossPrograms(ParseBytes(data1, size1), ParseBytes(data2, size2), seed),
      size_max, out);
}

}  // namespace cpgcert::fuzz
