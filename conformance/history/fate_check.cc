#include <fmt/core.h>

#include <map>
#include <string>
#include <vector>

#include "conformance/history/facts.h"
#include "harness/client.h"

namespace cpgcert::conformance::history {

namespace {

constexpr int kNowhere = -1;

// How a membership ended, as its own record says.
enum class Departure { kLeft, kMaybeLeft, kFinalized, kDied };

Departure DepartureOf(const Session& session) {
  const Event* leave = FindCall(session, Event::Kind::kLeave);
  if (leave != nullptr && leave->returned && leave->result == CS_OK) {
    return Departure::kLeft;
  }
  if (leave != nullptr && !leave->returned) {
    return Departure::kMaybeLeft;
  }
  return FindCall(session, Event::Kind::kFinalize) != nullptr
             ? Departure::kFinalized
             : Departure::kDied;
}

std::string Text(Departure departure) {
  switch (departure) {
    case Departure::kLeft:
    case Departure::kMaybeLeft:
      return "left";
    case Departure::kFinalized:
      return "finalized without a leave";
    case Departure::kDied:
      break;
  }
  return "ended without a leave";
}

const char* RequirementOf(Departure departure) {
  switch (departure) {
    case Departure::kLeft:
    case Departure::kMaybeLeft:
      return "CONF-01";
    case Departure::kFinalized:
      return "FIN-04";
    case Departure::kDied:
      break;
  }
  return "CONF-05";
}

// Goes through what the witness was given, which is what all were given.
class FateCheck {
 public:
  explicit FateCheck(const Facts& facts)
      : facts_(facts),
        given_(facts.Given(0)),
        place_(facts.sends().size(), kNowhere),
        next_(facts.session_count()),
        joined_(facts.session_count()),
        departed_(facts.session_count()) {}

  std::optional<Contradiction> Run() {
    for (size_t i = 0; i < given_.size(); ++i) {
      if (const Send* send = facts_.FindSend(given_[i]->message)) {
        place_.at(send->id) = static_cast<int>(i);
      }
    }
    for (at_ = 0; at_ < given_.size() && !found_; ++at_) {
      if (given_[at_]->kind == Event::Kind::kMessage) {
        CheckMessage(*facts_.FindSend(given_[at_]->message));
      } else {
        CheckChange(*given_[at_]);
      }
    }
    CheckDepartures();
    return found_;
  }

 private:
  void Fail(const char* requirement, const std::string& owed,
            const std::string& came) {
    if (!found_) {
      found_ = {
          .at = at_, .requirement = requirement, .owed = owed, .came = came};
    }
  }

  const std::string& Witness() const { return facts_.session(0).name; }

  // All that the sender had sent before must have come before.
  void CheckMessage(const Send& send) {
    int& next = next_.at(send.session);
    const std::vector<int>& sends = facts_.SendsOf(send.session);
    for (; next < send.number; ++next) {
      const Send& before = facts_.sends().at(sends.at(next));
      if (place_.at(before.id) != kNowhere) {
        Fail("MCAST-02", "the messages of a sender in the order of sending",
             fmt::format("{} sent {} before {}; {} was given {} before {}",
                         facts_.session(send.session).name, before.name,
                         send.name, Witness(), send.name, before.name));
      } else if (before.accepted) {
        Fail("MCAST-01", "each message at every member",
             fmt::format("{} was given to nobody, though cpg_mcast_joined of "
                         "{} answered CS_OK; {}, which it sent later, was "
                         "given to {}",
                         before.name, facts_.session(send.session).name,
                         send.name, Witness()));
      }
    }
    ++next;
  }

  void CheckChange(const Event& change) {
    for (const Entry& entry : change.left) {
      const int session = Current(entry.address);
      if (session != kNowhere) {
        departed_.at(session) = true;
        CheckReason(facts_.session(session), entry);
        CheckLeaver(session, entry);
      }
    }
    for (const Entry& entry : change.joined) {
      ++joins_[entry.address];
      const int session = Current(entry.address);
      if (session != kNowhere) {
        joined_.at(session) = true;
      }
    }
  }

  // The session of a process that is a member now.
  int Current(const Address& address) {
    const std::vector<int>& sessions = facts_.SessionsOf(address);
    const size_t joins = joins_[address];
    return joins == 0 || joins > sessions.size() ? kNowhere
                                                 : sessions[joins - 1];
  }

  void CheckReason(const Session& session, const Entry& entry) {
    if (session.end != Session::End::kEnded) {
      return;
    }
    const Departure departure = DepartureOf(session);
    const bool may_leave =
        departure == Departure::kLeft || departure == Departure::kMaybeLeft;
    const bool is_right = entry.reason == CPG_REASON_LEAVE
                              ? may_leave
                              : entry.reason == CPG_REASON_PROCDOWN &&
                                    departure != Departure::kLeft;
    if (!is_right) {
      Fail(RequirementOf(departure),
           fmt::format("reason {} for a process that {}",
                       may_leave ? "LEAVE" : "PROCDOWN", Text(departure)),
           fmt::format("{} {}, and {} was given {} as the reason", session.name,
                       Text(departure), Witness(),
                       harness::ReasonName(entry.reason)));
    }
  }

  // Whoever left had sent its messages before.
  void CheckLeaver(int session, const Entry& entry) {
    if (entry.reason != CPG_REASON_LEAVE) {
      return;
    }
    const std::vector<int>& sends = facts_.SendsOf(session);
    for (size_t i = next_.at(session); i < sends.size(); ++i) {
      const Send& send = facts_.sends().at(sends[i]);
      if (send.accepted) {
        Fail("MCAST-01", "each message at every member",
             fmt::format("{} was given to nobody, though cpg_mcast_joined of "
                         "{} answered CS_OK before it left",
                         send.name, facts_.session(session).name));
      }
    }
  }

  void CheckDepartures() {
    if (facts_.session(0).end != Session::End::kStayed) {
      return;
    }
    for (int i = 0; i < facts_.session_count(); ++i) {
      const Session& session = facts_.session(i);
      if (session.end == Session::End::kEnded && joined_.at(i) &&
          !departed_.at(i)) {
        const Departure departure = DepartureOf(session);
        Fail(RequirementOf(departure), "the departure of each that departs",
             fmt::format("{} {}, and {} was given no departure of it",
                         session.name, Text(departure), Witness()));
      }
    }
  }

  const Facts& facts_;
  const std::vector<const Event*>& given_;
  size_t at_ = 0;
  std::vector<int> place_;      // by send: where it was given
  std::vector<int> next_;       // by session: the number of its next message
  std::vector<bool> joined_;    // by session
  std::vector<bool> departed_;  // by session
  std::map<Address, size_t> joins_;
  std::optional<Contradiction> found_;
};

}  // namespace

std::optional<Contradiction> CheckFates(const Facts& facts) {
  return FateCheck(facts).Run();
}

}  // namespace cpgcert::conformance::history
