// Messages in fragments, of several senders.

#include <corosync/cpg.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "fuzz/events/event_parts.h"
#include "fuzz/events/operations.h"
#include "fuzz/mutation/boundary_values.h"

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;
using Fragment = wire::PartialDeliverEvent;
using wire::PartialType;

ptrdiff_t Place(size_t at) { return static_cast<ptrdiff_t>(at); }

bool SameSender(const Fragment& first, const Fragment& second) {
  return first.node == second.node && first.process == second.process;
}

// Those of the same sender, in their order.
std::vector<Found<Fragment>> Siblings(const Scene& scene,
                                      const Fragment& fragment) {
  std::vector<Found<Fragment>> found;
  for (size_t i = 0; i < scene.entries.size(); ++i) {
    if (wire::IdOf(scene.entries[i].event) !=
        static_cast<int32_t>(wire::EventId::kPartialDeliver)) {
      continue;
    }
    const auto parsed = wire::ParseEvent(scene.entries[i].event);
    if (!parsed.message.has_value()) continue;
    const auto& sibling = std::get<Fragment>(*parsed.message);
    if (SameSender(fragment, sibling)) found.push_back({i, sibling});
  }
  return found;
}

// A whole message, its fragments in their order between what is there.
bool InsertFragments(Scene* scene) {
  const wire::Address sender = AnyProcess(scene);
  const std::string group = AnyGroup(scene);
  const std::string message = AnyMessage(scene);
  const size_t count = 2 + scene->random.Below(scene->random.OneIn(8) ? 16 : 3);
  size_t at = scene->random.Below(scene->entries.size() + 1);
  size_t sent = 0;
  for (size_t i = 0; i < count; ++i) {
    const size_t left = message.size() - sent;
    const size_t size = i + 1 == count ? left : scene->random.Below(left + 1);
    const auto type = i == 0           ? PartialType::kFirst
                      : i + 1 == count ? PartialType::kLast
                                       : PartialType::kContinued;
    Insert(scene, at,
           Fragment{.group = group,
                    .message_size = static_cast<uint32_t>(message.size()),
                    .node = sender.node,
                    .process = sender.process,
                    .type = static_cast<uint32_t>(type),
                    .fragment = message.substr(sent, size)});
    sent += size;
    ++at;
    if (scene->random.OneIn(2)) {
      at += scene->random.Below(scene->entries.size() - at + 1);
    }
  }
  return true;
}

// Whose turn it is: a fragment's sender, or nobody for any other event.
std::pair<uint64_t, uint64_t> SenderOf(std::string_view event) {
  const auto parsed = wire::ParseEvent(event);
  const auto* fragment = parsed.message.has_value()
                             ? std::get_if<Fragment>(&*parsed.message)
                             : nullptr;
  if (fragment == nullptr) return {UINT64_MAX, UINT64_MAX};
  return {fragment->node, fragment->process};
}

// Another mixture of the senders; each keeps its own order.
bool InterleaveSenders(Scene* scene) {
  std::map<std::pair<uint64_t, uint64_t>, std::vector<size_t>> queues;
  for (size_t i = 0; i < scene->entries.size(); ++i) {
    queues[SenderOf(scene->entries[i].event)].push_back(i);
  }
  if (queues.size() < 2) return false;
  std::vector<std::vector<size_t>> waiting;
  for (auto& [sender, queue] : queues) {
    std::ranges::reverse(queue);
    waiting.push_back(std::move(queue));
  }
  Entries mixed;
  while (!waiting.empty()) {
    const size_t next = scene->random.Below(waiting.size());
    mixed.push_back(scene->entries[waiting[next].back()]);
    waiting[next].pop_back();
    if (waiting[next].empty()) waiting.erase(waiting.begin() + Place(next));
  }
  const bool changed = mixed != scene->entries;
  scene->entries = std::move(mixed);
  return changed;
}

bool DropFragment(Scene* scene) {
  const auto found = Pick<Fragment>(scene);
  if (!found.has_value() || scene->entries.size() < 2) return false;
  scene->entries.erase(scene->entries.begin() + Place(found->at));
  return true;
}

bool RepeatFragment(Scene* scene) {
  const auto found = Pick<Fragment>(scene);
  if (!found.has_value()) return false;
  const Entry copy = scene->entries[found->at];
  scene->entries.insert(scene->entries.begin() + Place(found->at), copy);
  return true;
}

