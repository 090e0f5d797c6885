// Groups and messages: join, leave, multicast, zero copy.

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <variant>

#include "fuzz/calls/call_session.h"
#include "fuzz/calls/made_files.h"

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;
using Reach = HandleState::Reach;
using Member = HandleState::Member;

// One that is too long says so, and has the bytes that there is room for.
cpg_name NameFor(const std::string& text) {
  cpg_name name{};
  name.length = static_cast<uint32_t>(text.size());
  text.copy(name.value, sizeof name.value);
  return name;
}

const char* GroupState(const HandleState& state, const std::string& name) {
  if (!state.open) return "a bad handle";
  if (name.size() > CPG_MAX_NAME_LENGTH) return "a name that is too long";
  if (state.IsHeldBack()) return "the service does not answer";
  switch (state.member) {
    case Member::kMember:
      return "is a member";
    case Member::kLeft:
      return "has left";
    case Member::kNever:
      break;
  }
  return "is no member";
}

// Cut into pieces as equal as can be.
std::vector<iovec> Cut(std::string_view message, const Pieces& pieces) {
  std::vector<iovec> cut;
  const size_t count =
      message.empty() ? pieces.count : std::max<size_t>(pieces.count, 1);
  size_t done = 0;
  for (size_t i = 0; i < count; ++i) {
    const size_t end = message.size() * (i + 1) / count;
    char* const begin = const_cast<char*>(message.data()) + done;
    if (pieces.with_empty) cut.push_back({.iov_base = begin, .iov_len = 0});
    cut.push_back({.iov_base = begin, .iov_len = end - done});
    done = end;
  }
  if (pieces.with_empty) {
    cut.push_back(
        {.iov_base = const_cast<char*>(message.data()) + done, .iov_len = 0});
  }
  return cut;
}

// Of an array on the stack, in one libcpg.
constexpr size_t kManyPieces = 64;

Spot MulticastSpot(const HandleState& state, size_t pieces, bool is_large,
                   bool disturbed) {
  const char* const kCall = "cpg_mcast_joined";
  if (!state.open) return {.call = kCall, .state = "a bad handle"};
  if (pieces >= kManyPieces && !is_large) {
    return {
        .call = kCall, .state = "64 pieces or more", .requirement = "MCAST-09"};
  }
  if (is_large && state.reach == Reach::kCut) {
    return {.call = kCall,
            .state = "in fragments, the service is gone",
            .requirement = "PART-07"};
  }
  if (state.IsHeldBack() || disturbed) {
    return {.call = kCall,
            .state = is_large ? "in fragments, disturbed" : "disturbed"};
  }
  if (state.member != Member::kMember) {
    return {.call = kCall,
            .state = is_large ? "in fragments, is no member" : "is no member"};
  }
  return {.call = kCall, .state = is_large ? "in fragments" : "a member"};
}

}  // namespace

bool CallSession::JoinedElsewhere(int who, const std::string& group) {
  for (int i = 0; i < kHandles; ++i) {
    const HandleState& state = handles_.at(i).state;
    if (i != who && state.open && state.member == Member::kMember &&
        state.group == group) {
      return true;
    }
  }
  // One that is finalized inside a callback, and not closed yet.
  const auto members = service_.Members(group);
  const auto process = static_cast<uint32_t>(getpid());
  return std::ranges::any_of(members, [&](const wire::Address& member) {
    return member.process == process;
  });
}

void CallSession::Join(const Operation& operation) {
  Handle& handle = handles_.at(operation.who);
  const std::string& group = NameOf(operation.what);
  if (!Enter({.call = "cpg_join", .state = GroupState(handle.state, group)})) {
    return;
  }
  cpg_name name = NameFor(group);
  const bool elsewhere = handle.state.member != Member::kMember &&
                         JoinedElsewhere(operation.who, group);
  Ask(
      handle.state, handle.connection, {RequestId::kJoin},
      [&] { return api_.join(handle.value, &name); },
      [&](const CallRecord& record) {
        return OwedToJoin(handle.state, group, elsewhere, record);
      },
      [&](cs_error_t result, const CallRecord& record) {
        if ((result == CS_OK) != (record.joined == 1) &&
            (result == CS_OK || handle.state.reach == Reach::kLive)) {
          return Object(result == CS_OK ? "JOIN-01" : "ERR-06", "wrong effect",
                        result == CS_OK ? "joined once" : "nothing happened",
                        fmt::format("joined {} times", record.joined));
        }
        if (result != CS_OK) return;
        const auto* const request =
            record.request.has_value()
                ? std::get_if<wire::JoinRequest>(&*record.request)
                : nullptr;
        if (request == nullptr || request->group != group ||
            request->process != static_cast<uint32_t>(getpid())) {
          return Object("WIRE-01", "wrong request",
                        "this group and this process", "others");
        }
        handle.state.member = Member::kMember;
        handle.state.group = group;
      });
}

