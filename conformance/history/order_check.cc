#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <vector>

#include "conformance/history/facts.h"
#include "harness/client.h"

namespace cpgcert::conformance::history {

namespace {

using Events = std::vector<const Event*>;

std::vector<Entry> Sorted(std::vector<Entry> list) {
  std::ranges::sort(list);
  return list;
}

// The same message, or a change of the same processes for the same reasons.
bool IsSame(const Event& one, const Event& other) {
  return one.kind == other.kind && one.message == other.message &&
         one.sender == other.sender &&
         (one.left == other.left || Sorted(one.left) == Sorted(other.left)) &&
         (one.joined == other.joined ||
          Sorted(one.joined) == Sorted(other.joined));
}

bool HasSameMembers(const Event& one, const Event& other) {
  return one.members == other.members ||
         Sorted(one.members) == Sorted(other.members);
}

// Where `event` is in `events` from `begin` on; their number if nowhere.
size_t Find(const Events& events, size_t begin, const Event& event) {
  for (size_t i = begin; i < events.size(); ++i) {
    if (IsSame(*events[i], event)) {
      return i;
    }
  }
  return events.size();
}

// The place where the witness was told that the session began.
size_t FindJoin(const Facts& facts, int session) {
  const Events& witness = facts.Given(0);
  const Address& self = facts.session(session).self;
  const std::vector<int>& sessions = facts.SessionsOf(self);
  auto before = std::ranges::find(sessions, session) - sessions.begin();
  for (size_t i = 0; i < witness.size(); ++i) {
    if (witness[i]->kind == Event::Kind::kChange &&
        Contains(witness[i]->joined, self) && before-- == 0) {
      return i;
    }
  }
  return witness.size();
}

class OrderCheck {
 public:
  OrderCheck(const Facts& facts, int session, size_t* excused)
      : facts_(facts),
        session_(session),
        excused_(*excused),
        given_(facts.Given(session)),
        witness_(facts.Given(0)) {}

  std::optional<Contradiction> Run() {
    if (given_.empty()) {
      return {};
    }
    begin_ = FindJoin(facts_, session_);
    if (begin_ == witness_.size()) {
      return NoJoin();
    }
    for (size_t place = begin_; at_ < given_.size() && place < witness_.size();
         ++place) {
      const Event& here = *given_[at_];
      const Event& there = *witness_[place];
      if (IsSame(here, there)) {
        if (!HasSameMembers(here, there)) {
          return Fail("CONF-02", "one member list at all members",
                      fmt::format("{} and {} were given different member lists "
                                  "with {}",
                                  Name(), Witness(), facts_.Describe(here)));
        }
        ++at_;
      } else if (facts_.history().excuses_joins_amid_fragments &&
                 IsCutByJoin(there)) {
        ++excused_;
      } else {
        place_ = place;
        return Differ(here, there);
      }
    }
    return {};
  }

 private:
  const std::string& Name() const { return facts_.session(session_).name; }
  const std::string& Witness() const { return facts_.session(0).name; }

  std::optional<Contradiction> Fail(const std::string& requirement,
                                    const std::string& owed,
                                    const std::string& came) const {
    return Contradiction{.at = at_,
                         .requirement = requirement,
                         .owed = owed,
                         .came = came + After()};
  }

  // How far the two agree.
  std::string After() const {
    return at_ == 0 ? ""
                    : fmt::format(
                          ", after {} alike, the last of them {}",
                          at_ == 1 ? "1 event" : fmt::format("{} events", at_),
                          facts_.Describe(*given_[at_ - 1]));
  }

  // The member was not given the message `there`, which was sent in fragments
  // and under way when its join was announced to the sender; it is the first
  // of its sender since.
  bool IsCutByJoin(const Event& there) const {
    const Send* send = there.kind == Event::Kind::kMessage
                           ? facts_.FindSend(there.message)
                           : nullptr;
    return send != nullptr && send->size > kAtomicSizeMax &&
           Find(given_, at_ + 1, there) == given_.size() &&
           std::none_of(given_.begin(),
                        given_.begin() + static_cast<ptrdiff_t>(at_),
                        [&](const Event* event) {
                          return event->kind == Event::Kind::kMessage &&
                                 event->sender == there.sender;
                        }) &&
           IsSentBeforeJoin(*send);
  }

