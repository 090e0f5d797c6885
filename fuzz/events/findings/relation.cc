#include "fuzz/events/findings/relation.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "fuzz/events/findings/frame.h"

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;

constexpr std::array<RelationText, kRelations> kTexts = {{
    {"id", "id of no event", "id-unknown"},
    {"frame", "frame < the fields that all events of its kind have",
     "frame-short"},
    {"size", "size != bytes of the frame", "size-wrong"},
    {"group.length", "group.length > 128", "group-beyond"},
    {"message_size", "message_size > bytes that follow", "message-size-beyond"},
    {"message_size", "message_size < bytes that follow", "message-size-short"},
    {"member_count", "member_count > entries that follow",
     "member-count-beyond"},
    {"left_count", "left_count > entries that follow", "left-count-beyond"},
    {"joined_count", "joined_count > entries that follow",
     "joined-count-beyond"},
    {"frame", "bytes behind the lists that no count has", "lists-short"},
    {"member_count", "member_count > 128, and they are there",
     "member-count-above-128"},
    {"left_count", "left_count > 128, and they are there",
     "left-count-above-128"},
    {"joined_count", "joined_count > 128, and they are there",
     "joined-count-above-128"},
    {"node_count", "node_count > nodes that follow", "node-count-beyond"},
    {"node_count", "node_count < nodes that follow", "node-count-short"},
    {"node_count", "node_count > 128, and they are there",
     "node-count-above-128"},
    {"fragment_size", "fragment_size > bytes that follow",
     "fragment-size-beyond"},
    {"fragment_size", "fragment_size < bytes that follow",
     "fragment-size-short"},
    {"type", "type neither first, continued nor last", "fragment-type-unknown"},
    {"fragment_size", "fragment_size > message_size",
     "fragment-beyond-message"},
    {"message_size", "message_size != that of the first fragment",
     "message-size-changes"},
    {"fragment_size", "fragments together > message_size",
     "fragments-beyond-message"},
    {"type", "last fragment, and fragments together < message_size",
     "fragments-short"},
    {"type", "no last fragment before the connection ends",
     "fragments-unfinished"},
}};

// A list that is too long, but well-formed.
bool IsTooMany(Relation relation) {
  return relation == Relation::kMembersTooMany ||
         relation == Relation::kLeftTooMany ||
         relation == Relation::kJoinedTooMany ||
         relation == Relation::kNodesTooMany;
}

// What was gathered of one sender's message.
struct Gathering {
  uint32_t message_size = 0;
  uint64_t gathered = 0;
  std::vector<size_t> events{};  // the first and those that continued it
};
using Sender = std::pair<uint32_t, uint32_t>;

// Follows a sequence as a receiver does that believes nothing.
class Follower {
 public:
  explicit Follower(const Sequence& sequence) {
    for (size_t i = 0; i < sequence.size(); ++i) {
      std::vector<Relation> broken = FrameRelations(sequence[i].bytes);
      if (std::ranges::all_of(broken, IsTooMany))
        Follow(sequence[i].bytes, i, &broken);
      for (const Relation relation : broken) {
        broken_.push_back({relation, i});
      }
    }
    for (const auto& [sender, gathering] : gatherings_) {
      broken_.push_back({Relation::kUnfinished, gathering.events.front()});
    }
    std::ranges::sort(broken_, {}, [](const BrokenRelation& broken) {
      return std::pair(broken.event, broken.relation);
    });
  }

  const std::vector<BrokenRelation>& broken() const { return broken_; }
  // The message that a relation was found broken in, at this event.
  Gathering GatheringAt(size_t event) const {
    const auto found = spoilt_.find(event);
    if (found != spoilt_.end()) return found->second;
    for (const auto& [sender, gathering] : gatherings_) {
      if (gathering.events.front() == event) return gathering;
    }
    return {};
  }

 private:
  void Follow(const std::string& bytes, size_t at,
              std::vector<Relation>* broken) {
    const auto parsed = wire::ParseEvent(bytes);
    if (!parsed.message.has_value()) return;
    if (const auto* change =
            std::get_if<wire::ConfigurationEvent>(&*parsed.message)) {
      for (const wire::Address& address : change->left) {
        gatherings_.erase({address.node, address.process});
      }
    }
    if (const auto* fragment =
            std::get_if<wire::PartialDeliverEvent>(&*parsed.message)) {
      Gather(*fragment, at, broken);
    }
  }

  void Gather(const wire::PartialDeliverEvent& fragment, size_t at,
              std::vector<Relation>* broken) {
    const Sender sender = {fragment.node, fragment.process};
    const auto type = static_cast<wire::PartialType>(fragment.type);
    if (type == wire::PartialType::kFirst) {
      gatherings_[sender] = {.message_size = fragment.message_size};
    }
    const auto found = gatherings_.find(sender);
    if (found == gatherings_.end()) return;
    Gathering& gathering = found->second;
    const uint64_t together = gathering.gathered + fragment.fragment.size();
    const bool last = type == wire::PartialType::kLast;
    gathering.events.push_back(at);
    if (fragment.message_size != gathering.message_size) {
      broken->push_back(Relation::kOtherSize);
    } else if (together > gathering.message_size) {
      broken->push_back(Relation::kTogetherLarger);
    } else if (last && together < gathering.message_size) {
      broken->push_back(Relation::kTogetherSmaller);
    }
    if (!broken->empty()) spoilt_[at] = gathering;
    gathering.gathered = together;
    if (last || !broken->empty()) gatherings_.erase(found);
  }

  std::vector<BrokenRelation> broken_;
  std::map<Sender, Gathering> gatherings_;
  std::map<size_t, Gathering> spoilt_;
};

