#include "fuzz/replies/findings/simpler_replies.h"

#include <algorithm>
#include <set>
#include <utility>

#include "fuzz/replies/findings/reply_relation.h"

namespace cpgcert::fuzz {

namespace {

using BrokenKinds = std::set<std::pair<Call, ReplyRelation>>;

BrokenKinds BrokenIn(const ReplyEntries& entries) {
  BrokenKinds kinds;
  for (const BrokenReply& broken : AllBrokenRelations(entries)) {
    kinds.emplace(entries[broken.at].call, broken.relation);
  }
  return kinds;
}

class Versions {
 public:
  explicit Versions(const ReplyEntries& entries)
      : entries_(entries), broken_(BrokenIn(entries)) {}

  std::vector<ReplyEntries> All() {
    FewerCalls();
    for (at_ = 0; at_ < entries_.size(); ++at_) {
      const ReplyEntry& entry = entries_[at_];
      Replace(HonestEntry(entry.call));
      const std::vector<ReplyRelation> broken = BrokenRelations(entry);
      for (const ReplyRelation relation : broken) Barely(relation);
      // From the last: what is left is what a receiver sees first.
      for (size_t i = broken.size(); broken.size() > 1 && i-- > 0;) {
        FewerRelations(broken[i], broken.size());
      }
      Once();
    }
    return std::move(versions_);
  }

 private:
  void Add(ReplyEntries entries) {
    if (entries.empty() || entries == entries_) return;
    if (!std::ranges::includes(broken_, BrokenIn(entries))) return;
    versions_.push_back(std::move(entries));
  }

  void Replace(const ReplyEntry& entry) {
    ReplyEntries changed = entries_;
    changed[at_] = entry;
    Add(std::move(changed));
  }

  void FewerCalls() {
    const size_t all = entries_.size();
    for (size_t size = all / 2; size > 0; size /= 2) {
      for (size_t at = 0; at < all; at += size) {
        ReplyEntries fewer = entries_;
        const size_t end = std::min(at + size, all);
        fewer.erase(fewer.begin() + static_cast<ptrdiff_t>(at),
                    fewer.begin() + static_cast<ptrdiff_t>(end));
        Add(std::move(fewer));
      }
    }
  }

  // Of the examples, those that come before it.
  void Barely(ReplyRelation relation) {
    for (const ReplyEntry& example : Examples(entries_[at_].call, relation)) {
      if (example == entries_[at_]) return;
      Replace(example);
    }
  }

  void FewerRelations(ReplyRelation relation, size_t before) {
    const ReplyEntry honest = WithHonestValue(entries_[at_], relation);
    if (BrokenRelations(honest).size() < before) Replace(honest);
  }

  void Once() {
    ReplyEntry once = entries_[at_];
    once.again = 0;
    Replace(once);
  }

  const ReplyEntries& entries_;
  const BrokenKinds broken_;
  size_t at_ = 0;
  std::vector<ReplyEntries> versions_;
};

}  // namespace

std::vector<ReplyEntries> SimplerReplies(const ReplyEntries& entries) {
  return Versions(entries).All();
}

}  // namespace cpgcert::fuzz
