// PART-01, PART-03, PART-05, PART-08 and MAX-01: messages that do not fit in
// one piece, and where that begins.

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "conformance/case.h"
#include "conformance/messaging/cases.h"
#include "conformance/messaging/members.h"
#include "conformance/support/support.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance::messaging {

namespace {

using harness::CallbackRecord;
using harness::Client;

constexpr const char* kWhole = "PART-01";
constexpr const char* kSenders = "PART-03";
constexpr const char* kNoCallback = "PART-05";
constexpr const char* kCuts = "PART-08";
constexpr const char* kLimit = "MAX-01";

// One large message between two small ones.
void Large(CaseContext& context, const std::function<size_t(size_t)>& size_of) {
  Members members(context, "large");
  const size_t size = size_of(members.one_piece());
  members.Send(kWhole, MessageOf("before", 20));
  members.Send(kWhole, MessageOf("large", size));
  members.Send(kWhole, MessageOf("after", 20));
  members.Check(kWhole,
                fmt::format("cpg_mcast_joined of {} bytes, {} bytes fitting in "
                            "one piece, between two of 20 bytes",
                            size, members.one_piece()));
}

void SeveralInARow(CaseContext& context) {
  Members members(context, "row");
  constexpr int kCount = 5;
  for (int i = 1; i <= kCount; ++i) {
    members.Send(kWhole,
                 MessageOf(fmt::format("m{}", i), members.one_piece() + i));
  }
  members.Check(kWhole, "5 times cpg_mcast_joined of a message in fragments");
}

// The sizes of all pieces but the last, of a message of `size` bytes of which
// `most` fit in one piece.
using Cutting = std::function<std::vector<size_t>(size_t size, size_t most)>;

std::vector<size_t> Equal(size_t size, size_t pieces) {
  return std::vector<size_t>(pieces - 1, size / pieces);
}

void CutSo(CaseContext& context, const Cutting& cutting) {
  Members members(context, "cut");
  const size_t most = members.one_piece();
  const size_t size = 2 * most + 1;
  const std::string bytes = MessageOf("cut", size);
  const std::vector<iovec> pieces = Cut(bytes, cutting(size, most));
  std::string call = fmt::format("cpg_mcast_joined of {} bytes cut into", size);
  for (const iovec& piece : pieces) {
    call += fmt::format(" {}", piece.iov_len);
  }
  context.Step(call);
  members.Send(kCuts, bytes, pieces, call);
  members.Check(kCuts, call);
}

// Pieces that fit together, and one more byte that does not.
void AroundMultiples(CaseContext& context) {
  Members members(context, "multiples");
  const size_t most = members.one_piece();
  constexpr size_t kMultiples = 2;
  for (size_t multiple = 1; multiple <= kMultiples; ++multiple) {
    for (const size_t size :
         {multiple * most - 1, multiple * most, multiple * most + 1}) {
      members.Send(kCuts, MessageOf(fmt::format("m{}", size), size));
    }
  }
  members.Check(kCuts,
                fmt::format("cpg_mcast_joined of once and twice {} bytes, one "
                            "byte less and one more",
                            most));
}

struct NamedCutting {
  const char* name;
  Cutting cutting;
};

std::vector<NamedCutting> Cuttings() {
  constexpr size_t kThree = 3;
  constexpr size_t kMany = 40;
  return {
      {"FirstPieceFits",
       [](size_t, size_t most) -> std::vector<size_t> { return {most}; }},
      {"FirstPieceOneByteLess",
       [](size_t, size_t most) -> std::vector<size_t> { return {most - 1}; }},
      {"FirstPieceOneByteMore",
       [](size_t, size_t most) -> std::vector<size_t> { return {most + 1}; }},
      {"FirstPieceOneByte",
       [](size_t, size_t) -> std::vector<size_t> { return {1}; }},
      {"LastPieceOneByte",
       [](size_t size, size_t) -> std::vector<size_t> { return {size - 1}; }},
      {"ThreePieces", [](size_t size, size_t) { return Equal(size, kThree); }},
      {"FortyPieces", [](size_t size, size_t) { return Equal(size, kMany); }},
      {"EmptyFirst",
       [](size_t, size_t) -> std::vector<size_t> { return {0, 0, 10}; }},
      {"EmptyMiddle",
       [](size_t size, size_t) -> std::vector<size_t> {
         return {size / 2, 0, 0, 0};
       }},
      {"EmptyLast",
       [](size_t size, size_t) -> std::vector<size_t> {
         return {size / 2, size - size / 2, 0};
       }},
      {"EmptyAroundTheCut",
       [](size_t, size_t most) -> std::vector<size_t> {
         return {0, most, 0, 0};
       }},
  };
}

// "message NAME" of each message of `process` among the records after the
// first `seen`, in their order.
std::vector<std::string> From(Client& client, size_t seen, pid_t process) {
  std::vector<std::string> messages;
  const std::vector<CallbackRecord> records = client.Records();
  for (; seen < records.size(); ++seen) {
    if (records[seen].kind == CallbackRecord::Kind::kDeliver &&
        records[seen].process == static_cast<uint32_t>(process)) {
      messages.push_back("message " + records[seen].message);
    }
  }
  return MessagesIn(messages);
}

// The same of the lines of harness::Peer::Seen, and of those only that begin
// so.
std::vector<std::string> Beginning(const std::vector<std::string>& lines,
                                   std::string_view beginning) {
  std::vector<std::string> messages;
  for (const std::string& line : MessagesIn(lines)) {
    if (line.starts_with(beginning)) {
      messages.push_back(line.substr(0, line.find(" from ")));
    }
  }
  return messages;
}

// What the two senders of one round send.
struct Round {
  std::vector<std::string> own;  // as From() gives them
  std::vector<std::string> others;
  size_t size = 0;
};

// This process and the witness send at the same time. Returns what the witness
// could not do: send, or find its own message among those that it was given.
std::string SendBoth(CaseContext& context, Members& members,
                     const Round& round) {
  constexpr size_t kPrefix = std::string_view("message ").size();
  std::string error;
  std::thread other = harness::trace::StartThread([&] {
    for (size_t i = 0; i < round.others.size() && error.empty(); ++i) {
      error = members.witness().Multicast(round.others[i].substr(kPrefix),
                                          round.size);
    }
  });
  std::vector<cs_error_t> results;
  for (const std::string& text : round.own) {
    results.push_back(members.client().Multicast(
        MessageOf(text.substr(kPrefix), round.size)));
  }
  other.join();
  for (const cs_error_t result : results) {
    ExpectOk(context, kSenders,
             "cpg_mcast_joined while another member does the same", result);
  }
  return error;
}

// One sender's messages at one receiver.
struct Receipt {
  std::string_view who;
  const std::vector<std::string>& owed;
  std::vector<std::string> came;
};

void CheckReceipts(CaseContext& context, const std::vector<Receipt>& receipts,
                   size_t size) {
  for (const Receipt& receipt : receipts) {
    const Difference difference = Compare(receipt.owed, receipt.came);
    if (!difference.empty()) {
      context.Fail(
          kSenders,
          Report(fmt::format("cpg_mcast_joined of {} bytes by two processes at "
                             "the same time",
                             size),
                 fmt::format("to {}: {}", receipt.who, difference.owed),
                 difference.came));
    }
  }
}

// True if each had sent a message before the other was done.
bool SentAtOnce(const Round& round, const std::vector<std::string>& order) {
  const auto place = [&order](const std::string& text) {
    return std::ranges::find(order, text);
  };
  return place(round.own.front()) < place(round.others.back()) &&
         place(round.others.front()) < place(round.own.back());
}

// False if another round is needed: the two did not send at the same time.
bool SendAndCheck(CaseContext& context, Members& members, const Round& round) {
  Client& client = members.client();
  const size_t seen = client.RecordCount();
  const std::string error = SendBoth(context, members, round);
  DispatchThroughBarrier(client);
  CheckReceipts(context,
                {{"its sender", round.own,
                  From(client, seen, harness::trace::ProcessId())},
                 {"another member", round.others,
                  From(client, seen, members.witness().process())}},
                round.size);
  if (!context.failures().empty()) {
    return true;
  }
  Need(error);
  std::vector<std::string> lines;
  Need(members.witness().Seen(&lines));
  CheckReceipts(
      context,
      {{"another member", round.own, Beginning(lines, "message own")},
       {"its sender", round.others, Beginning(lines, "message other")}},
      round.size);
  return SentAtOnce(round, Beginning(lines, "message "));
}

void TwoSendersAtOnce(CaseContext& context) {
  constexpr int kRoundsMax = 20;
  constexpr int kCount = 3;
  Members members(context, "senders");
  for (int number = 1; number <= kRoundsMax; ++number) {
    Round round;
    round.size = members.one_piece() + 100;
    for (int i = 1; i <= kCount; ++i) {
      round.own.push_back(fmt::format("message own{}round{}", i, number));
      round.others.push_back(fmt::format("message other{}round{}", i, number));
    }
    if (SendAndCheck(context, members, round) || !context.failures().empty()) {
      return;
    }
  }
  CaseContext::Untested("the two never sent at the same time");
}

// The event is passed over, and the next ones are dispatched.
void NoDeliverCallback(CaseContext& context, bool own_message) {
  const std::string group = UniqueGroup("silent");
  const auto witness = StartPeer(context);
  (void)context.Api({"cpg_max_atomic_msgsize_get"});
  const auto client =
      Connect(context, {.deliver = false, .configuration = true});
  Need(witness->Join(group));
  JoinAndSettle(*client, group);
  const size_t seen = client->RecordCount();
  const size_t size = OnePieceSize(*client) + 1;
  if (own_message) {
    NeedOk("cpg_mcast_joined", client->Multicast(MessageOf("large", size)));
  } else {
    Need(witness->Multicast("large", size));
  }
  Need(witness->Leave(group));
  const std::string call = fmt::format(
      "cpg_dispatch of a message of {} bytes without a deliver callback", size);
  context.Step(call);
  if (!DispatchUntil(*client, seen, [](const CallbackRecord& record) {
        return !record.left.empty();
      })) {
    context.Fail(kNoCallback,
                 Report(call,
                        "nothing; then the configuration change of another "
                        "member's cpg_leave",
                        conformance::Join(Texts(*client, seen))));
  }
}

void SameAtEachCall(CaseContext& context) {
  (void)context.Api({"cpg_max_atomic_msgsize_get"});
  const auto client = Connect(context);
  std::vector<uint32_t> answers;
  const auto ask = [&](const char* when) {
    uint32_t size = 0;
    const cs_error_t result =
        client->api().max_atomic_msgsize_get(client->handle(), &size);
    ExpectOk(context, kLimit, std::string("cpg_max_atomic_msgsize_get ") + when,
             result);
    answers.push_back(size);
  };
  ask("before cpg_join");
  ask("again");
  JoinAndSettle(*client, UniqueGroup("limit"));
  ask("after cpg_join");
  NeedOk("cpg_mcast_joined", client->Multicast(MessageOf("m1", 100000)));
  ask("after cpg_mcast_joined");
  DispatchThroughBarrier(*client);
  ask("after cpg_dispatch");
  context.Measure("max_atomic_msgsize_bytes", answers.front());
  if (answers.front() == 0 ||
      std::ranges::any_of(answers, [&](uint32_t answer) {
        return answer != answers.front();
      })) {
    std::string came;
    for (const uint32_t answer : answers) {
      came += fmt::format("{}{}", came.empty() ? "" : ", ", answer);
    }
    context.Fail(kLimit, Report("5 times cpg_max_atomic_msgsize_get",
                                "one size, greater than 0", came));
  }
}

// What was sent in one piece is one event: the first that is dispatched runs
// the callback. Of several pieces the first ones run nothing.
void OneEvent(CaseContext& context, size_t less) {
  (void)context.Api({"cpg_max_atomic_msgsize_get"});
  const auto client =
      Connect(context, {.deliver = true, .configuration = true, .totem = true});
  JoinAndSettle(*client, UniqueGroup("event"));
  DispatchThroughBarrier(*client);
  const size_t size = OnePieceSize(*client) - less;
  const size_t seen = client->RecordCount();
  NeedOk("cpg_mcast_joined", client->Multicast(MessageOf("largest", size)));
  harness::trace::Deadline end(kWaitDeadline);
  cs_error_t result = CS_ERR_TRY_AGAIN;
  while (result == CS_ERR_TRY_AGAIN && !end.Passed()) {
    client->WaitReadable(kWaitDeadline);
    result = client->Dispatch(CS_DISPATCH_ONE_NONBLOCKING);
  }
  NeedOk("cpg_dispatch with CS_DISPATCH_ONE_NONBLOCKING", result);
  const std::vector<std::string> came = Texts(*client, seen);
  if (came.size() != 1 || !came.front().starts_with("message largest from ")) {
    context.Fail(
        kLimit,
        Report(fmt::format("cpg_mcast_joined of {} bytes, {} less than "
                           "cpg_max_atomic_msgsize_get answers; then one event "
                           "is dispatched",
                           size, less),
               "the message, in one piece", conformance::Join(came)));
  }
}

}  // namespace

