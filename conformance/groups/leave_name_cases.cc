// The name given to cpg_leave: ignored, says cpg_leave(3); or refused.

#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "conformance/groups/topics.h"
#include "conformance/groups/words.h"

namespace cpgcert::conformance::groups {

namespace {

using harness::Client;
using harness::Peer;

bool IsIn(const std::vector<std::string>& texts, const std::string& part) {
  return std::ranges::any_of(texts, [&part](const std::string& text) {
    return text.find(part) != std::string::npos;
  });
}

// One member that leaves with a wrong name, one that stays, and a member of
// another group.
class WrongName {
 public:
  explicit WrongName(CaseContext& context)
      : context_(context),
        stays_(StartPeer(context)),
        outsider_(StartPeer(context)) {
    Need(stays_->Join(group_));
    Need(outsider_->Join(other_));
    client_ = Connect(context);
    asker_ = Connect(context);
    JoinAndSettle(*client_, group_);
    std::vector<std::string> told;
    Need(outsider_->Seen(&told));
  }

  const std::string& group() const { return group_; }
  const std::string& other() const { return other_; }

  void Leave(const std::string& what, const cpg_name& name) {
    const std::string call = "cpg_leave with " + what;
    ErrorOracle oracle(context_, *client_, group_, stays_.get());
    const std::string left = "left=[" + SelfAddress(*client_);
    const size_t seen = client_->RecordCount();
    const cs_error_t result = LeaveRaw(*client_, name);
    if (result == CS_OK) {
      context_.Note("the name is not refused");
      Ignored(call, left, seen);
      return;
    }
    context_.Note("the name is refused: " + harness::ErrorName(result));
    ExpectOneOf(
        context_, "LEAVE-03", call, result,
        {CS_OK, CS_ERR_INVALID_PARAM, CS_ERR_NOT_EXIST, CS_ERR_NAME_TOO_LONG});
    oracle.NothingHappened(call);
    NeedOk("cpg_leave", client_->Leave(group_));
    oracle.HappenedOnce("cpg_leave after " + call, left);
  }

 private:
  // CS_OK: the one group has been left, and nothing else has happened.
  void Ignored(const std::string& call, const std::string& left, size_t seen) {
    const bool announced = HoldsAfterRounds(
        [&] {
          std::vector<std::string> told;
          Need(stays_->Seen(&told));
          return IsIn(told, left);
        },
        [&] { DispatchWaiting(*client_); });
    DispatchWaiting(*client_);
    if (!announced) {
      context_.Fail(
          "LEAVE-03",
          Report(call,
                 "as the name is ignored: this process leaves the group of "
                 "the handle, and both members are told",
                 fmt::format("the other member is told nothing, this one: {}; "
                             "cpg_membership_get: {}",
                             conformance::Join(Texts(*client_, seen)),
                             conformance::Join(MembersOf(*asker_, group_)))));
    } else if (!IsIn(Texts(*client_, seen), left)) {
      context_.Fail("LEAVE-03",
                    Report(call, "the change of the own leave",
                           conformance::Join(Texts(*client_, seen))));
    }
    std::vector<std::string> told;
    Need(outsider_->Seen(&told));
    ExpectTexts(context_, "LEAVE-03",
                call + ", as a member of a group that was not left", {}, told);
    NobodyStaysBehind(call);
  }

  // Once the handle is finalized, whatever became of the leave.
  void NobodyStaysBehind(const std::string& call) {
    const std::string self = SelfAddress(*client_);
    NeedOk("cpg_finalize", client_->Finalize());
    const std::string witnessed = UniqueGroup("witness");
    JoinAndSettle(*asker_, witnessed);
    Need(outsider_->Finalize());
    if (!HoldsAfterRounds(
            [&] { return !IsIn(MembersOf(*asker_, group_), self); },
            [&] { DepartureRound(*outsider_, *asker_, witnessed); })) {
      context_.Fail("LEAVE-03",
                    Report(call + ", then cpg_finalize",
                           "this process is no member once later ends of other "
                           "processes have been announced",
                           conformance::Join(MembersOf(*asker_, group_))));
      EndServiceWithGhosts(context_);
    }
  }

  CaseContext& context_;
  const std::string group_ = UniqueGroup("right");
  const std::string other_ = UniqueGroup("wrong");
  std::unique_ptr<Peer> stays_;
  std::unique_ptr<Peer> outsider_;
  std::unique_ptr<Client> client_;
  std::unique_ptr<Client> asker_;
};

}  // namespace

void RegisterLeaveNameCases() {
  using Name = std::function<cpg_name(const WrongName&)>;
  const auto add = [](const char* name, const char* what, Name given) {
    RegisterCase({.name = name,
                  .requirements = {"LEAVE-03", "ERR-06"},
                  .profile = "api"},
                 [what, given = std::move(given)](CaseContext& context) {
                   WrongName scene(context);
                   scene.Leave(what, given(scene));
                 });
  };
  add("LEAVE-03/WrongName/Unknown", "the name of no group",
      [](const WrongName& scene) { return RawName(scene.group() + "x"); });
  add("LEAVE-03/WrongName/OfOthers", "the name of a group of others",
      [](const WrongName& scene) { return RawName(scene.other()); });
  add("LEAVE-03/WrongName/Empty", "an empty name",
      [](const WrongName&) { return RawName(""); });
  add("LEAVE-03/WrongName/OneByteTooLong", "a name of 129 bytes",
      [](const WrongName&) { return NameOfLength(129); });
  add("LEAVE-03/WrongName/EndlesslyLong", "a name of 4294967295 bytes",
      [](const WrongName&) { return NameOfLength(UINT32_MAX); });
}

}  // namespace cpgcert::conformance::groups
