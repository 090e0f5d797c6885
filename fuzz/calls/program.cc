#include "fuzz/calls/program.h"

#include <corosync/cpg.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>

namespace cpgcert::fuzz {

namespace {

constexpr int kNameOrNull = kNames + 1;

// Within `list`, whatever the operand.
template <class List>
auto At(const List& list, int operand) {
  return list.at(static_cast<size_t>(operand) % list.size());
}

std::string CallbacksText(int what) {
  if ((what & kNoTable) != 0) return "nothing registered";
  std::string text;
  for (const auto& [bit, name] : {std::pair{kDeliver, "deliver"},
                                  {kChange, "change"},
                                  {kTotem, "totem"}}) {
    if ((what & bit) != 0)
      text += fmt::format("{}{}", text.empty() ? "" : " and ", name);
  }
  return text.empty() ? "no callbacks" : text;
}

std::string NameText(int operand) {
  switch (operand) {
    case 2:
      return "a name of 128 bytes";
    case kLongName:
      return "a name of 129 bytes";
    default:
      return fmt::format("\"{}\"", NameOf(operand));
  }
}

std::string SizeText(int operand) {
  constexpr std::array<const char*, kSizes> kTexts = {
      "0 bytes",
      "1 byte",
      "100 bytes",
      "5000 bytes",
      "70000 bytes",
      "as much as is atomic",
      "1 byte more than is atomic",
      "1 byte more than twice what is atomic"};
  return At(kTexts, operand);
}

std::string PiecesText(int how) {
  const Pieces pieces = PiecesOf(how);
  return fmt::format("{} piece{}{}", pieces.count, pieces.count == 1 ? "" : "s",
                     pieces.with_empty ? " and empty ones" : "");
}

std::string TypeText(int operand) {
  constexpr std::array<const char*, 4> kTexts = {
      "CS_DISPATCH_ONE", "CS_DISPATCH_ALL", "CS_DISPATCH_BLOCKING",
      "CS_DISPATCH_ONE_NONBLOCKING"};
  return operand < 4 ? At(kTexts, operand)
                     : fmt::format("type {}", DispatchTypeOf(operand));
}

std::string ModelText(uint8_t how) {
  constexpr std::array<const char*, 5> kTexts = {
      "flags 0", "the initial totem change", "flags 2", "flags of 32 ones",
      "another model"};
  return At(kTexts, how);
}

std::string IterationText(const Operation& operation) {
  const int name = IterationNameOf(operation.what);
  return fmt::format(
      "type {}, {}, {}", IterationTypeOf(operation.how),
      name < 0 ? "no group" : NameText(name),
      operation.how == kNullResult
          ? "no result"
          : fmt::format("iteration {}", IterationOf(operation.what)));
}

std::string RoomText(int operand) {
  if (operand == kNullList) return "no list";
  if (operand == kNullCount) return "no count";
  return fmt::format("room for {}", RoomOf(operand));
}

std::string BufferText(int operand) {
  return operand == kHugeBuffer
             ? "more bytes than there are"
             : fmt::format("{} bytes", BufferSizeOf(operand));
}

// What follows the handle, of a call.
std::string CallText(const Operation& operation) {
  const auto& [action, who, what, how] = operation;
  switch (action) {
    case Action::kInitialize:
      return fmt::format("cpg_initialize(handle {}, {})", who,
                         CallbacksText(what));
    case Action::kModelInitialize:
      return fmt::format("cpg_model_initialize(handle {}, {}, {})", who,
                         CallbacksText(what), ModelText(how));
    case Action::kFinalize:
      return fmt::format("cpg_finalize(handle {})", who);
    case Action::kJoin:
      return fmt::format("cpg_join(handle {}, {})", who, NameText(what));
    case Action::kLeave:
      return fmt::format("cpg_leave(handle {}, {})", who, NameText(what));
    case Action::kMulticast:
      return fmt::format("cpg_mcast_joined(handle {}, guarantee {}, {}, {})",
                         who, GuaranteeOf(how), SizeText(what),
                         PiecesText(how));
    case Action::kDispatch:
      return fmt::format("cpg_dispatch(handle {}, {})", who, TypeText(what));
    case Action::kMembership:
      return fmt::format("cpg_membership_get(handle {}, {}, {})", who,
                         NameText(what), RoomText(how));
    case Action::kLocalGet:
      return fmt::format("cpg_local_get(handle {})", who);
    case Action::kDescriptor:
      return fmt::format("cpg_fd_get(handle {})", who);
    case Action::kFlowControlState:
      return fmt::format("cpg_flow_control_state_get(handle {})", who);
    case Action::kMaxAtomicSize:
      return fmt::format("cpg_max_atomic_msgsize_get(handle {})", who);
    case Action::kContextSet:
      return fmt::format("cpg_context_set(handle {}, {})", who, what);
    case Action::kContextGet:
      return fmt::format("cpg_context_get(handle {})", who);
    case Action::kZeroCopyAllocate:
      return fmt::format("cpg_zcb_alloc(handle {}, {}, buffer {})", who,
                         BufferText(how), what);
    case Action::kZeroCopyFree:
      return fmt::format("cpg_zcb_free(handle {}, buffer {})", who, what);
    case Action::kZeroCopyMulticast:
      return fmt::format("cpg_zcb_mcast_joined(handle {}, buffer {}, {})", who,
                         what, how == 0 ? "all of it" : "none of it");
    case Action::kIterationInitialize:
      return fmt::format("cpg_iteration_initialize(handle {}, {})", who,
                         IterationText(operation));
    case Action::kIterationNext:
      return fmt::format("cpg_iteration_next(iteration {}{})", who,
                         what == 0 ? "" : ", no description");
    case Action::kIterationFinalize:
      return fmt::format("cpg_iteration_finalize(iteration {})", who);
    default:
      return "";
  }
}

std::string SurroundingsText(const Operation& operation) {
  const auto& [action, who, what, how] = operation;
  switch (action) {
    case Action::kInCallback:
      return fmt::format("inside the next callback of handle {}:", who);
    case Action::kPeerJoin:
      return fmt::format("peer {} joins {}", who, NameText(what));
    case Action::kPeerLeave:
      return fmt::format("peer {} leaves", who);
    case Action::kPeerSend:
      return fmt::format("peer {} multicasts {}", who, SizeText(what));
    case Action::kPeerFragment:
      return fmt::format("peer {} multicasts the next of three fragments, {}",
                         who, SizeText(what));
    case Action::kPeerEnd:
      return fmt::format("peer {} dies", who);
    case Action::kRefuseRequest:
      return fmt::format(
          "the service refuses request {} of the next call "
          "with error {}",
          how + 1, ErrorOf(what));
    case Action::kRefuseConnection:
      return fmt::format("the next connection is refused: {}",
                         strerrorname_np(ConnectErrorOf(what)));
    case Action::kBusyTransport:
      return fmt::format("send {} of the next call finds no room", what + 1);
    case Action::kFlowControl:
      return fmt::format("flow control of handle {}: level {}", who, what);
    case Action::kEndConnection:
      return fmt::format("the connection of handle {} ends", who);
    case Action::kCutConnection:
      return fmt::format("the service of handle {} dies", who);
    default:
      return "";
  }
}

}  // namespace

Operands OperandsOf(Action action) {
  switch (action) {
    case Action::kInitialize:
      return {.who = kHandles, .what = kNoTable + 1};
    case Action::kModelInitialize:
      return {.who = kHandles, .what = kNoTable + 1, .how = 5};
    case Action::kJoin:
    case Action::kLeave:
      return {.who = kHandles, .what = kNames};
    case Action::kMulticast:
      return {.who = kHandles, .what = kSizes, .how = kPieces * kGuarantees};
    case Action::kDispatch:
      return {.who = kHandles, .what = kDispatchTypes};
    case Action::kMembership:
      return {.who = kHandles, .what = kNames, .how = kRooms};
    case Action::kContextSet:
      return {.who = kHandles, .what = 4};
    case Action::kZeroCopyAllocate:
      return {.who = kHandles, .what = kBuffers, .how = kBufferSizes};
    case Action::kZeroCopyFree:
      return {.who = kHandles, .what = kBuffers};
    case Action::kZeroCopyMulticast:
      return {.who = kHandles, .what = kBuffers, .how = 2};
    case Action::kIterationInitialize:
      return {.who = kHandles,
              .what = kIterations * kNameOrNull,
              .how = kIterationTypes};
    case Action::kIterationNext:
      return {.who = kIterations, .what = 2};
    case Action::kIterationFinalize:
      return {.who = kIterations};
    case Action::kPeerJoin:
      return {.who = kPeers, .what = kEmptyName};  // those before it
    case Action::kPeerLeave:
    case Action::kPeerEnd:
      return {.who = kPeers};
    case Action::kPeerSend:
      return {.who = kPeers, .what = kSmallSizes};
    case Action::kPeerFragment:
      return {.who = kPeers, .what = kSmallSizes};
    case Action::kRefuseRequest:
      return {.what = kErrors, .how = 3};
    case Action::kRefuseConnection:
      return {.what = kConnectErrors};
    case Action::kBusyTransport:
      return {.what = 3};
    case Action::kFlowControl:
      return {.who = kHandles, .what = 3};
    default:
      return {.who = kHandles};
  }
}

bool IsCall(Action action) { return action <= Action::kIterationFinalize; }

Program ParseProgram(std::string_view input) {
  Program program;
  const size_t count = std::min(input.size() / kOperationSize, kOperationsMax);
  program.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const auto byte = [&](size_t at) {
      return static_cast<uint8_t>(input[i * kOperationSize + at]);
    };
    const auto action = static_cast<Action>(byte(0) % kActions);
    const Operands operands = OperandsOf(action);
    program.push_back({.action = action,
                       .who = static_cast<uint8_t>(byte(1) % operands.who),
                       .what = static_cast<uint8_t>(byte(2) % operands.what),
                       .how = static_cast<uint8_t>(byte(3) % operands.how)});
  }
  return program;
}

