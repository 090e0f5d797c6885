// MCAST-06 and MCAST-07: more than the service takes at once.

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/case.h"
#include "conformance/messaging/cases.h"
#include "conformance/messaging/members.h"
#include "conformance/support/support.h"
#include "harness/thread_watch.h"

namespace cpgcert::conformance::messaging {

namespace {

using harness::Client;

constexpr const char* kFull = "MCAST-06";
constexpr const char* kNotSent = "MCAST-07";

// Stands for the size of cpg_max_atomic_msgsize_get.
constexpr size_t kOnePiece = 0;

// What becomes of a message that was refused.
enum class Refused { kRetried, kGivenUp };

cs_error_t MulticastOnce(Client& client, std::string_view bytes) {
  const iovec piece = PieceOf(bytes);
  return client.api().mcast_joined(client.handle(), CPG_TYPE_AGREED, &piece, 1);
}

// Messages as fast as they go while nobody dispatches; returns how many calls
// were refused. What was accepted is owed.
int Flood(CaseContext& context, Members& members,
          const std::vector<std::string>& messages, Refused refused) {
  int refusals = 0;
  for (const std::string& bytes : messages) {
    cs_error_t result = MulticastOnce(members.client(), bytes);
    const std::string call = fmt::format(
        "cpg_mcast_joined of {} bytes, as fast as it goes, while "
        "no member dispatches",
        bytes.size());
    ExpectOneOf(context, kFull, call, result, {CS_OK, CS_ERR_TRY_AGAIN});
    refusals += result == CS_ERR_TRY_AGAIN ? 1 : 0;
    if (result == CS_ERR_TRY_AGAIN && refused == Refused::kRetried) {
      result = Multicast(members.client(), {PieceOf(bytes)});
      ExpectOk(context, kFull,
               call + fmt::format("; retried for {} s",
                                  kWaitDeadline.count() / 1000),
               result);
    }
    members.OweIfOk(result, bytes);
  }
  return refusals;
}

void NobodyDispatches(CaseContext& context, Refused refused) {
  constexpr int kRoundsMax = 100;  // on a busy machine the service keeps up
  constexpr size_t kFloodSize = size_t{8} << 20;  // more than a ring holds
  constexpr size_t kSmall = 100;
  const char* requirement = refused == Refused::kRetried ? kFull : kNotSent;
  Members members(context, "flood");
  ErrorOracle oracle(context, members.client(), members.group(), nullptr);
  const size_t size = members.one_piece();
  // However small a piece is, and in memory that a process has.
  const int count = static_cast<int>(
      std::clamp<size_t>(kFloodSize / std::max<size_t>(size, 1), 6, 500));
  for (int round = 1; round <= kRoundsMax; ++round) {
    // Small ones first: not even then is an error a delivery.
    std::vector<std::string> messages;
    for (int i = 1; i <= 2 * count; ++i) {
      messages.push_back(MessageOf(fmt::format("round{}m{}", round, i),
                                   i <= count ? kSmall : size));
    }
    const int refusals = Flood(context, members, messages, refused);
    members.Check(requirement,
                  fmt::format("{} messages of {} bytes and as many of {} "
                              "bytes, as fast as they go, while no member "
                              "dispatches; {} of them refused with "
                              "CS_ERR_TRY_AGAIN",
                              count, kSmall, size, refusals));
    if (refusals > 0) {
      oracle.NothingHappened("cpg_mcast_joined while the transport is full");
      return;
    }
  }
  if (refused == Refused::kGivenUp) {
    CaseContext::Untested("the transport was never full");
  }
  context.Note(
      "cpg_mcast_joined never answered CS_ERR_TRY_AGAIN; nothing was "
      "lost");
}

// Stopped while it lives, or until Resume().
class StoppedService {
 public:
  explicit StoppedService(CaseContext& context) : service_(context.service()) {
    if (!service_.allowed()) {
      CaseContext::Untested("this service is not ours to stop");
    }
    Need(service_.Stop());
  }
  ~StoppedService() { Resume(); }
  StoppedService(const StoppedService&) = delete;
  StoppedService& operator=(const StoppedService&) = delete;

  void Resume() { (void)service_.Resume(); }

