#include "fuzz/events/event_parts.h"

#include <corosync/cpg.h>

#include <algorithm>
#include <cstring>

#include "fuzz/mutation/boundary_values.h"

namespace cpgcert::fuzz {

namespace wire = harness::wire;

namespace {

constexpr uint32_t kNodes[] = {1, 2, 3, 0xffffffff};
constexpr uint32_t kProcesses[] = {1000, 1001, 2000, 0x7fffffff};

// Small numbers are likelier.
size_t SmallSize(RandomChoice* random, size_t max) {
  return random->Below(random->Below(max + 1) + 1);
}

wire::ConfigurationEvent AnyChange(Scene* scene) {
  RandomChoice& random = scene->random;
  wire::ConfigurationEvent event{.group = AnyGroup(scene)};
  const size_t room = scene->Room() / 32;
  const size_t most = std::clamp<size_t>(random.OneIn(8) ? room : 8, 1, 128);
  const size_t count = random.Between(1, most);
  const bool whole_nodes = random.OneIn(2);
  const bool leaving = random.OneIn(2);
  for (size_t i = 0; i < count; ++i) {
    wire::Address address = AnyProcess(scene);
    address.process += static_cast<uint32_t>(i);
    const auto same = [&address](const wire::Address& other) {
      return other.node == address.node && other.process == address.process;
    };
    if (std::ranges::any_of(event.members, same) ||
        std::ranges::any_of(event.left, same)) {
      continue;
    }
    if (leaving && (event.left.empty() || (whole_nodes && random.OneIn(2)))) {
      constexpr uint32_t kOne[] = {CPG_REASON_LEAVE, CPG_REASON_PROCDOWN};
      address.reason = whole_nodes ? CPG_REASON_NODEDOWN : random.Of(kOne);
      event.left.push_back(address);
      continue;
    }
    event.members.push_back(address);
    if (!leaving &&
        (event.joined.empty() || (whole_nodes && random.OneIn(2)))) {
      address.reason = whole_nodes ? CPG_REASON_NODEUP : CPG_REASON_JOIN;
      event.joined.push_back(address);
    }
  }
  return event;
}

wire::TotemEvent AnyTotem(Scene* scene) {
  RandomChoice& random = scene->random;
  wire::TotemEvent event{.ring_node = random.Of(kNodes),
                         .ring_sequence = 4 * random.Below(1000)};
  const size_t most = random.OneIn(8) ? kMembersMax : 6;
  const size_t count = random.Between(1, most);
  const auto first = static_cast<uint32_t>(AnyNumber(scene));
  for (size_t i = 0; i < count; ++i) {
    event.nodes.push_back(first + static_cast<uint32_t>(i));
  }
  return event;
}

bool ChangeBytesHere(RandomChoice* random, std::string* bytes,
                     size_t size_max) {
  const size_t at = random->Below(bytes->size() + 1);
  const size_t left = bytes->size() - at;
  const size_t more = size_max > bytes->size() ? size_max - bytes->size() : 0;
  const size_t some = random->Between(1, 16);
  switch (random->Below(6)) {
    case 0:
      if (left == 0) return false;
      (*bytes)[at] = static_cast<char>((*bytes)[at] ^ (1 << random->Below(8)));
      return true;
    case 1:
      if (left == 0) return false;
      (*bytes)[at] = static_cast<char>(random->Number());
      return true;
    case 2:
      if (left == 0) return false;
      bytes->erase(at, std::min(some, left));
      return true;
    case 3:
      if (more == 0) return false;
      bytes->insert(at, std::min(some, more),
                    static_cast<char>(random->Number()));
      return true;
    case 4: {
      const uint64_t value = random->Of(kBoundaryNumbers);
      const size_t width = std::min<size_t>(random->OneIn(2) ? 4 : 8, left);
      if (width == 0) return false;
      std::memcpy(&(*bytes)[at], &value, width);
      return true;
    }
    default: {
      const std::string copy =
          bytes->substr(random->Below(bytes->size() + 1), some);
      if (copy.empty() || left == 0) return false;
      bytes->replace(at, std::min(copy.size(), left),
                     copy.substr(0, std::min(copy.size(), left)));
      return true;
    }
  }
}

}  // namespace

// --- Finding ----------------------------------------------------------------

std::optional<size_t> PickEntry(Scene* scene) {
  if (scene->entries.empty()) return std::nullopt;
  return scene->random.Below(scene->entries.size());
}

std::optional<Found<wire::Event>> PickEvent(Scene* scene) {
  const auto at = PickEntry(scene);
  if (!at.has_value()) return std::nullopt;
  auto parsed = wire::ParseEvent(scene->entries[*at].event);
  if (!parsed.message.has_value()) return std::nullopt;
  return Found<wire::Event>{*at, std::move(*parsed.message)};
}

void Replace(Scene* scene, size_t at, const wire::Event& event) {
  std::string& bytes = scene->entries[at].event;
  const int32_t error = wire::ErrorOf(bytes).value_or(wire::kOk);
  bytes = wire::Build(event);
  std::memcpy(&bytes[wire::kRequestHeaderSize], &error, sizeof(error));
}

// --- Making -----------------------------------------------------------------

uint32_t AnyNumber(Scene* scene) {
  RandomChoice& random = scene->random;
  return static_cast<uint32_t>(random.OneIn(4) ? random.Of(kBoundaryNumbers)
                                               : random.Below(8));
}

wire::Address AnyProcess(Scene* scene) {
  RandomChoice& random = scene->random;
  const auto known = random.OneIn(2) ? PickEvent(scene) : std::nullopt;
  if (known.has_value()) {
    if (const auto* fragment =
            std::get_if<wire::PartialDeliverEvent>(&known->event)) {
      return {.node = fragment->node, .process = fragment->process};
    }
    if (const auto* message = std::get_if<wire::DeliverEvent>(&known->event)) {
      return {.node = message->node, .process = message->process};
    }
  }
  return {.node = random.Of(kNodes), .process = random.Of(kProcesses)};
}

std::string AnyGroup(Scene* scene) {
  RandomChoice& random = scene->random;
  switch (random.Below(8)) {
    case 0:
      return std::string(wire::kNameMax - random.Below(2), 'g');
    case 1:
      return std::string("a\0b", 3);
    case 2:
      return "h";
    case 3:
      if (const auto known = PickEvent(scene); known.has_value()) {
        const std::string group = std::visit(
            [](const auto& event) -> std::string {
              if constexpr (requires { event.group; }) return event.group;
              return "";
            },
            known->event);
        if (!group.empty()) return group;
      }
      return "group";
    default:
      return "group";
  }
}

std::string AnyMessage(Scene* scene) {
  RandomChoice& random = scene->random;
  constexpr size_t kOrdinaryMax = 64;
  const size_t room = scene->Room();
  const size_t size = random.OneIn(16) ? SmallSize(&random, room)
                                       : SmallSize(&random, kOrdinaryMax);
  return std::string(std::min(size, room),
                     static_cast<char>('a' + random.Below(26)));
}

Delivery AnyDelivery(Scene* scene) {
  return static_cast<Delivery>(scene->random.Below(kDeliveries));
}

wire::Event AnyEvent(Scene* scene) {
  switch (scene->random.Below(5)) {
    case 0:
      return AnyTotem(scene);
    case 1:
    case 2:
      return AnyChange(scene);
    default: {
      const wire::Address sender = AnyProcess(scene);
      return wire::DeliverEvent{.group = AnyGroup(scene),
                                .node = sender.node,
                                .process = sender.process,
                                .message = AnyMessage(scene)};
    }
  }
}

void Insert(Scene* scene, size_t at, const wire::Event& event) {
  scene->entries.insert(
      scene->entries.begin() + static_cast<ptrdiff_t>(at),
      {.delivery = AnyDelivery(scene), .event = wire::Build(event)});
}

// --- Changing ---------------------------------------------------------------

bool ChangeBytes(Scene* scene, std::string* bytes, size_t size_max) {
  size_max = std::max(size_max, bytes->size());
  if (size_max == 0) return false;
  if (LLVMFuzzerMutate == nullptr || scene->random.OneIn(4)) {
    return ChangeBytesHere(&scene->random, bytes, size_max);
  }
  const size_t size = bytes->size();
  // libFuzzer wants a byte at least.
  bytes->resize(size_max);
  const size_t changed = LLVMFuzzerMutate(
      reinterpret_cast<uint8_t*>(bytes->data()), size, size_max);
  bytes->resize(std::min(changed, size_max));
  return true;
}

std::string MadeWhole(std::string bytes, RandomChoice* random) {
  constexpr auto kEvent = wire::Kind::kEvent;
  constexpr wire::EventId kIds[] = {
      wire::EventId::kConfiguration, wire::EventId::kDeliver,
      wire::EventId::kTotem, wire::EventId::kPartialDeliver};
  if (bytes.size() < wire::kReplyHeaderSize) {
    bytes.resize(wire::kReplyHeaderSize, '\0');
  }
  auto id = static_cast<wire::EventId>(*wire::IdOf(bytes));
  if (std::ranges::find(kIds, id) == std::end(kIds)) {
    id = random->Of(kIds);
  }
  size_t element = 1;
  wire::Event empty = wire::DeliverEvent{};
  const char* count = "message_size";
  if (id == wire::EventId::kConfiguration) {
    empty = wire::ConfigurationEvent{};
    element = 3 * sizeof(uint64_t);
    count = "member_count";
  } else if (id == wire::EventId::kTotem) {
    empty = wire::TotemEvent{};
    element = sizeof(uint32_t);
    count = "node_count";
  } else if (id == wire::EventId::kPartialDeliver) {
    empty = wire::PartialDeliverEvent{};
    count = "fragment_size";
  }
  const size_t fixed = wire::Build(empty).size();
  bytes.resize(std::max(bytes.size(), fixed), '\0');
  const size_t entries = (bytes.size() - fixed) / element;
  bytes.resize(fixed + entries * element);
  const auto set = [&bytes](const char* name, uint64_t value) {
    wire::SetField(kEvent, &bytes, name, value);
  };
  set("id", static_cast<uint32_t>(id));
  set("size", bytes.size());
  set(count, entries);
  set("left_count", 0);
  set("joined_count", 0);
  if (!wire::ParseEvent(bytes).message.has_value()) {
    set("group.length", 1 + random->Below(wire::kNameMax));
  }
  return bytes;
}

}  // namespace cpgcert::fuzz