std::string BuildProgram(const Program& program) {
  std::string input;
  for (const Operation& operation : program) {
    for (const auto byte : {static_cast<uint8_t>(operation.action),
                            operation.who, operation.what, operation.how}) {
      input.push_back(static_cast<char>(byte));
    }
  }
  return input;
}

const std::string& NameOf(int operand) {
  static const auto& names = *new std::array<std::string, kNames>{
      "group",
      "other",
      std::string("n\0m", 3) + std::string(CPG_MAX_NAME_LENGTH - 3, 'n'),
      "groups",
      "",
      std::string(CPG_MAX_NAME_LENGTH + 1, 'l')};
  return names.at(static_cast<size_t>(operand) % names.size());
}

size_t SizeOf(int operand, size_t atomic_max) {
  const std::array<size_t, kSizes> sizes = {
      0, 1, 100, 5000, 70000, atomic_max, atomic_max + 1, 2 * atomic_max + 1};
  return At(sizes, operand);
}

Pieces PiecesOf(int how) {
  constexpr std::array<Pieces, kPieces> kTable = {
      Pieces{1, false}, {0, false},  {2, false},  {2, true},
      {8, false},       {63, false}, {64, false}, {200, false}};
  return At(kTable, how % kPieces);
}

int GuaranteeOf(int how) {
  constexpr std::array<int, kGuarantees> kTable = {
      CPG_TYPE_AGREED, CPG_TYPE_FIFO, CPG_TYPE_UNORDERED, CPG_TYPE_SAFE, 77};
  return At(kTable, how / kPieces);
}