void RegisterFragmentsCases() {
  struct Size {
    const char* name;
    std::function<size_t(size_t)> size_of;
  };
  for (const Size& size :
       {Size{"OneByteMore", [](size_t most) { return most + 1; }},
        Size{"Twice", [](size_t most) { return 2 * most; }},
        Size{"ThriceAndOne", [](size_t most) { return 3 * most + 1; }},
        Size{"EightTimes", [](size_t most) { return 8 * most; }}}) {
    RegisterCase({.name = std::string("PART-01/Size/") + size.name,
                  .requirements = {kWhole},
                  .profile = "api"},
                 [size_of = size.size_of](CaseContext& context) {
                   Large(context, size_of);
                 });
  }
  RegisterCase({.name = "PART-01/SeveralInARow",
                .requirements = {kWhole},
                .profile = "api"},
               SeveralInARow);
  RegisterCase({.name = "PART-03/TwoSendersAtOnce",
                .requirements = {kSenders},
                .profile = "api"},
               TwoSendersAtOnce);
  for (const bool own_message : {true, false}) {
    RegisterCase(
        {.name = fmt::format("PART-05/MessageInFragments/NoDeliver/{}",
                             own_message ? "OwnMessage" : "OthersMessage"),
         .requirements = {kNoCallback},
         .profile = "api"},
        [own_message](CaseContext& context) {
          NoDeliverCallback(context, own_message);
        });
  }
  for (const NamedCutting& cut : Cuttings()) {
    RegisterCase({.name = std::string("PART-08/Cut/") + cut.name,
                  .requirements = {kCuts},
                  .profile = "api"},
                 [cutting = cut.cutting](CaseContext& context) {
                   CutSo(context, cutting);
                 });
  }
  RegisterCase({.name = "PART-08/AroundMultiples",
                .requirements = {kCuts},
                .profile = "api"},
               AroundMultiples);
  RegisterCase({.name = "MAX-01/SameAtEachCall",
                .requirements = {kLimit},
                .profile = "api"},
               SameAtEachCall);
  for (const size_t less : {0, 1}) {
    RegisterCase({.name = less == 0 ? "MAX-01/OneEvent/Limit"
                                    : "MAX-01/OneEvent/OneByteLess",
                  .requirements = {kLimit},
                  .profile = "api"},
                 [less](CaseContext& context) { OneEvent(context, less); });
  }
}

}  // namespace cpgcert::conformance::messaging
