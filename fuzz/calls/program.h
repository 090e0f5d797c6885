// Input of call_sequence: a program of calls of the API, of what other members
// do, and of what goes wrong.
//
//   an operation is 4 bytes: what is done, and three operands, each taken
//   modulo what there is
//
// Any bytes are an input: what does not fill an operation at the end, and all
// that is behind kOperationsMax operations, is left out.

#ifndef CPGCERT_FUZZ_CALLS_PROGRAM_H_
#define CPGCERT_FUZZ_CALLS_PROGRAM_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cpgcert::fuzz {

inline constexpr size_t kOperationSize = 4;
inline constexpr size_t kOperationsMax = 64;

// What a program has variables for.
inline constexpr int kHandles = 3;
inline constexpr int kIterations = 3;
inline constexpr int kBuffers = 2;
inline constexpr int kPeers = 3;

enum class Action : uint8_t {
  // Calls. `who` is a handle, but for the last two of an iteration.
  kInitialize,           // what: Callbacks
  kModelInitialize,      // what: Callbacks, how: Model
  kFinalize,             //
  kJoin,                 // what: name
  kLeave,                // what: name
  kMulticast,            // what: size, how: pieces and guarantee
  kDispatch,             // what: type
  kMembership,           // what: name, how: room
  kLocalGet,             //
  kDescriptor,           //
  kFlowControlState,     //
  kMaxAtomicSize,        //
  kContextSet,           // what: the context
  kContextGet,           //
  kZeroCopyAllocate,     // what: buffer, how: size
  kZeroCopyFree,         // what: buffer
  kZeroCopyMulticast,    // what: buffer, how: how much of it
  kIterationInitialize,  // what: iteration and name, how: type
  kIterationNext,        // who: iteration, what: 1 for a null description
  kIterationFinalize,    // who: iteration

  // The next operation is done inside the next callback of this handle.
  kInCallback,

  // What another process of the node does. `who` is one of them.
  kPeerJoin,      // what: name
  kPeerLeave,     //
  kPeerSend,      // what: size
  kPeerFragment,  // the next of a message of three; what: its size
  kPeerEnd,       // it dies

  // What goes wrong in the next call.
  kRefuseRequest,     // what: error of the reply, how: requests before that
  kRefuseConnection,  // what: errno
  kBusyTransport,     // what: sends before the one that finds no room
  // From now on, for the connection of handle `who`.
  kFlowControl,    // what: level
  kEndConnection,  // nothing new comes
  kCutConnection,  // the service is gone
};
inline constexpr int kActions = 32;

// What is registered: bits, or nothing at all is given.
inline constexpr uint8_t kDeliver = 1;
inline constexpr uint8_t kChange = 2;
inline constexpr uint8_t kTotem = 4;
inline constexpr uint8_t kNoTable = 8;

enum class Model : uint8_t {
  kPlain,
  kInitialTotem,
  kFlags2,
  kFlagsAll,
  kOther
};

struct Operation {
  Action action = Action::kInitialize;
  uint8_t who = 0;
  uint8_t what = 0;
  uint8_t how = 0;
  bool operator==(const Operation&) const = default;
};
using Program = std::vector<Operation>;

// The operands that an action has, each less than this: 1 if it has no such.
struct Operands {
  uint8_t who = 1;
  uint8_t what = 1;
  uint8_t how = 1;
};
Operands OperandsOf(Action action);

// A call of the library, as opposed to what happens around it.
bool IsCall(Action action);

Program ParseProgram(std::string_view input);
std::string BuildProgram(const Program& program);

// --- What operands stand for.

// Two ordinary names, one of the most bytes with zeros in it, a second
// ordinary one, "", and one that is too long, in this order.
inline constexpr int kNames = 6;
inline constexpr int kEmptyName = 4;
inline constexpr int kLongName = 5;
const std::string& NameOf(int operand);

// Of a message, where the library sends `atomic_max` bytes in one piece.
inline constexpr int kSizes = 8;
inline constexpr int kSmallSizes = 4;  // the first ones
size_t SizeOf(int operand, size_t atomic_max);

// Of an iovec: how many, and whether there are empty ones between them.
struct Pieces {
  size_t count = 1;
  bool with_empty = false;
};
inline constexpr int kPieces = 8;
inline constexpr int kGuarantees = 5;
Pieces PiecesOf(int how);
int GuaranteeOf(int how);
uint8_t MulticastHow(int pieces, int guarantee);

inline constexpr int kDispatchTypes = 7;
int DispatchTypeOf(int operand);

// Of cpg_membership_get: 0, 1, 2, 8; a null list; a null count.
inline constexpr int kRooms = 6;
inline constexpr int kNullList = 4;
inline constexpr int kNullCount = 5;
int RoomOf(int operand);

// Of an iteration: 1, 2, 3; 0 and 4, which are none; 1 with a null result.
inline constexpr int kIterationTypes = 6;
inline constexpr int kNullResult = 5;
int IterationTypeOf(int how);
int IterationOf(int what);
// An operand of NameOf, or -1 for a null pointer.
int IterationNameOf(int what);
uint8_t IterationWhat(int iteration, int name);

inline constexpr int kBufferSizes = 4;
inline constexpr int kHugeBuffer = 3;
size_t BufferSizeOf(int operand);

inline constexpr int kErrors = 8;
int32_t ErrorOf(int operand);  // a cs_error_t
inline constexpr int kConnectErrors = 5;
int ConnectErrorOf(int operand);  // an errno

// A line: `cpg_join(handle 0, "group")`.
std::string Describe(const Operation& operation);
// A line for each.
std::string Describe(const Program& program);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_CALLS_PROGRAM_H_
