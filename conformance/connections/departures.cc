// How a connection that ends is announced to the other members: FIN-04.

#include <fmt/core.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "conformance/connections/topics.h"
#include "conformance/support/support.h"
#include "harness/message.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance::connections {

namespace {

using harness::Client;

// Another member of the group, which says what it was told of this process.
class Observer {
 public:
  // REQUIRES: as StartPeer.
  Observer(CaseContext& context, std::string_view group)
      : peer_(StartPeer(context)), group_(group) {
    Need(peer_->Join(group));
  }

  // "PROCDOWN", "LEAVE", ... of each departure of this process that it was
  // told of so far.
  const std::vector<std::string>& Departures() {
    std::vector<std::string> events;
    Need(peer_->Seen(&events));
    for (const std::string& event : events) {
      Read(event);
    }
    return departures_;
  }

  // Waits for the first one.
  void WaitDeparture() {
    harness::trace::Deadline end(kWaitDeadline);
    while (Departures().empty() && !end.Passed()) {
    }
  }

 private:
  // "change of g: joined=[] left=[1:4711:PROCDOWN] members=[1:4712]"
  void Read(const std::string& event) {
    const size_t left = event.find(" left=[");
    const size_t end = event.find(']', left);
    const std::string list =
        left == std::string::npos ? "" : event.substr(left, end - left);
    const std::string process =
        fmt::format(":{}:", harness::trace::ProcessId());
    for (size_t at = list.find(process); at != std::string::npos;
         at = list.find(process, at + 1)) {
      const size_t reason = at + process.size();
      departures_.push_back(
          list.substr(reason, list.find(' ', reason) - reason));
    }
  }

  std::unique_ptr<harness::Peer> peer_;
  const std::string group_;
  std::vector<std::string> departures_{};
};

// A second membership of this process in the group: the service grants it when
// it has done with the first one.
void JoinAgain(CaseContext& context, std::string_view group) {
  const auto client = Connect(context);
  JoinAndSettle(*client, group);
}

enum class Way {
  kWithoutLeave,
  kEventsWaiting,
  kInCallback,
  kAfterLeave,
  kAfterUnconfirmedLeave,
};

struct WayRow {
  Way way;
  const char* name;
  const char* what;    // the call, in words
  const char* reason;  // that is owed
};
const std::vector<WayRow> kWays = {
    {Way::kWithoutLeave, "WithoutLeave", "cpg_finalize without cpg_leave",
     "PROCDOWN"},
    {Way::kEventsWaiting, "EventsWaiting",
     "cpg_finalize without cpg_leave while events wait", "PROCDOWN"},
    {Way::kInCallback, "InCallback",
     "cpg_finalize in a callback, without cpg_leave", "PROCDOWN"},
    {Way::kAfterLeave, "AfterLeave", "cpg_finalize after the own leave change",
     "LEAVE"},
    {Way::kAfterUnconfirmedLeave, "AfterUnconfirmedLeave",
     "cpg_leave and at once cpg_finalize", "LEAVE"},
};

bool IsOwnLeave(const harness::CallbackRecord& record) {
  for (const cpg_address& address : record.left) {
    if (address.pid == static_cast<uint32_t>(harness::trace::ProcessId())) {
      return true;
    }
  }
  return false;
}

void End(Client& client, Way way, std::string_view group) {
  if (way == Way::kEventsWaiting || way == Way::kInCallback) {
    NeedOk("cpg_mcast_joined", client.Multicast(harness::MakeMessage("m1")));
    if (!client.WaitReadable(kWaitDeadline)) {
      CaseContext::Untested("a message to itself did not come back");
    }
  }
  if (way == Way::kInCallback) {
    std::optional<cs_error_t> finalized;
    client.on_callback = [&](const harness::CallbackRecord&) {
      if (!finalized.has_value()) {
        finalized = client.Finalize();
      }
    };
    (void)DispatchUntil(client, client.RecordCount(),
                        [](const auto&) { return true; });
    return NeedOk("cpg_finalize in a callback",
                  finalized.value_or(CS_ERR_NOT_EXIST));
  }
  const size_t seen = client.RecordCount();
  if (way == Way::kAfterLeave || way == Way::kAfterUnconfirmedLeave) {
    NeedOk("cpg_leave", client.Leave(group));
  }
  if (way == Way::kAfterLeave && !DispatchUntil(client, seen, IsOwnLeave)) {
    CaseContext::Untested("the own leave change did not come");
  }
  NeedOk("cpg_finalize", client.Finalize());
}

void IsAnnouncedOnce(CaseContext& context, const WayRow& row) {
  const std::string group = UniqueGroup("depart");
  Observer observer(context, group);
  const auto client = Connect(context);
  JoinAndSettle(*client, group);
  End(*client, row.way, group);
  observer.WaitDeparture();
  if (!observer.Departures().empty()) {
    JoinAgain(context, group);
  }
  const std::vector<std::string>& came = observer.Departures();
  if (came != std::vector<std::string>{row.reason}) {
    context.Fail(
        "FIN-04",
        Report(row.what,
               fmt::format("another member is told once that this one has "
                           "left: {}",
                           row.reason),
               Join(came)));
  }
}

// One of two connections of the process ends; the other one's group is told
// nothing.
void OtherConnectionStays(CaseContext& context) {
  const std::string group = UniqueGroup("stays");
  const std::string other_group = UniqueGroup("departs");
  Observer observer(context, group);
  Observer other_observer(context, other_group);
  const auto client = Connect(context);
  const auto other = Connect(context);
  JoinAndSettle(*client, group);
  JoinAndSettle(*other, other_group);
  NeedOk("cpg_finalize", other->Finalize());
  other_observer.WaitDeparture();
  if (other_observer.Departures() != std::vector<std::string>{"PROCDOWN"}) {
    context.Fail("FIN-04", Report("cpg_finalize of one of two connections",
                                  "PROCDOWN for the members of its group",
                                  Join(other_observer.Departures())));
  }
  DispatchThroughBarrier(*client);
  if (!observer.Departures().empty()) {
    context.Fail("FIN-04", Report("cpg_finalize of one of two connections",
                                  "nothing for the other one's group",
                                  Join(observer.Departures())));
  }
}

}  // namespace

void RegisterDepartures() {
  for (const WayRow& row : kWays) {
    RegisterCase(
        {.name = fmt::format("FIN-04/{}", row.name),
         .requirements = {"FIN-04"},
         .profile = "api"},
        [&row](CaseContext& context) { IsAnnouncedOnce(context, row); });
  }
  RegisterCase({.name = "FIN-04/OtherConnectionStays",
                .requirements = {"FIN-04"},
                .profile = "api"},
               OtherConnectionStays);
}

}  // namespace cpgcert::conformance::connections