uint8_t MulticastHow(int pieces, int guarantee) {
  return static_cast<uint8_t>(guarantee * kPieces + pieces);
}

int DispatchTypeOf(int operand) {
  constexpr std::array<int, kDispatchTypes> kTable = {
      CS_DISPATCH_ONE,
      CS_DISPATCH_ALL,
      CS_DISPATCH_BLOCKING,
      CS_DISPATCH_ONE_NONBLOCKING,
      0,
      5,
      -1};
  return At(kTable, operand);
}

int RoomOf(int operand) {
  constexpr std::array<int, kRooms> kTable = {0, 1, 2, 8, 8, 8};
  return At(kTable, operand);
}

int IterationTypeOf(int how) {
  constexpr std::array<int, kIterationTypes> kTable = {
      CPG_ITERATION_NAME_ONLY, CPG_ITERATION_ONE_GROUP, CPG_ITERATION_ALL, 0, 4,
      CPG_ITERATION_NAME_ONLY};
  return At(kTable, how);
}

int IterationOf(int what) { return what % kIterations; }

int IterationNameOf(int what) { return what / kIterations - 1; }

uint8_t IterationWhat(int iteration, int name) {
  return static_cast<uint8_t>((name + 1) * kIterations + iteration);
}

size_t BufferSizeOf(int operand) {
  constexpr size_t kHuge = std::numeric_limits<size_t>::max() - 65536;
  constexpr std::array<size_t, kBufferSizes> kTable = {100, 5000, 0, kHuge};
  return At(kTable, operand);
}

int32_t ErrorOf(int operand) {
  constexpr std::array<int32_t, kErrors> kTable = {
      CS_ERR_TRY_AGAIN, CS_ERR_NO_MEMORY, CS_ERR_BUSY,    CS_ERR_INTERRUPT,
      CS_ERR_ACCESS,    CS_ERR_NOT_EXIST, CS_ERR_LIBRARY, CS_ERR_NO_RESOURCES};
  return At(kTable, operand);
}

int ConnectErrorOf(int operand) {
  constexpr std::array<int, kConnectErrors> kTable = {
      EACCES, EAGAIN, ECONNREFUSED, ENOMEM, EMFILE};
  return At(kTable, operand);
}

std::string Describe(const Operation& operation) {
  return IsCall(operation.action) ? CallText(operation)
                                  : SurroundingsText(operation);
}

std::string Describe(const Program& program) {
  std::string text;
  for (const Operation& operation : program) {
    text += Describe(operation) + "\n";
  }
  return text;
}

}  // namespace cpgcert::fuzz
