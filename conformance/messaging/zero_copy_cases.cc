// ZCB-01, ZCB-03 and ZCB-04: the zero copy calls, which an implementation need
// not have.

#include <fmt/core.h>

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/case.h"
#include "conformance/messaging/cases.h"
#include "conformance/messaging/members.h"
#include "conformance/support/support.h"

namespace cpgcert::conformance::messaging {

namespace {

using harness::Client;

constexpr const char* kBuffers = "ZCB-01";
constexpr const char* kBadHandle = "ZCB-03";
constexpr const char* kLong = "ZCB-04";

// Ends the case as unsupported if the calls are absent.
const harness::CpgApi& ZeroCopyApi(CaseContext& context) {
  return context.Api({"cpg_zcb_alloc", "cpg_zcb_free", "cpg_zcb_mcast_joined"});
}

// A buffer of cpg_zcb_alloc(3), on a connection that outlives it.
class Buffer {
 public:
  // Fails `requirement` and ends the case if it cannot be had.
  Buffer(CaseContext& context, std::string_view requirement, Client& client,
         size_t size)
      : context_(context), requirement_(requirement), client_(client) {
    const std::string call = fmt::format("cpg_zcb_alloc of {} bytes", size);
    context.Step(call);
    const cs_error_t result = harness::RetryWhileTryAgain(
        [&] {
          return ZeroCopyApi(context).zcb_alloc(client_.handle(), size,
                                                &start_);
        },
        kWaitDeadline);
    if (result == CS_ERR_NOT_SUPPORTED) {
      CaseContext::Unsupported("cpg_zcb_alloc answers CS_ERR_NOT_SUPPORTED");
    }
    if (ExpectOk(context, requirement, call, result) && start_ == nullptr) {
      context.Fail(requirement, Report(call, "a buffer", "NULL"));
    }
    if (start_ == nullptr) {
      NeedOk(call, result);
      CaseContext::Untested("there is no buffer");
    }
  }
  ~Buffer() { Free(); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  void Write(std::string_view bytes) {
    if (!bytes.empty()) {
      std::memcpy(start_, bytes.data(), bytes.size());
    }
  }

  cs_error_t Multicast(cpg_handle_t handle, size_t size,
                       cpg_guarantee_t guarantee = CPG_TYPE_AGREED) {
    return harness::RetryWhileTryAgain(
        [&] {
          return client_.api().zcb_mcast_joined(handle, guarantee, start_,
                                                size);
        },
        kWaitDeadline);
  }

  void Free() {
    if (start_ != nullptr) {
      ExpectOk(context_, requirement_, "cpg_zcb_free",
               client_.api().zcb_free(client_.handle(), start_));
    }
    start_ = nullptr;
  }

  void* start() const { return start_; }
  // It was freed by other means.
  void Forget() { start_ = nullptr; }

 private:
  CaseContext& context_;
  std::string requirement_;
  Client& client_;
  void* start_ = nullptr;
};

// Writes the message into the buffer, sends it and owes it.
void Send(CaseContext& context, Members& members, Buffer& buffer,
          std::string_view bytes, cpg_guarantee_t guarantee = CPG_TYPE_AGREED) {
  buffer.Write(bytes);
  const cs_error_t result =
      buffer.Multicast(members.client().handle(), bytes.size(), guarantee);
  ExpectOk(context, kBuffers,
           fmt::format("cpg_zcb_mcast_joined of {} bytes", bytes.size()),
           result);
  members.OweIfOk(result, bytes);
}

// All of a buffer of `size` bytes, or of one piece if that is 0.
void WholeBuffer(CaseContext& context, size_t size) {
  Members members(context, "zero");
  size = size == 0 ? members.one_piece() : size;
  Buffer buffer(context, kBuffers, members.client(), size);
  Send(context, members, buffer, MessageOf("m1", size));
  members.Check(kBuffers,
                fmt::format("cpg_zcb_mcast_joined of a whole buffer of {} "
                            "bytes",
                            size));
}

void AgainAndAgain(CaseContext& context) {
  constexpr size_t kSize = 10000;
  constexpr int kTimes = 20;
  Members members(context, "zeroagain");
  Buffer buffer(context, kBuffers, members.client(), kSize);
  for (int i = 1; i <= kTimes; ++i) {
    Send(context, members, buffer, MessageOf(fmt::format("m{}", i), kSize),
         i % 2 == 0 ? CPG_TYPE_FIFO : CPG_TYPE_AGREED);
  }
  members.Check(kBuffers,
                "20 times cpg_zcb_mcast_joined of one buffer, whose contents "
                "change after each call");
}

void PartOfTheBuffer(CaseContext& context) {
  constexpr size_t kSize = 5000;
  Members members(context, "zeropart");
  Buffer buffer(context, kBuffers, members.client(), kSize);
  int number = 0;
  for (const size_t size : {kSize, size_t{1}, kSize - 1, size_t{0}, kSize}) {
    Send(context, members, buffer,
         MessageOf(fmt::format("m{}", ++number), size));
  }
  members.Check(kBuffers,
                "cpg_zcb_mcast_joined of the beginning of a buffer of 5000 "
                "bytes");
}

void TwoBuffers(CaseContext& context) {
  constexpr size_t kSmall = 100;
  constexpr size_t kLarge = 70000;
  Members members(context, "zerotwo");
  Buffer small(context, kBuffers, members.client(), kSmall);
  Buffer large(context, kBuffers, members.client(), kLarge);
  for (int i = 1; i <= 4; ++i) {
    Send(context, members, small, MessageOf(fmt::format("small{}", i), kSmall));
    Send(context, members, large, MessageOf(fmt::format("large{}", i), kLarge));
  }
  small.Free();
  Send(context, members, large, MessageOf("last", kLarge));
  members.Check(kBuffers,
                "cpg_zcb_mcast_joined of two buffers in turns, then of one "
                "when the other was freed");
}

void BesideOrdinaryMessages(CaseContext& context) {
  constexpr size_t kSize = 3000;
  Members members(context, "zeromixed");
  Buffer buffer(context, kBuffers, members.client(), kSize);
  for (int i = 1; i <= 5; ++i) {
    members.Send(kBuffers, MessageOf(fmt::format("ordinary{}", i), kSize));
    Send(context, members, buffer, MessageOf(fmt::format("zero{}", i), kSize));
  }
  members.Check(kBuffers, "cpg_mcast_joined and cpg_zcb_mcast_joined in turns");
}

void AllocatedAgainAndAgain(CaseContext& context) {
  constexpr int kTimes = 30;
  constexpr size_t kSize = 6000;
  Members members(context, "zeromany");
  for (int i = 1; i <= kTimes; ++i) {
    Buffer buffer(context, kBuffers, members.client(), kSize * i);
    Send(context, members, buffer, MessageOf(fmt::format("m{}", i), kSize));
  }
  members.Check(kBuffers,
                "30 times cpg_zcb_alloc, cpg_zcb_mcast_joined, cpg_zcb_free");
}

// A handle that names no connection.
enum class BadHandle { kZero, kFinalized, kNeverIssued };

cpg_handle_t Make(CaseContext& context, BadHandle which) {
  if (which == BadHandle::kFinalized) {
    const auto client = Connect(context);
    NeedOk("cpg_finalize", client->Finalize());
    return client->handle();
  }
  constexpr cpg_handle_t kNeverIssued = 0x1234567800000063;
  return which == BadHandle::kZero ? 0 : kNeverIssued;
}

void AllocateWith(CaseContext& context, BadHandle which) {
  constexpr size_t kSize = 100;
  const harness::CpgApi& api = ZeroCopyApi(context);
  const auto live = Connect(context);  // the library is in use
  const cpg_handle_t handle = Make(context, which);
  void* buffer = nullptr;
  context.Step("cpg_zcb_alloc with a bad handle");
  const cs_error_t result = api.zcb_alloc(handle, kSize, &buffer);
  ExpectOneOf(context, kBadHandle, "cpg_zcb_alloc with a bad handle", result,
              {CS_ERR_BAD_HANDLE, CS_OK});
  if (result != CS_OK) {
    return;
  }
  if (buffer == nullptr) {
    context.Fail(kBadHandle,
                 Report("cpg_zcb_alloc with a bad handle, which answered CS_OK",
                        "a buffer", "NULL"));
    return;
  }
  std::memset(buffer, 'x', kSize);
  context.Step("cpg_zcb_free with a bad handle");
  ExpectOk(context, kBadHandle,
           "cpg_zcb_free with the same bad handle as cpg_zcb_alloc, which "
           "answered CS_OK",
           api.zcb_free(handle, buffer));
}

void MulticastWith(CaseContext& context, BadHandle which) {
  constexpr size_t kSize = 100;
  Members members(context, "zerobad");
  Buffer buffer(context, kBadHandle, members.client(), kSize);
  const std::string bytes = MessageOf("m1", kSize);
  buffer.Write(bytes);
  const cpg_handle_t handle = Make(context, which);
  ErrorOracle oracle(context, members.client(), members.group(), nullptr);
  context.Step("cpg_zcb_mcast_joined with a bad handle");
  ExpectOneOf(context, kBadHandle, "cpg_zcb_mcast_joined with a bad handle",
              buffer.Multicast(handle, kSize), {CS_ERR_BAD_HANDLE});
  members.Check("ERR-06", "cpg_zcb_mcast_joined with a bad handle");
  oracle.NothingHappened("cpg_zcb_mcast_joined with a bad handle");
  Send(context, members, buffer, bytes);
  members.Check("ERR-06",
                "cpg_zcb_mcast_joined with a good handle after one with a bad "
                "handle");
}

void FreeWith(CaseContext& context, BadHandle which) {
  constexpr size_t kSize = 100;
  Members members(context, "zerofree");
  Buffer buffer(context, kBadHandle, members.client(), kSize);
  const cpg_handle_t handle = Make(context, which);
  context.Step("cpg_zcb_free with a bad handle");
  const cs_error_t result =
      ZeroCopyApi(context).zcb_free(handle, buffer.start());
  ExpectOneOf(context, kBadHandle, "cpg_zcb_free with a bad handle", result,
              {CS_ERR_BAD_HANDLE, CS_OK});
  if (result == CS_OK) {
    buffer.Forget();
    return;
  }
  Send(context, members, buffer, MessageOf("m1", kSize));
  members.Check("ERR-06",
                "cpg_zcb_mcast_joined of a buffer that cpg_zcb_free refused to "
                "free");
}

// Whether `client` is still given what it sends, the message after the long
// one. Messages that `other`, in a group of its own, sends later and is given
// take the place of a clock.
bool StillDelivers(Client& client, Client& other) {
  constexpr int kMessagesOfOther = 200;
  const size_t seen = client.RecordCount();
  NeedOk("cpg_mcast_joined", client.Multicast(MessageOf("barrierlong", 40)));
  for (int i = 0; i < kMessagesOfOther; ++i) {
    DispatchThroughBarrier(other);
    // Once: its descriptor may say for ever that something waits.
    NeedOk("cpg_local_get", client.Settle());
    NeedOk("cpg_dispatch", client.Dispatch(CS_DISPATCH_ALL));
    const std::vector<harness::CallbackRecord> records = client.Records();
    for (size_t at = seen; at < records.size(); ++at) {
      if (records[at].message == "barrierlong") {
        return true;
      }
    }
  }
  return false;
}

// Whole or refused. `more` bytes than fit in `pieces` pieces.
void Long(CaseContext& context, size_t pieces, size_t more) {
  Members members(context, "zerolong");
  const auto other = Connect(context);
  JoinAndSettle(*other, UniqueGroup("zeroclock"));
  const size_t size = pieces * members.one_piece() + more;
  Buffer buffer(context, kLong, members.client(), size);
  const std::string bytes = MessageOf("long", size);
  buffer.Write(bytes);
  ErrorOracle oracle(context, members.client(), members.group(), nullptr);
  const std::string call = fmt::format(
      "cpg_zcb_mcast_joined of {} bytes, {} bytes fitting in one piece", size,
      members.one_piece());
  context.Step(call);
  const cs_error_t result = buffer.Multicast(members.client().handle(), size);
  ExpectOneOf(context, kLong, call, result,
              {CS_OK, CS_ERR_TOO_BIG, CS_ERR_INVALID_PARAM});
  const std::string answered =
      fmt::format("{}, which answered {}", call, harness::ErrorName(result));
  if (!StillDelivers(members.client(), *other)) {
    context.Fail(kLong,
                 Report(answered + "; then cpg_mcast_joined of 40 bytes",
                        "the second message, and the first if it was accepted",
                        "neither, while another connection was given 200 "
                        "messages of its own group"));
    return;
  }
  members.OweIfOk(result, bytes);
  members.Check(kLong, answered);
  if (result != CS_OK) {
    oracle.NothingHappened(call);
  }
}

// Before the join, or after the leave: nobody is given it.
void NotJoined(CaseContext& context, bool left) {
  constexpr size_t kSize = 100;
  const std::string group = UniqueGroup("zerooutside");
  const auto witness = StartPeer(context);
  const auto client = Connect(context);
  Need(witness->Join(group));
  if (left) {
    JoinAndSettle(*client, group);
    NeedOk("cpg_leave", client->Leave(group));
    if (!DispatchUntil(*client, 0, [](const harness::CallbackRecord& record) {
          return !record.left.empty();
        })) {
      CaseContext::Untested("the own cpg_leave was not announced");
    }
  }
  Buffer buffer(context, kLong, *client, kSize);
  buffer.Write(MessageOf("outcast", kSize));
  ErrorOracle oracle(context, *client, group, witness.get());
  const cs_error_t result = buffer.Multicast(client->handle(), kSize);
  NeedOk("cpg_local_get", client->RoundTrip());
  std::vector<std::string> lines;
  Need(witness->Seen(&lines));
  const std::string call =
      fmt::format("cpg_zcb_mcast_joined by no member, which answered {}",
                  harness::ErrorName(result));
  const std::vector<std::string> given = MessagesIn(lines);
  if (!given.empty()) {
    context.Fail(
        kLong, Report(call, "nobody is given it",
                      "another member was given " + conformance::Join(given)));
  }
  if (result != CS_OK) {
    oracle.NothingHappened(call);
  }
}

void RegisterZeroCopyCase(const std::string& name,
                          std::vector<std::string> requirements,
                          CaseBody body) {
  RegisterCase({.name = name,
                .requirements = std::move(requirements),
                .profile = "api",
                .needs_capability = true},
               std::move(body));
}

void RegisterBufferCases() {
  for (const size_t size : {1, 8, 100, 4095, 4096, 4097, 65536}) {
    RegisterZeroCopyCase(
        fmt::format("ZCB-01/WholeBuffer/Bytes{}", size), {kBuffers},
        [size](CaseContext& context) { WholeBuffer(context, size); });
  }
  struct Row {
    const char* name;
    CaseBody body;
  };
  for (const Row& row :
       {Row{"WholeBuffer/OnePiece",
            [](CaseContext& context) { WholeBuffer(context, 0); }},
        Row{"AgainAndAgain", AgainAndAgain},
        Row{"PartOfTheBuffer", PartOfTheBuffer}, Row{"TwoBuffers", TwoBuffers},
        Row{"BesideOrdinaryMessages", BesideOrdinaryMessages},
        Row{"AllocatedAgainAndAgain", AllocatedAgainAndAgain}}) {
    RegisterZeroCopyCase(std::string("ZCB-01/") + row.name, {kBuffers},
                         row.body);
  }
}

void RegisterBadHandleCases() {
  struct Handle {
    const char* name;
    BadHandle which;
  };
  for (const Handle& handle :
       {Handle{"Zero", BadHandle::kZero},
        Handle{"Finalized", BadHandle::kFinalized},
        Handle{"NeverIssued", BadHandle::kNeverIssued}}) {
    const auto with = [which = handle.which](
                          void (*body)(CaseContext&, BadHandle)) -> CaseBody {
      return [which, body](CaseContext& context) { body(context, which); };
    };
    RegisterZeroCopyCase(std::string("ZCB-03/Allocate/") + handle.name,
                         {kBadHandle}, with(AllocateWith));
    RegisterZeroCopyCase(std::string("ZCB-03/Multicast/") + handle.name,
                         {kBadHandle, kBuffers, "ERR-06"}, with(MulticastWith));
    RegisterZeroCopyCase(std::string("ZCB-03/Free/") + handle.name,
                         {kBadHandle, kBuffers, "ERR-06"}, with(FreeWith));
  }
}

}  // namespace

void RegisterZeroCopyCases() {
  RegisterBufferCases();
  RegisterBadHandleCases();
  for (const size_t more : {1, 1024, 1025}) {
    RegisterZeroCopyCase(
        fmt::format("ZCB-04/Longer/BytesMore{}", more), {kLong, "ERR-06"},
        [more](CaseContext& context) { Long(context, 1, more); });
  }
  for (const size_t pieces : {2, 3}) {
    RegisterZeroCopyCase(
        fmt::format("ZCB-04/Longer/Pieces{}", pieces), {kLong, "ERR-06"},
        [pieces](CaseContext& context) { Long(context, pieces, 0); });
  }
  for (const bool left : {false, true}) {
    RegisterZeroCopyCase(
        left ? "ZCB-04/NotJoined/Left" : "ZCB-04/NotJoined/NeverJoined",
        {kLong, "ERR-06"},
        [left](CaseContext& context) { NotJoined(context, left); });
  }
}

}  // namespace cpgcert::conformance::messaging
