#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "conformance/history/facts.h"
#include "harness/client.h"

namespace cpgcert::conformance::history {

namespace {

// The lists of a change are at most some hundred entries, and there are as many
// changes for each member: sorted, so that no step is quadratic.
std::vector<Address> Sorted(const std::vector<Entry>& list) {
  std::vector<Address> addresses;
  addresses.reserve(list.size());
  for (const Entry& entry : list) {
    addresses.push_back(entry.address);
  }
  std::ranges::sort(addresses);
  return addresses;
}

bool Has(const std::vector<Address>& sorted, const Address& address) {
  return std::ranges::binary_search(sorted, address);
}

class SessionCheck {
 public:
  SessionCheck(const Facts& facts, int session)
      : facts_(facts),
        session_(facts.session(session)),
        given_(facts.Given(session)),
        seen_(facts.sends().size()) {}

  std::optional<Contradiction> Run() {
    for (at_ = 0; at_ < given_.size() && !found_; ++at_) {
      event_ = given_[at_];
      CheckPlace();
      if (!found_ && event_->kind == Event::Kind::kMessage) {
        CheckMessage();
      } else if (!found_) {
        CheckChange();
      }
    }
    return found_;
  }

 private:
  // Only the first is kept.
  void Fail(const char* requirement, const std::string& owed,
            const std::string& came) {
    if (!found_) {
      found_ = {.at = at_,
                .requirement = requirement,
                .owed = owed,
                .came = fmt::format("{} was given {}", session_.name, came)};
    }
  }

  void CheckPlace() {
    if (event_->group != facts_.history().group) {
      Fail("CONF-06",
           fmt::format("events of its group, {}", facts_.history().group),
           fmt::format("{} of group {}", facts_.Describe(*event_),
                       event_->group));
    }
    const bool is_own_join = event_->kind == Event::Kind::kChange &&
                             Contains(event_->joined, session_.self);
    if (at_ == 0 && !is_own_join) {
      Fail("JOIN-10", "nothing from before the own join",
           facts_.Describe(*event_) + " before its own join");
    }
  }

  void CheckMessage() {
    const Send* send = facts_.FindSend(event_->message);
    if (send == nullptr) {
      CheckAlteredMessage();
      return;
    }
    const Session& sender = facts_.session(send->session);
    if (event_->sender != sender.self) {
      Fail("MCAST-01", "the sender's node and process id",
           fmt::format("{} of {} as one of {}", facts_.Describe(*event_),
                       sender.name, facts_.Name(event_->sender)));
    }
    if (seen_.at(send->id)) {
      Fail("MCAST-01", "each message once",
           fmt::format("{} twice", facts_.Describe(*event_)));
    }
    seen_.at(send->id) = true;
    if (!Has(members_, event_->sender)) {
      Fail("ORD-02", "a sender's messages between its join and its departure",
           fmt::format("{} {} {}", facts_.Describe(*event_),
                       gone_.contains(event_->sender) ? "after the departure of"
                                                      : "before the join of",
                       sender.name));
    }
  }

  // What is no message of the history begins with the name of one if that
  // was altered, see harness/message.h.
  void CheckAlteredMessage() {
    const Send* send =
        facts_.FindSend(event_->message.substr(0, event_->message.find(' ')));
    if (send == nullptr) {
      Fail("MCAST-01", "messages that a member sent",
           fmt::format("a message that nobody sent: {}", event_->message));
      return;
    }
    const bool in_fragments = send->size > kAtomicSizeMax;
    Fail(in_fragments ? "PART-03" : "MCAST-01", "each message unchanged",
         event_->message);
  }

  void CheckChange() {
    const std::vector<Address> members = Sorted(event_->members);
    const std::vector<Address> left = Sorted(event_->left);
    const std::vector<Address> joined = Sorted(event_->joined);
    CheckOnce(members, "members");
    CheckOnce(left, "left");
    CheckOnce(joined, "joined");
    CheckReasons();
    CheckOwnDeparture(left);
    for (const Address& address : joined) {
      if (!Has(members, address)) {
        FailChange("CONF-02", "a member list with all that joined",
                   fmt::format("lists {} as joined and not as a member",
                               facts_.Name(address)));
      }
    }
    for (const Address& address : left) {
      if (Has(members, address)) {
        FailChange("CONF-02", "a member list without those that left",
                   fmt::format("lists {} as left and as a member",
                               facts_.Name(address)));
      }
    }
    if (at_ > 0) {
      CheckStep(members, left, joined);
    }
    gone_.insert(left.begin(), left.end());
    members_ = members;
  }

