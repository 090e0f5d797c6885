// MCAST-01 and MCAST-02: every message once, unchanged, to every member, in the
// order of sending.

#include <fmt/core.h>

#include <algorithm>
#include <limits>
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

using harness::CallbackRecord;
using harness::Client;

constexpr const char* kDelivery = "MCAST-01";
constexpr const char* kOrder = "MCAST-02";

// Sends messages of these sizes and expects them all.
void SendSizes(Members& members, const std::vector<size_t>& sizes,
               std::string_view what) {
  int number = 0;
  for (const size_t size : sizes) {
    members.Send(kDelivery, MessageOf(fmt::format("m{}", ++number), size));
  }
  members.Check(kDelivery, what);
}

void UpTo100Bytes(CaseContext& context) {
  Members members(context, "small");
  std::vector<size_t> sizes;
  for (size_t size = 1; size <= 100; ++size) {
    sizes.push_back(size);
  }
  SendSizes(members, sizes, "cpg_mcast_joined of 1, 2, ... 100 bytes");
}

void AroundPowersOfTwo(CaseContext& context) {
  Members members(context, "powers");
  constexpr size_t kSmallest = 128;
  constexpr size_t kLargest = size_t{512} << 10;
  std::vector<size_t> sizes;
  for (size_t power = kSmallest; power <= kLargest; power *= 2) {
    sizes.insert(sizes.end(), {power - 1, power, power + 1});
  }
  SendSizes(members, sizes,
            "cpg_mcast_joined of the powers of two up to 512 KiB, one byte "
            "less and one more");
}

void LargestInOnePiece(CaseContext& context) {
  Members members(context, "largest");
  const size_t most = members.one_piece();
  SendSizes(members, {most, most - 1, most - 8, most},
            "cpg_mcast_joined of the size of cpg_max_atomic_msgsize_get, and "
            "a little less");
}

void EveryByteValue(CaseContext& context) {
  Members members(context, "values");
  constexpr size_t kHead = CallbackRecord::kHeadMax;
  for (int first = 0; first <= std::numeric_limits<unsigned char>::max();
       first += kHead) {
    std::string bytes;
    for (size_t i = 0; i < kHead; ++i) {
      bytes.push_back(static_cast<char>(first + i));
    }
    members.Send(kDelivery, bytes);
  }
  members.Check(kDelivery,
                "cpg_mcast_joined of all byte values, 0 included, 64 at a "
                "time");
}

// Each is a message of its own, although nothing tells them apart.
void SameBytesAgain(CaseContext& context) {
  Members members(context, "same");
  constexpr int kTimes = 5;
  const std::string bytes = MessageOf("same", 1000);
  for (int i = 0; i < kTimes; ++i) {
    members.Send(kDelivery, bytes);
  }
  members.Check(kDelivery, "cpg_mcast_joined of the same bytes, 5 times");
}

void SenderIsAlone(CaseContext& context) {
  const auto client = Connect(context);
  JoinAndSettle(*client, UniqueGroup("alone"));
  const size_t seen = client->RecordCount();
  NeedOk("cpg_mcast_joined", client->Multicast(MessageOf("m1", 20)));
  NeedOk("cpg_mcast_joined", client->Multicast(MessageOf("m2", 20000)));
  DispatchThroughBarrier(*client);
  std::vector<std::string> came;
  for (size_t i = seen; i + 1 < client->RecordCount(); ++i) {
    came.push_back(client->Records()[i].message);
  }
  const Difference difference = Compare({"m1", "m2"}, came);
  if (!difference.empty()) {
    context.Fail(kDelivery,
                 Report("cpg_mcast_joined by the only member of a group",
                        "to the sender: " + difference.owed, difference.came));
  }
}

// What the caller does to its buffer after the call concerns nobody.
void BufferOverwrittenAfterTheCall(CaseContext& context) {
  Members members(context, "overwritten");
  const size_t most = members.one_piece();
  std::string buffer;
  for (const size_t size : {size_t{50}, size_t{5000}, most, most + 1}) {
    buffer = MessageOf(fmt::format("m{}", size), size);
    members.Send(kDelivery, buffer);
    std::ranges::fill(buffer, 'x');
  }
  members.Check(kDelivery,
                "cpg_mcast_joined, whose buffer is overwritten as soon as the "
                "call has returned");
}

// Two connections of one process, each in a group of its own; their messages
// take turns.
void TwoGroupsAtOnce(CaseContext& context) {
  constexpr int kRounds = 4;
  (void)context.Api({"cpg_max_atomic_msgsize_get"});
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<size_t> seen;
  for (const char* tag : {"left", "right"}) {
    clients.push_back(Connect(context));
    JoinAndSettle(*clients.back(), UniqueGroup(tag));
    seen.push_back(clients.back()->RecordCount());
  }
  std::vector<std::vector<std::string>> owed(clients.size());
  const size_t most = OnePieceSize(*clients.front());
  for (int round = 0; round < kRounds; ++round) {
    for (size_t i = 0; i < clients.size(); ++i) {
      const size_t size = round % 2 == 0 ? 100 : most + 1;
      owed[i].push_back(fmt::format("connection{}m{}", i + 1, round + 1));
      NeedOk("cpg_mcast_joined",
             clients[i]->Multicast(MessageOf(owed[i].back(), size)));
    }
  }
  for (size_t i = 0; i < clients.size(); ++i) {
    DispatchThroughBarrier(*clients[i]);
    std::vector<std::string> came;
    const std::vector<CallbackRecord> records = clients[i]->Records();
    for (size_t at = seen[i]; at + 1 < records.size(); ++at) {
      came.push_back(records[at].message);
    }
    const Difference difference = Compare(owed[i], came);
    if (!difference.empty()) {
      context.Fail(
          kDelivery,
          Report("cpg_mcast_joined in turns on two connections of one process, "
                 "in two groups",
                 fmt::format("to connection {}: {}", i + 1, difference.owed),
                 difference.came));
    }
  }
}