 private:
  const harness::ServiceControl& service_;
};

// One of several connections of this process, each in a group of its own.
struct Sender {
  std::unique_ptr<Client> client;
  size_t seen = 0;  // records before the first message
  std::vector<std::string> messages;
  std::vector<std::string> accepted;  // as DescribeMessage
  int refusals = 0;
};

std::vector<Sender> MakeSenders(CaseContext& context, size_t count,
                                size_t size) {
  // More than any transport holds, and little enough to keep.
  constexpr size_t kBytesMax = size_t{3} << 20;
  constexpr size_t kMessagesMax = 500;
  (void)context.Api({"cpg_max_atomic_msgsize_get"});
  std::vector<Sender> senders(count);
  for (size_t i = 0; i < count; ++i) {
    Sender& sender = senders[i];
    sender.client = Connect(context);
    JoinAndSettle(*sender.client, UniqueGroup(fmt::format("full{}at", i)));
    sender.seen = sender.client->RecordCount();
    size = size == kOnePiece ? OnePieceSize(*sender.client) : size;
    for (size_t at = 0; at < kBytesMax && sender.messages.size() < kMessagesMax;
         at += size) {
      sender.messages.push_back(
          MessageOf(fmt::format("m{}", sender.messages.size() + 1), size));
    }
  }
  return senders;
}

// Multicasts on each connection until it is refused twice.
void Fill(std::vector<Sender>& senders) {
  constexpr int kRefusals = 2;
  for (Sender& sender : senders) {
    for (size_t i = 0;
         i < sender.messages.size() && sender.refusals < kRefusals; ++i) {
      const cs_error_t result =
          MulticastOnce(*sender.client, sender.messages[i]);
      if (result == CS_OK) {
        sender.accepted.push_back(fmt::format("m{}", i + 1));
      } else {
        ++sender.refusals;
      }
    }
  }
}

// Fills while the service is stopped. A call that waits for the service
// instead of answering CS_ERR_TRY_AGAIN is noted: no page says that it does not
// wait. True if one did.
bool FillWhileStopped(CaseContext& context, std::vector<Sender>& senders) {
  StoppedService stopped(context);
  harness::WatchedCall fill([&] { Fill(senders); });
  const harness::CallState state = fill.Settle(kWaitDeadline);
  const bool waited = state.kind != harness::CallState::Kind::kReturned;
  if (waited) {
    context.Note("cpg_mcast_joined, when the service takes nothing, is " +
                 harness::Describe(state));
  }
  stopped.Resume();
  if (!fill.WaitReturned(kWaitDeadline)) {
    fill.Abandon();
    CaseContext::Untested(
        "cpg_mcast_joined did not return when the service "
        "went on");
  }
  return waited;
}

void CheckSender(CaseContext& context, Sender& sender, std::string_view call) {
  DispatchThroughBarrier(*sender.client);
  std::vector<std::string> came;
  const auto records = sender.client->Records();
  for (size_t i = sender.seen; i + 1 < records.size(); ++i) {
    came.push_back(records[i].message);
  }
  const Difference difference = Compare(sender.accepted, came);
  if (!difference.empty()) {
    context.Fail(
        kFull,
        Report(call, "what was accepted and nothing else: " + difference.owed,
               difference.came));
  }
}

void ServiceStopped(CaseContext& context, size_t count, size_t size) {
  std::vector<Sender> senders = MakeSenders(context, count, size);
  const bool waited = FillWhileStopped(context, senders);
  for (Sender& sender : senders) {
    if (sender.refusals == 0 && !waited) {
      CaseContext::Untested("the transport was never full");
    }
    ExpectOk(context, kFull,
             "cpg_mcast_joined once the service goes on, retried while it "
             "answers CS_ERR_TRY_AGAIN",
             Multicast(*sender.client, {PieceOf(sender.messages.back())}));
    sender.accepted.push_back(fmt::format("m{}", sender.messages.size()));
  }
  const std::string call = fmt::format(
      "cpg_mcast_joined of {} bytes on {} connections until each is refused, "
      "while the service is stopped",
      senders.front().messages.front().size(), count);
  for (Sender& sender : senders) {
    CheckSender(context, sender, call);
  }
}

}  // namespace

void RegisterFlowControlCases() {
  RegisterCase({.name = "MCAST-06/NobodyDispatches/Retried",
                .requirements = {kFull, "ERR-06"},
                .profile = "api"},
               [](CaseContext& context) {
                 NobodyDispatches(context, Refused::kRetried);
               });
  RegisterCase({.name = "MCAST-07/NobodyDispatches/GivenUp",
                .requirements = {kNotSent, kFull, "ERR-06"},
                .profile = "api"},
               [](CaseContext& context) {
                 NobodyDispatches(context, Refused::kGivenUp);
               });
  struct Load {
    const char* name;
    size_t connections;
    size_t size;
  };
  for (const Load& load : {Load{"OneConnection/OneMessage", 1, kOnePiece},
                           Load{"OneConnection/SomeMessages", 1, 20000},
                           Load{"OneConnection/ManyMessages", 1, 100},
                           Load{"FourConnections/OneMessage", 4, kOnePiece},
                           Load{"FourConnections/SomeMessages", 4, 20000}}) {
    RegisterCase({.name = std::string("MCAST-06/ServiceStopped/") + load.name,
                  .requirements = {kFull},
                  .profile = "api"},
                 [load](CaseContext& context) {
                   ServiceStopped(context, load.connections, load.size);
                 });
  }
}

}  // namespace cpgcert::conformance::messaging