  void FailChange(const char* requirement, const std::string& owed,
                  const std::string& came) {
    Fail(requirement, owed,
         fmt::format("{}, which {}", facts_.Describe(*event_), came));
  }

  void CheckOnce(const std::vector<Address>& sorted, const char* list) {
    const auto twice = std::ranges::adjacent_find(sorted);
    if (twice != sorted.end()) {
      FailChange(
          "CONF-02", "nobody twice in a list",
          fmt::format("lists {} twice as {}", facts_.Name(*twice), list));
    }
  }

  // Of the left list the reasons follow from how each member ended, which
  // CheckFates looks at.
  void CheckReasons() {
    for (const Entry& entry : event_->members) {
      CheckEntry(entry, CPG_REASON_UNDEFINED, "a member");
    }
    for (const Entry& entry : event_->joined) {
      CheckEntry(entry, CPG_REASON_JOIN, "joined");
    }
    for (const Entry& entry : event_->left) {
      CheckEntry(entry, entry.reason, "left");
    }
  }

  void CheckEntry(const Entry& entry, uint32_t reason, const char* list) {
    if (!facts_.IsKnown(entry.address)) {
      FailChange("CONF-01", "the names of those that joined and left",
                 fmt::format("lists as {} a stranger to the group: {}", list,
                             facts_.Name(entry.address)));
    } else if (entry.reason != reason) {
      FailChange(
          "CONF-01",
          fmt::format("reason {} in that list", harness::ReasonName(reason)),
          fmt::format("lists {} as {} with reason {}",
                      facts_.Name(entry.address), list,
                      harness::ReasonName(entry.reason)));
    }
  }

  void CheckOwnDeparture(const std::vector<Address>& left) {
    if (!Has(left, session_.self)) {
      return;
    }
    for (const Event& event : session_.events) {
      if (event.kind == Event::Kind::kLeave ||
          event.kind == Event::Kind::kFinalize) {
        return;
      }
      if (&event == event_) {
        break;
      }
    }
    Fail("CONF-01", "the departure of those that leave or end",
         fmt::format("{}, but had neither left nor ended",
                     facts_.Describe(*event_)));
  }

  void CheckStep(const std::vector<Address>& members,
                 const std::vector<Address>& left,
                 const std::vector<Address>& joined) {
    for (const Address& address : left) {
      if (!Has(members_, address)) {
        FailChange(gone_.contains(address) ? "CONF-05" : "CONF-03",
                   "one departure for each join",
                   fmt::format("is about a process that was no member: {}",
                               facts_.Name(address)));
      }
    }
    for (const Address& address : joined) {
      if (Has(members_, address)) {
        FailChange("CONF-03", "one join before each departure",
                   fmt::format("is about a process that was a member: {}",
                               facts_.Name(address)));
      }
    }
    const std::string owed =
        "the member list before, without the left, with the joined";
    for (const Address& address : members) {
      if (!Has(members_, address) && !Has(joined, address)) {
        FailChange("CONF-03", owed,
                   fmt::format("has a new member, {}, that did not join",
                               facts_.Name(address)));
      }
    }
    for (const Address& address : members_) {
      if (!Has(members, address) && !Has(left, address)) {
        FailChange("CONF-03", owed,
                   fmt::format("lacks a member, {}, that did not leave",
                               facts_.Name(address)));
      }
    }
  }

  const Facts& facts_;
  const Session& session_;
  const std::vector<const Event*>& given_;
  size_t at_ = 0;
  const Event* event_ = nullptr;
  std::vector<Address> members_;  // after the last change, sorted
  std::set<Address> gone_;        // all that ever left
  std::vector<bool> seen_;        // by the id of a send
  std::optional<Contradiction> found_;
};

}  // namespace

std::optional<Contradiction> CheckSession(const Facts& facts, int session) {
  return SessionCheck(facts, session).Run();
}

}  // namespace cpgcert::conformance::history