void SetMessageSizes(const Gathering& gathering, uint64_t size,
                     Sequence* sequence) {
  for (const size_t event : gathering.events) {
    wire::SetField(wire::Kind::kEvent, &(*sequence)[event].bytes,
                   "message_size", size);
  }
}

// The fragment's bytes, cut or filled up to `size`.
void Resize(std::string* bytes, size_t size) {
  bytes->resize(FixedSize(*bytes) + size);
  SetNumber(bytes, "fragment_size", size);
  SetNumber(bytes, "size", bytes->size());
}

void Finish(const Gathering& gathering, Sequence* sequence) {
  if (gathering.events.empty()) return;
  SetMessageSizes(gathering, gathering.gathered, sequence);
  SequenceEvent last = (*sequence)[gathering.events.back()];
  Resize(&last.bytes, 0);
  SetNumber(&last.bytes, "type",
            static_cast<uint32_t>(wire::PartialType::kLast));
  last.delivery = Delivery::kAll;
  sequence->push_back(std::move(last));
}

}  // namespace

RelationText TextOf(Relation relation) {
  return kTexts.at(static_cast<size_t>(relation));
}

bool IsOfEveryKind(Relation relation) { return relation <= Relation::kSize; }

std::vector<BrokenRelation> BrokenRelations(const Sequence& sequence) {
  return Follower(sequence).broken();
}

Sequence WithHonestValue(const Sequence& sequence,
                         const BrokenRelation& broken) {
  Sequence honest = sequence;
  std::string* const bytes = &honest[broken.event].bytes;
  if (broken.relation < Relation::kOtherSize) {
    *bytes = HonestFrame(*bytes, broken.relation);
    return honest;
  }
  const Gathering gathering = Follower(sequence).GatheringAt(broken.event);
  switch (broken.relation) {
    case Relation::kOtherSize:
      SetNumber(bytes, "message_size", gathering.message_size);
      break;
    case Relation::kTogetherLarger:
      Resize(bytes, gathering.message_size - gathering.gathered);
      break;
    case Relation::kTogetherSmaller:
      SetMessageSizes(gathering,
                      gathering.gathered + bytes->size() - FixedSize(*bytes),
                      &honest);
      break;
    default:
      Finish(gathering, &honest);
  }
  return honest;
}

Sequence WithOtherHonestValue(const Sequence& sequence,
                              const BrokenRelation& broken) {
  Sequence honest = sequence;
  std::string* const bytes = &honest[broken.event].bytes;
  if (IsTooMany(broken.relation)) {
    *bytes = HonestFrameByItsEnd(*bytes, broken.relation);
  }
  return honest;
}

Sequence BarelyBroken(const Sequence& sequence, const BrokenRelation& broken) {
  Sequence barely = sequence;
  std::string* const bytes = &barely[broken.event].bytes;
  const Gathering gathering = Follower(sequence).GatheringAt(broken.event);
  switch (broken.relation) {
    case Relation::kOtherSize:
      // No smaller than the fragment, which would break another relation.
      SetNumber(bytes, "message_size",
                gathering.message_size == UINT32_MAX
                    ? gathering.message_size - 1
                    : std::max<size_t>(gathering.message_size + 1,
                                       bytes->size() - FixedSize(*bytes)));
      break;
    case Relation::kTogetherLarger:
      Resize(bytes, gathering.message_size - gathering.gathered + 1);
      break;
    case Relation::kTogetherSmaller:
      SetMessageSizes(
          gathering, gathering.gathered + bytes->size() - FixedSize(*bytes) + 1,
          &barely);
      break;
    case Relation::kUnfinished:
      break;
    default:
      *bytes = BarelyBrokenFrame(*bytes, broken.relation);
  }
  return barely;
}

Sequence BrokenAlone(const Sequence& sequence, const BrokenRelation& broken) {
  if (broken.relation >= Relation::kOtherSize) return {};
  const Sequence bare = {{.delivery = Delivery::kAll,
                          .bytes = BareFrame(sequence[broken.event].bytes)}};
  const BrokenRelation alone{.relation = broken.relation, .event = 0};
  Sequence barely = BarelyBroken(bare, alone);
  return std::ranges::count(BrokenRelations(barely), alone) > 0 ? barely
                                                                : Sequence();
}

std::vector<Sequence> BrokenToOtherDegrees(const Sequence& sequence,
                                           const BrokenRelation& broken) {
  constexpr uint64_t kLists[] = {200, 1000, 20000};
  constexpr uint64_t kNumbers[] = {0,       1,          130,        1000,
                                   0x10000, 0x7fffffff, 0x80000000, 0xffffffff};
  std::vector<Sequence> others;
  if (broken.relation > Relation::kTogetherLarger ||
      broken.relation == Relation::kId ||
      broken.relation == Relation::kFixedPart ||
      broken.relation == Relation::kListsShort) {
    return others;
  }
  const std::string& bytes = sequence[broken.event].bytes;
  const auto add = [&](const std::string& changed) {
    others.push_back(sequence);
    others.back()[broken.event].bytes = changed;
  };
  if (broken.relation == Relation::kTogetherLarger ||
      broken.relation == Relation::kFragmentLarger) {
    for (const uint64_t size : kLists) {
      std::string changed = bytes;
      Resize(&changed, size);
      add(changed);
    }
  } else if (IsTooMany(broken.relation)) {
    for (const uint64_t count : kLists) {
      add(FrameWithNumber(bytes, broken.relation, count));
    }
  } else {
    for (const uint64_t number : kNumbers) {
      add(FrameWithNumber(bytes, broken.relation, number));
    }
  }
  return others;
}

}  // namespace cpgcert::fuzz