// Small messages and messages in fragments between each other.
void InOrder(CaseContext& context, const std::vector<cpg_guarantee_t>& cycle) {
  Members members(context, "order");
  const size_t most = members.one_piece();
  const std::vector<size_t> sizes = {10, most + 1, 10, 20, most, 0, 10, 70000};
  int number = 0;
  for (const size_t size : sizes) {
    const cpg_guarantee_t guarantee = cycle[number % cycle.size()];
    members.Send(kOrder, MessageOf(fmt::format("m{}", ++number), size),
                 guarantee);
  }
  members.Check(kOrder,
                "cpg_mcast_joined of large and small messages one after the "
                "other");
}

// A guarantee outside the enumeration is the point of some cases.
__attribute__((no_sanitize("enum"))) cs_error_t
MulticastWith(Client& client, const iovec& piece, int guarantee) {
  return client.api().mcast_joined(
      client.handle(), static_cast<cpg_guarantee_t>(guarantee), &piece, 1);
}

// Nothing but its bytes and an answer that says so, or an error and nothing.
void DeliversOrRefuses(CaseContext& context, int guarantee, bool in_fragments) {
  Members members(context, "guarantee");
  ErrorOracle oracle(context, members.client(), members.group(), nullptr);
  constexpr size_t kSmall = 100;
  const std::string bytes =
      MessageOf("m1", in_fragments ? members.one_piece() + 1 : kSmall);
  const std::string call =
      fmt::format("cpg_mcast_joined of {} bytes with guarantee {}",
                  bytes.size(), guarantee);
  context.Step(call);
  const iovec piece = PieceOf(bytes);
  const cs_error_t result = harness::RetryWhileTryAgain(
      [&] { return MulticastWith(members.client(), piece, guarantee); },
      kWaitDeadline);
  members.OweIfOk(result, bytes);
  members.Check(kOrder, fmt::format("{}, which answered {}", call,
                                    harness::ErrorName(result)));
  if (result != CS_OK) {
    oracle.NothingHappened(call);
  }
}

void RegisterOrderCases() {
  struct Cycle {
    const char* name;
    std::vector<cpg_guarantee_t> guarantees;
  };
  for (const Cycle& cycle :
       {Cycle{"Fifo", {CPG_TYPE_FIFO}}, Cycle{"Agreed", {CPG_TYPE_AGREED}},
        Cycle{"FifoAndAgreed",
              {CPG_TYPE_FIFO, CPG_TYPE_AGREED, CPG_TYPE_AGREED}}}) {
    RegisterCase({.name = std::string("MCAST-02/InOrder/") + cycle.name,
                  .requirements = {kOrder, kDelivery},
                  .profile = "api"},
                 [guarantees = cycle.guarantees](CaseContext& context) {
                   InOrder(context, guarantees);
                 });
  }
  struct Guarantee {
    const char* name;
    int value;
  };
  constexpr int kOneTooMany = CPG_TYPE_SAFE + 1;
  for (const Guarantee& guarantee :
       {Guarantee{"Unordered", CPG_TYPE_UNORDERED},
        Guarantee{"Safe", CPG_TYPE_SAFE}, Guarantee{"OneTooMany", kOneTooMany},
        Guarantee{"Negative", -1},
        Guarantee{"Largest", std::numeric_limits<int>::max()}}) {
    for (const bool in_fragments : {false, true}) {
      RegisterCase(
          {.name =
               fmt::format("MCAST-02/DeliversOrRefuses/{}/{}", guarantee.name,
                           in_fragments ? "InFragments" : "OnePiece"),
           .requirements = {kOrder, "ERR-06"},
           .profile = "api"},
          [value = guarantee.value, in_fragments](CaseContext& context) {
            DeliversOrRefuses(context, value, in_fragments);
          });
    }
  }
}

}  // namespace

void RegisterDeliveryCases() {
  struct Row {
    const char* name;
    void (*body)(CaseContext&);
  };
  for (const Row& row :
       {Row{"MCAST-01/Sizes/UpTo100Bytes", UpTo100Bytes},
        Row{"MCAST-01/Sizes/AroundPowersOfTwo", AroundPowersOfTwo},
        Row{"MCAST-01/Sizes/LargestInOnePiece", LargestInOnePiece},
        Row{"MCAST-01/EveryByteValue", EveryByteValue},
        Row{"MCAST-01/SameBytesAgain", SameBytesAgain},
        Row{"MCAST-01/SenderIsAlone", SenderIsAlone},
        Row{"MCAST-01/BufferOverwrittenAfterTheCall",
            BufferOverwrittenAfterTheCall},
        Row{"MCAST-01/TwoGroupsAtOnce", TwoGroupsAtOnce}}) {
    RegisterCase(
        {.name = row.name, .requirements = {kDelivery}, .profile = "api"},
        row.body);
  }
  RegisterOrderCases();
}

}  // namespace cpgcert::conformance::messaging