void CallSession::Leave(const Operation& operation) {
  Handle& handle = handles_.at(operation.who);
  const std::string& group = NameOf(operation.what);
  if (!Enter({.call = "cpg_leave", .state = GroupState(handle.state, group)})) {
    return;
  }
  cpg_name name = NameFor(group);
  Ask(
      handle.state, handle.connection, {RequestId::kLeave},
      [&] { return api_.leave(handle.value, &name); },
      [&](const CallRecord& record) {
        return OwedToLeave(handle.state, group, record);
      },
      [&](cs_error_t result, const CallRecord& record) {
        if ((result == CS_OK) != (record.left == 1) &&
            (result == CS_OK || handle.state.reach == Reach::kLive)) {
          return Object(result == CS_OK ? "LEAVE-01" : "ERR-06", "wrong effect",
                        result == CS_OK ? "left once" : "nothing happened",
                        fmt::format("left {} times", record.left));
        }
        if (record.left == 0) return;
        const auto* const request =
            record.request.has_value()
                ? std::get_if<wire::LeaveRequest>(&*record.request)
                : nullptr;
        // The name is ignored, by the library or by the service.
        if (request == nullptr ||
            (request->group != group && request->group != handle.state.group) ||
            request->process != static_cast<uint32_t>(getpid())) {
          return Object("WIRE-01", "wrong request",
                        "this group and this process", "others");
        }
        handle.state.member = Member::kLeft;
      });
}

void CallSession::ConcludeMulticast(const Handle& handle,
                                    std::string_view message, bool is_large,
                                    cs_error_t result,
                                    const CallRecord& record) {
  const size_t count = record.messages.size();
  const bool is_member = handle.state.member == Member::kMember;
  if (result != CS_OK) {
    if (count > 0 && is_member && handle.state.reach == Reach::kLive) {
      Object("MCAST-07", "wrong effect", "no message was sent",
             fmt::format("{} were", count));
    }
    return;
  }
  if (!is_member || !handle.state.open) return;
  if (count != 1) {
    return Object("MCAST-01", "wrong effect", "one message was sent",
                  fmt::format("{} were", count));
  }
  if (!is_large && record.fragments > 0) {
    return Object("MAX-01", "wrong effect",
                  "what is no longer than is atomic is sent in one piece",
                  fmt::format("{} fragments", record.fragments));
  }
  if (record.messages.front() != message) {
    Object("MCAST-12", "wrong effect",
           fuzz::Describe(MessageCallback("", 0, 0, message)),
           fuzz::Describe(MessageCallback("", 0, 0, record.messages.front())));
  }
}

void CallSession::Multicast(const Operation& operation) {
  Handle& handle = handles_.at(operation.who);
  const size_t atomic_max = AtomicMax(handle);
  const size_t size = SizeOf(operation.what, atomic_max);
  constexpr size_t kLarge = 100'000;
  if (size > kLarge && large_left_ == 0) return;
  large_left_ -= size > kLarge ? 1 : 0;
  const std::string_view message = MessageBytes(next_message_++, size);
  const std::vector<iovec> pieces = Cut(message, PiecesOf(operation.how));
  const MulticastArguments arguments{.pieces = pieces.size(),
                                     .guarantee = GuaranteeOf(operation.how),
                                     .is_large = size > atomic_max};
  if (!Enter(MulticastSpot(handle.state, pieces.size(), arguments.is_large,
                           ProspectOf(handle.state) != Prospect::kGood))) {
    return;
  }
  Ask(
      handle.state, handle.connection,
      {RequestId::kMulticast, RequestId::kPartialMulticast},
      [&] {
        return api_.mcast_joined(
            handle.value, static_cast<cpg_guarantee_t>(arguments.guarantee),
            pieces.data(), static_cast<unsigned int>(pieces.size()));
      },
      [&](const CallRecord& record) {
        return OwedToMulticast(handle.state, arguments, record);
      },
      [&](cs_error_t result, const CallRecord& record) {
        ConcludeMulticast(handle, message, arguments.is_large, result, record);
      });
}

void CallSession::ZeroCopyAllocateWithBadHandle(const Operation& operation) {
  const cpg_handle_t handle = handles_.at(operation.who).value;
  const size_t size = BufferSizeOf(operation.how);
  const bool is_huge = operation.how == kHugeBuffer;
  if (!Enter({.call = "cpg_zcb_alloc", .state = "a bad handle"})) return;
  void* memory = nullptr;
  const cs_error_t result =
      Call([&] { return api_.zcb_alloc(handle, size, &memory); });
  Judge(OwedToZeroCopyAllocate({}, is_huge, {}), result);
  if (result == CS_OK && !stopped()) api_.zcb_free(handle, memory);
}

