#include "fuzz/calls/session.h"

#include <fmt/core.h>
#include <malloc.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "fuzz/calls/call_session.h"
#include "fuzz/calls/footprint.h"
#include "fuzz/calls/made_files.h"

namespace cpgcert::fuzz {

namespace {

// A program that sends more large messages takes more time than it is worth.
constexpr size_t kLargeMessages = 4;
// Of a call that answers CS_ERR_TRY_AGAIN without a cause.
constexpr int kTries = 8;
// More than the variables of a call, but for the buffer of a dispatch.
constexpr size_t kStackSize = 32768;
// Of a program, to see whether what it leaves grows: more often than glibc
// keeps freed memory of one size for itself (seven times) and calls it in use.
constexpr int kAgain = 10;
constexpr Spot kTheEnd{.call = "the end", .state = "everything is finalized"};

// Leaves zeros where the next call has its variables: what a library reads of
// them that it has not written is the same whenever the program is played.
__attribute__((noinline, no_sanitize("address"))) void CleanStack() {
  std::array<volatile uint8_t, kStackSize> stack;
  auto* const begin = const_cast<uint8_t*>(stack.data());
  std::memset(begin, 0, stack.size());
  asm volatile("" : : "r"(begin) : "memory");  // it is not left out
}

const char* DamageOf(cs_error_t result) {
  return result == CS_OK ? "unowed success" : "unowed error";
}

void Copy(const char* from, char* to, size_t size) {
  std::snprintf(to, size, "%s", from == nullptr ? "" : from);
}

bool IsKnown(const PlayOptions& options, const CallProblem& problem) {
  return options.known != nullptr && options.known->contains(problem.Key());
}

void Show(const Spot& spot, Progress* progress) {
  if (progress == nullptr) return;
  Progress::At& now = progress->now;
  Copy(spot.Name().c_str(), now.spot, sizeof now.spot);
  Copy(spot.requirement, now.requirement, sizeof now.requirement);
  if (spot.requirement != nullptr) progress->unusual = now;
}

}  // namespace

std::string Spot::Name() const { return fmt::format("{}, {}", call, state); }

std::string_view MessageBytes(int number, size_t size) {
  constexpr size_t kSize = size_t{4} << 20;
  constexpr size_t kStep = 8;
  constexpr size_t kNumbers = 4096;
  static const char* const bytes = [] {
    void* const memory = mmap(nullptr, kSize, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) std::abort();
    uint64_t state = 1;
    for (size_t i = 0; i < kSize / sizeof state; ++i) {
      state = state * 6364136223846793005 + 1442695040888963407;
      std::memcpy(static_cast<char*>(memory) + i * sizeof state, &state,
                  sizeof state);
    }
    mprotect(memory, kSize, PROT_READ);
    return static_cast<const char*>(memory);
  }();
  const size_t begin = static_cast<size_t>(number) % kNumbers * kStep;
  return {bytes + begin, std::min(size, kSize - begin)};
}

CallSession* CallSession::current_ = nullptr;

CallSession::CallSession(const harness::CpgApi& api, const PlayOptions& options)
    : api_(api),
      options_(options),
      service_([this](int connection, std::string_view event) {
        TakeEvent(connection, event);
      }),
      large_left_(kLargeMessages) {
  current_ = this;
  for (int i = 0; i < kHandles; ++i) {
    handles_.at(i).value = 0xbad0bad000000000 + i;
  }
  for (int i = 0; i < kIterations; ++i) {
    iterations_.at(i).value = 0xbad1bad100000000 + i;
  }
}

CallSession::~CallSession() {
  stopped_ = true;
  for (Handle& handle : handles_) {
    if (handle.state.open) api_.finalize(handle.value);
  }
  TakeMadeFiles();
  current_ = nullptr;
}

PlayedCalls CallSession::Play(const Program& program) {
  const Footprint before = FootprintNow();
  for (const Operation& operation : program) {
    if (stopped()) break;
    if (arming_.has_value()) {
      handles_.at(*arming_).in_callback.push_back(operation);
      arming_.reset();
    } else {
      Run(operation);
    }
  }
  if (!stopped()) End();
  played_.connections = service_.next_connection();
  if (!stopped() && FootprintNow() != before) {
    spot_ = kTheEnd;
    const Footprint now = FootprintNow();
    if (now.threads != before.threads) {
      Object("LEAK-03", "leak", "the threads from before",
             fmt::format("{} more", now.threads - before.threads));
    } else {
      Object("LEAK-01", "leak", "the descriptors from before",
             fmt::format("{} instead of {}", now.descriptors.count(),
                         before.descriptors.count()));
    }
  }
  return played_;
}

void CallSession::End() {
  for (int who = 0; who < kHandles && !stopped(); ++who) {
    if (handles_.at(who).state.open) Finalize(who);
  }
  if (stopped()) return;
  spot_ = kTheEnd;
  if (service_.open() != 0) {
    Object("LEAK-01", "leak", "no connection",
           fmt::format("{} connections", service_.open()));
  } else if (!TakeMadeFiles().empty()) {
    Object("LEAK-02", "leak", "no file in shared memory", "one at least");
  }
}

void CallSession::Run(const Operation& operation) {
  if (operation.action == Action::kInCallback) {
    arming_ = operation.who;
  } else if (IsCall(operation.action)) {
    RunCall(operation);
  } else {
    RunSurroundings(operation);
  }
}

void CallSession::RunCall(const Operation& operation) {
  switch (operation.action) {
    case Action::kInitialize:
    case Action::kModelInitialize:
      return Initialize(operation);
    case Action::kFinalize:
      return Finalize(operation.who);
    case Action::kJoin:
      return Join(operation);
    case Action::kLeave:
      return Leave(operation);
    case Action::kMulticast:
      return Multicast(operation);
    case Action::kDispatch:
      return Dispatch(operation);
    case Action::kMembership:
      return Membership(operation);
    case Action::kLocalGet:
      return LocalGet(operation.who);
    case Action::kDescriptor:
      return Descriptor(operation.who);
    case Action::kMaxAtomicSize:
      return MaxAtomicSize(operation.who);
    case Action::kZeroCopyAllocate:
      return ZeroCopyAllocate(operation);
    case Action::kZeroCopyFree:
      return ZeroCopyFree(operation.who, operation.what);
    case Action::kZeroCopyMulticast:
      return ZeroCopyMulticast(operation);
    case Action::kIterationInitialize:
      return IterationInitialize(operation);
    case Action::kIterationNext:
      return IterationNext(operation);
    case Action::kIterationFinalize:
      return IterationFinalize(operation.who);
    default:
      return LocalCall(operation);
  }
}

void CallSession::RunSurroundings(const Operation& operation) {
  const auto& [action, who, what, how] = operation;
  constexpr size_t kFragments = 3;
  switch (action) {
    case Action::kPeerJoin:
      return service_.PeerJoins(who, NameOf(what));
    case Action::kPeerLeave:
      return service_.PeerLeaves(who);
    case Action::kPeerSend:
      return service_.PeerSends(who,
                                MessageBytes(next_message_++, SizeOf(what, 0)));
    case Action::kPeerFragment:
      return service_.PeerSendsFragment(
          who, MessageBytes(who, kFragments * SizeOf(what, 0)));
    case Action::kPeerEnd:
      return service_.PeerEnds(who);
    case Action::kRefuseRequest:
      return service_.Refuse(ErrorOf(what), how);
    case Action::kRefuseConnection:
      return service_.RefuseConnection(ConnectErrorOf(what));
    case Action::kBusyTransport:
      return service_.FindNoRoom(what);
    default:
      break;
  }
  Handle& handle = handles_.at(who);
  HandleState& state = handle.state;
  if (!state.open) return;
  if (action == Action::kFlowControl) {
    service_.SetFlowControl(handle.connection, what);
    state.flow_control = what;
  } else if (action == Action::kEndConnection &&
             state.reach == HandleState::Reach::kLive) {
    service_.EndConnection(handle.connection);
    state.reach = HandleState::Reach::kEnded;
  } else if (action == Action::kCutConnection) {
    service_.CutConnection(handle.connection);
    state.reach = HandleState::Reach::kCut;
  }
}

void CallSession::TakeEvent(int connection, std::string_view event) {
  for (Handle& handle : handles_) {
    if (handle.state.open && handle.connection == connection) {
      handle.waiting.push_back(handle.owed.Take(event));
      handle.next_number = handle.waiting.back().number + 1;
    }
  }
}

bool CallSession::Enter(const Spot& spot) {
  spot_ = spot;
  if (options_.known != nullptr && options_.known->contains(spot.Name())) {
    return false;
  }
  Show(spot_, options_.progress);
  ++played_.calls;
  return true;
}

void CallSession::Object(const char* requirement, const std::string& damage,
                         const std::string& owed, const std::string& came) {
  if (stopped_) return;
  stopped_ = true;
  Show(spot_, options_.progress);
  CallProblem problem{.where = spot_.call,
                      .requirement = requirement,
                      .damage = damage,
                      .owed = owed,
                      .came = came};
  if (IsKnown(options_, problem)) return;
  if (spot_.requirement != nullptr) {
    problem.where = spot_.Name();
    problem.requirement = spot_.requirement;
    if (IsKnown(options_, problem)) return;
  }
  played_.problem = std::move(problem);
}

void CallSession::Judge(const OwedResult& owed, cs_error_t result) {
  if (!owed.Allows(result)) {
    Object(owed.requirement, DamageOf(result), owed.Text(),
           harness::ErrorName(result));
  }
}

CallSession::Prospect CallSession::ProspectOf(const HandleState& state) const {
  if (state.reach == HandleState::Reach::kCut || state.flow_control > 0 ||
      service_.WillFindNoRoom()) {
    return Prospect::kUnanswered;
  }
  return service_.WillRefuse() ? Prospect::kRefused : Prospect::kGood;
}

cs_error_t CallSession::Call(const Make& make) {
  CleanStack();
  return make();
}

void CallSession::Ask(const HandleState& state, int connection,
                      const CallService::Requests& about, const Make& make,
                      const Owe& owe, const Conclude& conclude) {
  for (int i = 0; i < kTries; ++i) {
    // What is concluded may change the state that it is about.
    const bool may_ask_again = state.open && !state.IsHeldBack();
    service_.Begin(connection, about);
    const cs_error_t result = Call(make);
    const CallRecord record = service_.End();
    Judge(owe(record), result);
    if (!stopped()) conclude(result, record);
    if (stopped() || result != CS_ERR_TRY_AGAIN || !may_ask_again) return;
  }
  Object(
      "ERR-04", "unowed error",
      fmt::format("another answer than CS_ERR_TRY_AGAIN in {} calls", kTries),
      "CS_ERR_TRY_AGAIN from each");
}

void PrepareToPlayCalls() {
  MessageBytes(0, 0);
  // Large messages come and go: their memory is kept, not mapped each time.
  constexpr int kKeptMax = 256 << 20;
  constexpr int kMappedMin = 32 << 20;
  mallopt(M_TRIM_THRESHOLD, kKeptMax);
  mallopt(M_TOP_PAD, kMappedMin);
  mallopt(M_MMAP_THRESHOLD, kMappedMin);
}

PlayedCalls PlayCalls(const harness::CpgApi& api, const Program& program,
                      const PlayOptions& options) {
  return CallSession(api, options).Play(program);
}

namespace {

// What a library may keep of so many connections, if it keeps something of each
// one, as those do that give no handle twice.
size_t MemoryOf(const harness::CpgApi& api, size_t connections) {
  const Program program = {{.action = Action::kInitialize}};
  PlayCalls(api, program);
  const MemoryUse before = MemoryUseNow();
  for (int i = 0; i < kAgain; ++i) PlayCalls(api, program);
  const MemoryUse now = MemoryUseNow();
  if (now.allocated <= before.allocated) return 0;
  constexpr size_t kTable = 4096;  // it grows now and then
  return kTable + 2 * connections * (now.allocated - before.allocated) / kAgain;
}

}  // namespace

PlayedCalls PlayCallsThoroughly(const harness::CpgApi& api,
                                const Program& program,
                                const PlayOptions& options) {
  const MemoryUse before = MemoryUseNow();
  PlayedCalls played = PlayCalls(api, program, options);
  const MemoryUse first = MemoryUseNow();  // with what is made once
  MemoryUse last = first;
  bool allocated = first.allocated > before.allocated;
  bool mapped = first.mapped > before.mapped;
  for (int i = 0; i < kAgain && (allocated || mapped); ++i) {
    if (!played.problem.ok() || played.buffers_left) return played;
    played = PlayCalls(api, program, options);
    const MemoryUse now = MemoryUseNow();
    allocated = allocated && now.allocated > last.allocated;
    mapped = mapped && now.mapped > last.mapped;
    last = now;
  }
  if (!played.problem.ok() || (!allocated && !mapped)) return played;
  const size_t growth = (allocated ? last.allocated - first.allocated : 0) +
                        (mapped ? last.mapped - first.mapped : 0);
  if (growth <= MemoryOf(api, kAgain * played.connections)) return played;
  CallProblem problem{.where = kTheEnd.call,
                      .requirement = allocated ? "memory" : "LEAK-02",
                      .damage = "leak",
                      .owed = "the memory from before",
                      .came = "more each time that the program is played"};
  Show(kTheEnd, options.progress);
  if (!IsKnown(options, problem)) played.problem = std::move(problem);
  return played;
}

std::string Describe(const CallProblem& problem) {
  return fmt::format("call: {} ({})\nowed: {}\ncame: {}\n", problem.where,
                     problem.requirement, problem.owed, problem.came);
}

}  // namespace cpgcert::fuzz
