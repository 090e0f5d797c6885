#include "fuzz/events/findings/minimise.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/events/findings/relation.h"
#include "fuzz/events/findings/simpler_events.h"
#include "fuzz/events/tier.h"

namespace cpgcert::fuzz {

namespace {

using BrokenKinds = std::set<std::pair<Relation, std::string>>;

BrokenKinds BrokenIn(const Sequence& sequence) {
  BrokenKinds kinds;
  for (const BrokenRelation& broken : BrokenRelations(sequence)) {
    kinds.emplace(broken.relation, EventKind(sequence[broken.event].bytes));
  }
  return kinds;
}

class Minimiser {
 public:
  Minimiser(Sequence sequence, Outcome outcome, size_t runs_max, Runner* runner)
      : runner_(*runner),
        outcome_(std::move(outcome)),
        broken_(BrokenIn(sequence)),
        tier_(TierOf(RecordsOf(sequence))),
        runs_left_(runs_max),
        best_(std::move(sequence)) {}

  Sequence Minimised() {
    BrokenAloneIfPossible();
    Sequence before;
    do {
      before = best_;
      FewerEvents();
      SimplestDeliveries();
      HonestValues();
      SimplerEvents();
      BarelyBrokenValues();
    } while (best_ != before && runs_left_ > 0);
    return best_;
  }

 private:
  bool Try(Sequence candidate) {
    if (runs_left_ == 0 || candidate == best_ || candidate.empty()) {
      return false;
    }
    const BrokenKinds broken = BrokenIn(candidate);
    if (!std::ranges::includes(broken_, broken) ||
        TierOf(RecordsOf(candidate)) > tier_) {
      return false;
    }
    if (!tried_.insert(BuildSequence(candidate)).second) return false;
    --runs_left_;
    if (!runner_.Run(candidate, outcome_.later).IsLike(outcome_)) return false;
    best_ = std::move(candidate);
    return true;
  }

  // Most often that is all that it takes, and nothing is left to be done.
  void BrokenAloneIfPossible() {
    for (const BrokenRelation& broken : BrokenRelations(best_)) {
      if (Try(BrokenAlone(best_, broken))) return;
    }
  }

  void FewerEvents() {
    for (size_t size = std::max<size_t>(best_.size() / 2, 1); size > 0;
         size /= 2) {
      for (size_t at = 0; at < best_.size();) {
        Sequence fewer = best_;
        const size_t end = std::min(at + size, fewer.size());
        fewer.erase(fewer.begin() + static_cast<ptrdiff_t>(at),
                    fewer.begin() + static_cast<ptrdiff_t>(end));
        if (!Try(std::move(fewer))) at += size;
      }
    }
  }

  void SimplestDeliveries() {
    Sequence simpler = best_;
    for (SequenceEvent& event : simpler) event.delivery = Delivery::kQueue;
    simpler.back().delivery = Delivery::kAll;
    if (Try(simpler)) return;
    for (size_t i = 0; i < best_.size(); ++i) {
      simpler = best_;
      simpler[i].delivery = Delivery::kAll;
      if (best_[i].delivery != Delivery::kQueue) Try(std::move(simpler));
    }
  }

  // From the last relation of the list: what is left is what is told first. If
  // nothing is, it was none of them.
  void HonestValues() {
    std::vector<BrokenRelation> all = BrokenRelations(best_);
    for (size_t i = all.size(); i-- > 0;) {
      if (Try(WithHonestValue(best_, all[i])) ||
          Try(WithOtherHonestValue(best_, all[i]))) {
        all = BrokenRelations(best_);
        i = std::min(i, all.size());
      }
    }
  }

  void SimplerEvents() {
    for (size_t i = 0; i < best_.size(); ++i) {
      bool changed = true;
      while (changed && runs_left_ > 0) {
        changed = false;
        for (const ChangedField& simpler : SimplerVersions(best_[i].bytes)) {
          Sequence candidate = best_;
          candidate[i].bytes = simpler.bytes;
          if (Try(std::move(candidate))) {
            changed = true;
            break;
          }
        }
      }
    }
  }

  void BarelyBrokenValues() {
    for (const BrokenRelation& broken : BrokenRelations(best_)) {
      Try(BarelyBroken(best_, broken));
    }
  }

  Runner& runner_;
  const Outcome outcome_;
  const BrokenKinds broken_;
  const Tier tier_;
  size_t runs_left_;
  std::set<std::string> tried_;
  Sequence best_;
};

}  // namespace

Sequence Minimise(const Sequence& sequence, const Outcome& outcome,
                  size_t runs_max, Runner* runner) {
  return Minimiser(sequence, outcome, runs_max, runner).Minimised();
}

}  // namespace cpgcert::fuzz