bool SwapFragments(Scene* scene) {
  const auto found = Pick<Fragment>(scene);
  if (!found.has_value()) return false;
  const auto siblings = Siblings(*scene, found->event);
  const size_t other = scene->random.Of(siblings).at;
  std::swap(scene->entries[found->at], scene->entries[other]);
  return scene->entries[found->at] != scene->entries[other];
}

// The size of the message, as one of its fragments or all of them tell it.
bool ChangeTotal(Scene* scene) {
  const auto found = Pick<Fragment>(scene);
  if (!found.has_value()) return false;
  const uint32_t total = found->event.message_size;
  const size_t choice = scene->random.Below(4);
  const uint32_t changed =
      choice == 0   ? total + 1
      : choice == 1 ? total - 1
      : choice == 2 ? static_cast<uint32_t>(found->event.fragment.size())
                    : static_cast<uint32_t>(scene->random.Of(kBoundaryNumbers));
  const bool all = scene->random.OneIn(2);
  for (Found<Fragment>& sibling : Siblings(*scene, found->event)) {
    if (sibling.at != found->at &&
        (!all || sibling.event.message_size != total)) {
      continue;
    }
    sibling.event.message_size = changed;
    Replace(scene, sibling.at, sibling.event);
  }
  return changed != total;
}

// In the midst of a message its sender begins again.
bool RestartMessage(Scene* scene) {
  const auto found = Pick<Fragment>(scene);
  if (!found.has_value()) return false;
  const auto siblings = Siblings(*scene, found->event);
  const auto first =
      std::ranges::find_if(siblings, [](const Found<Fragment>& sibling) {
        return sibling.event.type == static_cast<uint32_t>(PartialType::kFirst);
      });
  if (first == siblings.end()) return false;
  const Entry copy = scene->entries[first->at];
  scene->entries.insert(scene->entries.begin() + Place(found->at), copy);
  return true;
}

// One fragment becomes two, of the same bytes.
bool SplitFragment(Scene* scene) {
  auto found = Pick<Fragment>(scene);
  if (!found.has_value()) return false;
  Fragment front = found->event;
  Fragment& back = found->event;
  const size_t cut = scene->random.Below(front.fragment.size() + 1);
  front.fragment.resize(cut);
  back.fragment.erase(0, cut);
  constexpr auto kContinued = static_cast<uint32_t>(PartialType::kContinued);
  if (front.type == static_cast<uint32_t>(PartialType::kFirst)) {
    back.type = kContinued;
  } else {
    front.type = kContinued;
  }
  Replace(scene, found->at, back);
  Insert(scene, found->at, front);
  return true;
}

bool ChangeType(Scene* scene) {
  auto found = Pick<Fragment>(scene);
  if (!found.has_value()) return false;
  const uint32_t type = found->event.type;
  found->event.type =
      scene->random.OneIn(4)
          ? static_cast<uint32_t>(scene->random.Of(kBoundaryNumbers))
          : static_cast<uint32_t>(scene->random.Below(5));
  Replace(scene, found->at, found->event);
  return found->event.type != type;
}

// In the midst of a message its sender leaves the group.
bool SenderLeaves(Scene* scene) {
  const auto found = Pick<Fragment>(scene);
  if (!found.has_value() || found->event.group.empty()) return false;
  constexpr uint32_t kReasons[] = {CPG_REASON_LEAVE, CPG_REASON_NODEDOWN,
                                   CPG_REASON_PROCDOWN};
  Insert(scene, found->at + 1,
         wire::ConfigurationEvent{
             .group = found->event.group,
             .members = {{1, 1, CPG_REASON_UNDEFINED}},
             .left = {{found->event.node, found->event.process,
                       scene->random.Of(kReasons)}}});
  return true;
}

}  // namespace

std::span<const Operation> FragmentOperations() {
  using enum Tier;
  static constexpr Operation kOperations[] = {
      {"InsertFragments", kConformant, 6, InsertFragments},
      {"InterleaveSenders", kConformant, 4, InterleaveSenders},
      {"DropFragment", kConformant, 2, DropFragment},
      {"RepeatFragment", kConformant, 2, RepeatFragment},
      {"SwapFragments", kConformant, 2, SwapFragments},
      {"ChangeTotal", kConformant, 3, ChangeTotal},
      {"RestartMessage", kConformant, 2, RestartMessage},
      {"SplitFragment", kConformant, 3, SplitFragment},
      {"ChangeType", kConformant, 2, ChangeType},
      {"SenderLeaves", kConformant, 2, SenderLeaves},
  };
  return kOperations;
}

}  // namespace cpgcert::fuzz
