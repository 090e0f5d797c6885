// Handle values that name no connection: FIN-01, HND-01 to HND-04.

#include <fmt/core.h>
#include <sys/uio.h>

#include <array>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "conformance/connections/handle_calls.h"
#include "conformance/connections/topics.h"
#include "conformance/support/support.h"
#include "harness/message.h"

namespace cpgcert::conformance::connections {

namespace {

using harness::Client;
using harness::CpgApi;

enum class Bad { kZero, kNeverIssued, kFinalized, kSlotReused };

struct BadRow {
  Bad bad;
  const char* name;
  const char* what;
  std::vector<std::string> requirements;  // the first one names the case
  bool needs_capability;
};

const std::vector<BadRow>& BadRows() {
  static const std::vector<BadRow> rows = {
      {Bad::kZero, "Zero", "handle 0", {"HND-01"}, false},
      {Bad::kNeverIssued,
       "NeverIssued",
       "a handle that was never issued",
       {"HND-01"},
       false},
      {Bad::kFinalized,
       "Finalized",
       "a finalized handle",
       {"FIN-01", "HND-01"},
       false},
      {Bad::kSlotReused,
       "SlotReused",
       "a handle that was finalized before another connection was made",
       {"HND-02"},
       true},
  };
  return rows;
}

// Values that share neither index nor check with the live handle: those that do
// are HND-03.
std::vector<cpg_handle_t> NeverIssued(cpg_handle_t live) {
  constexpr int kRandom = 50;
  std::vector<cpg_handle_t> candidates = {
      1,          live + 1,        live + 1000,        live ^ 0x80000000U,
      ~live,      ~cpg_handle_t{}, live ^ 0x7fffffffU, 0xffffffffU,
      live << 32U};
  std::mt19937_64 generator(1);  // NOLINT: the same values in every run
  for (int i = 0; i < kRandom; ++i) {
    candidates.push_back(generator());
  }
  std::erase_if(candidates, [live](cpg_handle_t value) {
    return value == 0 ||
           static_cast<uint32_t>(value) == static_cast<uint32_t>(live);
  });
  return candidates;
}

// A connection that lives beside the bad handles, and must not feel a call.
struct Bystander {
  // `observer` may be null.
  Bystander(CaseContext& context, harness::Peer* observer,
            std::string_view group)
      : client(Connect(context)) {
    JoinAndSettle(*client, group);
    oracle = std::make_unique<ErrorOracle>(context, *client, group, observer);
  }
  std::unique_ptr<Client> client;
  std::unique_ptr<ErrorOracle> oracle;
};

// Connects, joins and finalizes.
cpg_handle_t FinalizedHandle(CaseContext& context) {
  const auto client = Connect(context);
  JoinAndSettle(*client, UniqueGroup("past"));
  NeedOk("cpg_finalize", client->Finalize());
  return client->handle();
}

std::vector<cpg_handle_t> Values(Bad bad, cpg_handle_t live,
                                 cpg_handle_t finalized) {
  switch (bad) {
    case Bad::kZero:
      return {0};
    case Bad::kNeverIssued:
      return NeverIssued(live);
    case Bad::kFinalized:
    case Bad::kSlotReused:
      return {finalized};
  }
  return {};
}

void CallWithBadHandle(CaseContext& context, const HandleCall& call,
                       const BadRow& row) {
  const std::string group = UniqueGroup("live");
  const auto observer = call.seen_by_others ? StartPeer(context) : nullptr;
  const CpgApi& api = context.Api({call.function});
  if (observer != nullptr) {
    Need(observer->Join(group));
  }
  cpg_handle_t finalized = 0;
  if (row.bad == Bad::kSlotReused) {
    finalized = FinalizedHandle(context);
  }
  const Bystander live(context, observer.get(), group);
  if (row.bad == Bad::kFinalized) {
    finalized = FinalizedHandle(context);
  }
  if (row.bad == Bad::kSlotReused && finalized == live.client->handle()) {
    CaseContext::Unsupported("values of finalized handles are reissued");
  }
  for (const cpg_handle_t value :
       Values(row.bad, live.client->handle(), finalized)) {
    ExpectBadHandle(context, row.requirements, call, api, value, group,
                    row.what);
  }
  live.oracle->NothingHappened(
      fmt::format("{} with {}", call.function, row.what));
}

// Many values of the past, while slots are used again and again.
void OldValuesStayBad(CaseContext& context) {
  constexpr int kRounds = 30;
  std::vector<cpg_handle_t> past;
  for (int i = 0; i < kRounds; ++i) {
    const auto client = Connect(context);
    for (const cpg_handle_t old : past) {
      if (old == client->handle()) {
        CaseContext::Unsupported("values of finalized handles are reissued");
      }
      void* stored = nullptr;
      if (!ExpectOneOf(context, "HND-02",
                       fmt::format("cpg_context_get with a handle that was "
                                   "finalized {} connections ago",
                                   past.size()),
                       client->api().context_get(old, &stored),
                       {CS_ERR_BAD_HANDLE})) {
        return;
      }
    }
    past.push_back(client->handle());
    NeedOk("cpg_finalize", client->Finalize());
  }
}

// Zero copy may work without looking at the handle (ZCB-03); its multicast
// needs a connection.
void ZeroCopyWithFinalizedHandle(CaseContext& context) {
  constexpr size_t kSize = 64;
  const CpgApi& api =
      context.Api({"cpg_zcb_alloc", "cpg_zcb_free", "cpg_zcb_mcast_joined"});
  const auto client = Connect(context);
  const auto doomed = Connect(context);
  void* buffer = nullptr;
  NeedOk("cpg_zcb_alloc", api.zcb_alloc(client->handle(), kSize, &buffer));
  NeedOk("cpg_finalize", doomed->Finalize());
  ExpectOneOf(
      context, "FIN-01", "cpg_zcb_mcast_joined with a finalized handle",
      api.zcb_mcast_joined(doomed->handle(), CPG_TYPE_AGREED, buffer, kSize),
      {CS_ERR_BAD_HANDLE});
  NeedOk("cpg_zcb_free", api.zcb_free(client->handle(), buffer));
}

// A value with the index of a live handle and another check.
class AlteredCheck {
 public:
  AlteredCheck(CaseContext& context, uint32_t check)
      : context_(context),
        group_(UniqueGroup("live")),
        live_(Connect(context)) {
    JoinAndSettle(*live_, group_);
    value_ = (cpg_handle_t{check} << 32U) |
             (live_->handle() & cpg_handle_t{0xffffffff});
    if (value_ == live_->handle()) {
      value_ ^= cpg_handle_t{1} << 32U;
    }
  }