void CallSession::ZeroCopyAllocate(const Operation& operation) {
  Handle& handle = handles_.at(operation.who);
  Buffer& buffer = buffers_.at(operation.what);
  if (api_.zcb_alloc == nullptr || api_.zcb_free == nullptr ||
      api_.zcb_mcast_joined == nullptr || buffer.memory != nullptr) {
    return;
  }
  if (!handle.state.open) return ZeroCopyAllocateWithBadHandle(operation);
  const bool is_huge = operation.how == kHugeBuffer;
  Spot spot{.call = "cpg_zcb_alloc", .state = "as it should be"};
  if (is_huge) {
    spot.state = "more than there is";
    spot.requirement = "ZCB-02";
  } else if (ProspectOf(handle.state) == Prospect::kUnanswered) {
    spot.state = "the service does not answer";
    spot.requirement = "LEAK-02";
  } else if (ProspectOf(handle.state) == Prospect::kRefused) {
    spot.state = "the service refuses";
    spot.requirement = "ERR-01";
  }
  if (!Enter(spot)) return;
  const size_t size = BufferSizeOf(operation.how);
  void* memory = nullptr;
  Ask(
      handle.state, handle.connection, {RequestId::kZeroCopyAllocate},
      [&] { return api_.zcb_alloc(handle.value, size, &memory); },
      [&](const CallRecord& record) {
        return OwedToZeroCopyAllocate(handle.state, is_huge, record);
      },
      [&](cs_error_t result, const CallRecord& /*record*/) {
        if (!TakeMadeFiles().empty() && result != CS_OK) {
          return Object("LEAK-02", "leak", "no file is left",
                        "a file in shared memory");
        }
        if (result != CS_OK) return;
        buffer = {.memory = memory, .size = size, .handle = operation.who};
        MessageBytes(next_message_++, size)
            .copy(static_cast<char*>(memory), size);
      });
}

void CallSession::ZeroCopyFree(int who, int number) {
  Handle& handle = handles_.at(who);
  Buffer& buffer = buffers_.at(number);
  if (api_.zcb_free == nullptr || buffer.memory == nullptr ||
      buffer.handle != who) {
    return;
  }
  Spot spot{.call = "cpg_zcb_free", .state = "as it should be"};
  if (ProspectOf(handle.state) == Prospect::kUnanswered) {
    spot.state = "the service does not answer";
  } else if (ProspectOf(handle.state) == Prospect::kRefused) {
    spot.state = "the service refuses";
    spot.requirement = "ERR-01";
  }
  void* const memory = buffer.memory;
  buffer = {};  // whatever comes: after an error nobody says what it is
  bool freed = false;
  if (Enter(spot)) {
    Ask(
        handle.state, handle.connection, {RequestId::kZeroCopyFree},
        [&] { return api_.zcb_free(handle.value, memory); },
        [&](const CallRecord& record) {
          return OwedToZeroCopyFree(handle.state, record);
        },
        [&](cs_error_t result, const CallRecord& /*record*/) {
          freed = result == CS_OK;
        });
  }
  played_.buffers_left = played_.buffers_left || !freed;
}

void CallSession::ZeroCopyMulticast(const Operation& operation) {
  Handle& handle = handles_.at(operation.who);
  const Buffer& buffer = buffers_.at(operation.what);
  if (api_.zcb_mcast_joined == nullptr || buffer.memory == nullptr ||
      (handle.state.open && buffer.handle != operation.who)) {
    return;
  }
  const char* const state = !handle.state.open          ? "a bad handle"
                            : handle.state.IsHeldBack() ? "disturbed"
                                                        : "a buffer";
  if (!Enter({.call = "cpg_zcb_mcast_joined", .state = state})) return;
  const size_t size = operation.how == 0 ? buffer.size : 0;
  const std::string message(static_cast<const char*>(buffer.memory), size);
  const MulticastArguments arguments{.zero_copy = true};
  Ask(
      handle.state, handle.connection,
      {RequestId::kZeroCopyExecute, RequestId::kMulticast,
       RequestId::kPartialMulticast},
      [&] {
        return api_.zcb_mcast_joined(handle.value, CPG_TYPE_AGREED,
                                     buffer.memory, size);
      },
      [&](const CallRecord& record) {
        return OwedToMulticast(handle.state, arguments, record);
      },
      [&](cs_error_t result, const CallRecord& record) {
        ConcludeMulticast(handle, message, /*is_large=*/false, result, record);
      });
}

}  // namespace cpgcert::fuzz
