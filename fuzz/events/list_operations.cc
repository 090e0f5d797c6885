// Members of a group and nodes of a ring; the counts follow.

#include <corosync/cpg.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "fuzz/events/event_parts.h"
#include "fuzz/events/operations.h"

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;
using List = std::vector<wire::Address>;

// Changes a change of a group by `how`, which is false if it does nothing.
template <class How>
bool OnChange(Scene* scene, How how) {
  auto found = Pick<wire::ConfigurationEvent>(scene);
  if (!found.has_value() || !how(&found->event)) return false;
  Replace(scene, found->at, found->event);
  return true;
}

List* AnyList(Scene* scene, wire::ConfigurationEvent* event) {
  const std::array lists = {&event->members, &event->left, &event->joined};
  return scene->random.Of(lists);
}

template <class Value>
ptrdiff_t AnyPlace(Scene* scene, const std::vector<Value>& list) {
  return static_cast<ptrdiff_t>(scene->random.Below(list.size()));
}

bool MemberJoins(Scene* scene) {
  return OnChange(scene, [scene](wire::ConfigurationEvent* event) {
    wire::Address address = AnyProcess(scene);
    address.process += static_cast<uint32_t>(scene->random.Below(256));
    event->members.push_back(address);
    address.reason =
        scene->random.OneIn(2) ? CPG_REASON_JOIN : CPG_REASON_NODEUP;
    event->joined.push_back(address);
    return true;
  });
}

bool MemberLeaves(Scene* scene) {
  return OnChange(scene, [scene](wire::ConfigurationEvent* event) {
    if (event->members.empty()) return false;
    const auto place = AnyPlace(scene, event->members);
    wire::Address address = event->members[static_cast<size_t>(place)];
    event->members.erase(event->members.begin() + place);
    std::erase_if(event->joined, [&address](const wire::Address& other) {
      return other.node == address.node && other.process == address.process;
    });
    constexpr uint32_t kReasons[] = {CPG_REASON_LEAVE, CPG_REASON_NODEDOWN,
                                     CPG_REASON_PROCDOWN};
    address.reason = scene->random.Of(kReasons);
    event->left.push_back(address);
    return true;
  });
}

bool AddEntry(Scene* scene) {
  return OnChange(scene, [scene](wire::ConfigurationEvent* event) {
    wire::Address address = AnyProcess(scene);
    address.reason = static_cast<uint32_t>(scene->random.Below(8));
    List* list = AnyList(scene, event);
    // Of members, a conformant one is as likely.
    if (scene->random.OneIn(2)) {
      list = &event->members;
      address.reason = CPG_REASON_UNDEFINED;
      address.process += static_cast<uint32_t>(scene->random.Below(256));
    }
    list->push_back(address);
    return true;
  });
}

bool RemoveEntry(Scene* scene) {
  return OnChange(scene, [scene](wire::ConfigurationEvent* event) {
    List* list = AnyList(scene, event);
    if (list->empty()) return false;
    list->erase(list->begin() + AnyPlace(scene, *list));
    return true;
  });
}

bool DuplicateEntry(Scene* scene) {
  return OnChange(scene, [scene](wire::ConfigurationEvent* event) {
    const List* from = AnyList(scene, event);
    if (from->empty()) return false;
    const wire::Address copy = scene->random.Of(*from);
    List* to = AnyList(scene, event);
    to->insert(to->begin() + AnyPlace(scene, *to), copy);
    return true;
  });
}

bool SwapEntries(Scene* scene) {
  return OnChange(scene, [scene](wire::ConfigurationEvent* event) {
    List* list = AnyList(scene, event);
    if (list->size() < 2) return false;
    wire::Address& first = scene->random.Of(*list);
    wire::Address& second = scene->random.Of(*list);
    std::swap(first, second);
    return first != second;
  });
}

bool SwapLists(Scene* scene) {
  return OnChange(scene, [scene](wire::ConfigurationEvent* event) {
    List* first = AnyList(scene, event);
    List* second = AnyList(scene, event);
    if (*first == *second) return false;
    std::swap(*first, *second);
    return true;
  });
}

bool ChangeNodes(Scene* scene) {
  auto found = Pick<wire::TotemEvent>(scene);
  if (!found.has_value()) return false;
  std::vector<uint32_t>& nodes = found->event.nodes;
  switch (nodes.empty() ? 0 : scene->random.Below(4)) {
    case 0:
      nodes.push_back(AnyNumber(scene));
      break;
    case 1:
      nodes.erase(nodes.begin() + AnyPlace(scene, nodes));
      break;
    case 2:
      nodes.push_back(scene->random.Of(nodes));
      break;
    default:
      std::ranges::reverse(nodes);
      break;
  }
  Replace(scene, found->at, found->event);
  return true;
}

}  // namespace

std::span<const Operation> ListOperations() {
  using enum Tier;
  static constexpr Operation kOperations[] = {
      {"MemberJoins", kConformant, 4, MemberJoins},
      {"MemberLeaves", kConformant, 4, MemberLeaves},
      {"AddEntry", kConformant, 2, AddEntry},
      {"RemoveEntry", kConformant, 2, RemoveEntry},
      {"DuplicateEntry", kConsistent, 2, DuplicateEntry},
      {"SwapEntries", kConformant, 1, SwapEntries},
      {"SwapLists", kConsistent, 1, SwapLists},
      {"ChangeNodes", kConformant, 3, ChangeNodes},
  };
  return kOperations;
}

}  // namespace cpgcert::fuzz