  void Run() {
    const CpgApi& api = live_->api();
    int owed = -1;
    int came = -1;
    NeedOk("cpg_fd_get", api.fd_get(live_->handle(), &owed));
    Judge("cpg_fd_get", api.fd_get(value_, &came),
          [&] { return came == owed; });
    int target = 0;
    void* stored = nullptr;
    Judge("cpg_context_set", api.context_set(value_, &target), [&] {
      return api.context_get(live_->handle(), &stored) == CS_OK &&
             stored == &target;
    });
    unsigned int node_id = 0;
    unsigned int other_id = 0;
    NeedOk("cpg_local_get", api.local_get(live_->handle(), &node_id));
    Judge("cpg_local_get", api.local_get(value_, &other_id),
          [&] { return other_id == node_id; });
    std::string message = harness::MakeMessage("altered");
    const iovec part{message.data(), message.size()};
    Judge("cpg_mcast_joined", harness::WithPatience([&] {
            return api.mcast_joined(value_, CPG_TYPE_AGREED, &part, 1);
          }),
          [&] {
            return DispatchUntil(*live_, 0, [](const auto& record) {
              return record.message == "altered";
            });
          });
    Judge("cpg_finalize", api.finalize(value_),
          [&] { return live_->RoundTrip() == CS_ERR_BAD_HANDLE; });
    if (taken_.empty()) {
      ExpectOk(context_, "HND-03",
               "cpg_local_get on the live connection, after the calls with "
               "altered check bits were refused",
               live_->RoundTrip());
    }
    context_.Note(fmt::format(
        "a handle with check bits that were not issued: refused by {}; taken "
        "for the live connection by {}",
        Join(refused_), Join(taken_)));
  }

 private:
  // `on_live` is asked if the call answered CS_OK: did it have its effect on
  // the live connection?
  void Judge(const std::string& function, cs_error_t came,
             const std::function<bool()>& on_live) {
    const std::string call =
        fmt::format("{} with handle {:#x}; {:#x} is the live one", function,
                    value_, live_->handle());
    if (!ExpectOneOf(context_, "HND-03", call, came,
                     {CS_ERR_BAD_HANDLE, CS_OK})) {
      return;
    }
    (came == CS_OK ? taken_ : refused_).push_back(function);
    if (came == CS_OK && !on_live()) {
      context_.Fail("HND-03", Report(call,
                                     "CS_ERR_BAD_HANDLE, or CS_OK and what the "
                                     "live connection would have done",
                                     "CS_OK and something else"));
    }
  }

  CaseContext& context_;
  const std::string group_;
  std::unique_ptr<Client> live_;
  cpg_handle_t value_ = 0;
  std::vector<std::string> refused_{};
  std::vector<std::string> taken_{};
};

struct CheckRow {
  const char* name;
  uint32_t check;  // the upper half of a handle of libqb
};
constexpr auto kChecks = std::to_array<CheckRow>({
    {"CheckAllOnes", 0xffffffff},
    {"CheckZero", 0},
    {"CheckGreatest", 0x7fffffff},
    {"CheckSmallest", 0x80000000},
    {"CheckMinusTwo", 0xfffffffe},
});

}  // namespace

void RegisterBadHandles() {
  for (const BadRow& row : BadRows()) {
    for (const HandleCall& call : HandleCalls()) {
      std::vector<std::string> requirements = row.requirements;
      requirements.emplace_back("ERR-06");
      RegisterCase({.name = fmt::format("{}/{}/{}", row.requirements.front(),
                                        call.name, row.name),
                    .requirements = requirements,
                    .profile = "api",
                    .needs_capability = row.needs_capability ||
                                        call.name.starts_with("Iteration")},
                   [&call, &row](CaseContext& context) {
                     CallWithBadHandle(context, call, row);
                   });
    }
  }
  RegisterCase({.name = "FIN-01/ZeroCopyMulticast/Finalized",
                .requirements = {"FIN-01"},
                .profile = "api",
                .needs_capability = true},
               ZeroCopyWithFinalizedHandle);
  RegisterCase({.name = "HND-02/ContextGet/SlotReusedAgainAndAgain",
                .requirements = {"HND-02"},
                .profile = "api",
                .needs_capability = true},
               OldValuesStayBad);
  for (const CheckRow& row : kChecks) {
    RegisterCase({.name = fmt::format("HND-03/{}", row.name),
                  .requirements = {"HND-03"},
                  .profile = "api"},
                 [row](CaseContext& context) {
                   AlteredCheck(context, row.check).Run();
                 });
  }
}

}  // namespace cpgcert::conformance::connections