  // The sender called cpg_mcast_joined before it was given the own join.
  bool IsSentBeforeJoin(const Send& send) const {
    const Events& given = facts_.Given(send.session);
    const size_t sender_begin = FindJoin(facts_, send.session);
    if (begin_ <= sender_begin) {
      return false;
    }
    // Both were given the same, so it is at this place, or a little before if
    // something is excused. If it was not given it at all, it died before.
    if (given.size() <= begin_ - sender_begin) {
      return true;
    }
    size_t place = begin_ - sender_begin;
    while (place > 0 && !(IsSame(*given[place], *given_[0]) &&
                          HasSameMembers(*given[place], *given_[0]))) {
      --place;
    }
    const auto& events = facts_.session(send.session).events;
    const auto call =
        std::find_if(events.rbegin(), events.rend(), [&](const Event& event) {
          return event.kind == Event::Kind::kMulticast &&
                 event.message == send.name;
        });
    return place > 0 && &*call < given[place];
  }

  std::optional<Contradiction> NoJoin() const {
    if (facts_.session(0).end != Session::End::kStayed) {
      return {};
    }
    return Fail("CONF-06", "the changes of all others at every member",
                fmt::format("{} was never given the change that {} joined, "
                            "which {} was given",
                            Witness(), Name(), Name()));
  }

  std::optional<Contradiction> Differ(const Event& here,
                                      const Event& there) const {
    const bool here_later = Find(witness_, place_ + 1, here) < witness_.size();
    const bool there_later = Find(given_, at_ + 1, there) < given_.size();
    if (here_later && !there_later) {
      return Missing(Name(), there, Witness(), here);
    }
    if (there_later && !here_later) {
      return Missing(Witness(), here, Name(), there);
    }
    if (IsSameButReason(here, there)) {
      return Fail(
          "CONF-01", "one reason at all members",
          fmt::format("{} was given {}, {} {}", Name(), facts_.Describe(here),
                      Witness(), facts_.Describe(there)));
    }
    return Fail(
        "ORD-01", "one order at all members",
        fmt::format("{} was given {} before {}, {} was given {} first", Name(),
                    facts_.Describe(here), facts_.Describe(there), Witness(),
                    facts_.Describe(there)));
  }

  static bool IsSameButReason(const Event& here, const Event& there) {
    const auto addresses = [](const Event& event) {
      std::vector<Address> list;
      for (const Entry& entry : event.left) {
        list.push_back(entry.address);
      }
      return list;
    };
    return here.kind == Event::Kind::kChange &&
           there.kind == Event::Kind::kChange && !here.left.empty() &&
           addresses(here) == addresses(there);
  }

  // One was not given `event`, but what the other was given next.
  std::optional<Contradiction> Missing(const std::string& loser,
                                       const Event& event,
                                       const std::string& other,
                                       const Event& next) const {
    const std::string came = fmt::format(
        "{} was never given {}; {} was given it, and then {}, "
        "which {} was given too",
        loser, facts_.Describe(event), other, facts_.Describe(next), loser);
    if (event.kind == Event::Kind::kChange) {
      return Fail("CONF-06", "the changes of all others at every member", came);
    }
    const Send* send = facts_.FindSend(event.message);
    const bool died_inside = send != nullptr && !send->accepted &&
                             !send->returned && send->size > kAtomicSizeMax;
    if (send != nullptr && loser == Name() && IsCutByJoin(event)) {
      return Fail("JOIN-10", "the messages that are ordered after the own join",
                  came);
    }
    return died_inside
               ? Fail("PART-04",
                      "a message whose sender died between its fragments at "
                      "nobody, or at all members",
                      came)
               : Fail("MCAST-01", "each message at every member", came);
  }

  const Facts& facts_;
  const int session_;
  size_t& excused_;
  const Events& given_;
  const Events& witness_;
  size_t begin_ = 0;  // of the session, in what the witness was given
  size_t place_ = 0;  // where they differ, in what the witness was given
  size_t at_ = 0;
};

}  // namespace

std::optional<Contradiction> CheckAgainstWitness(const Facts& facts,
                                                 int session, size_t* excused) {
  return OrderCheck(facts, session, excused).Run();
}

}  // namespace cpgcert::conformance::history
