#include "harness/trace/traced_callbacks.h"

#include <array>
#include <cstring>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "harness/trace/replay_state.h"
#include "harness/trace/traced_values.h"

namespace cpgcert::harness::trace {

namespace {

// A test program has few functions that it registers, however many connections
// it makes.
constexpr int kSlots = 64;

std::mutex slots_mutex;
std::array<Callbacks, kSlots> slots;
int slots_used = 0;

Callbacks At(int slot) {
  const std::scoped_lock lock(slots_mutex);
  return slots.at(slot);
}

constexpr const char* kDeliver = "deliver";
constexpr const char* kConfiguration = "configuration";
constexpr const char* kTotem = "totem";

// Where the memory of a message stands in its page: a case may look at that.
constexpr uint64_t kPageMask = 4095;

template <int slot>
void Deliver(cpg_handle_t handle, const cpg_name* group, uint32_t node,
             uint32_t process, void* message, size_t size) {
  if (Recording()) {
    const OwnWork work;
    Put(Event::Kind::kCallback, kDeliver,
        {{"slot", slot},
         {"handle", ToHex(handle)},
         {"group", NameValue(group)},
         {"node", node},
         {"process", process},
         {"message", MessageValue(message, size)},
         {"at", reinterpret_cast<uintptr_t>(message) & kPageMask}});
  }
  At(slot).deliver(handle, group, node, process, message, size);
  Put(Event::Kind::kCallbackEnd, kDeliver, nullptr);
}

template <int slot>
void Configuration(cpg_handle_t handle, const cpg_name* group,
                   const cpg_address* members, size_t member_count,
                   const cpg_address* left, size_t left_count,
                   const cpg_address* joined, size_t joined_count) {
  if (Recording()) {
    const OwnWork work;
    Put(Event::Kind::kCallback, kConfiguration,
        {{"slot", slot},
         {"handle", ToHex(handle)},
         {"group", NameValue(group)},
         {"members", AddressesValue(members, member_count)},
         {"left", AddressesValue(left, left_count)},
         {"joined", AddressesValue(joined, joined_count)}});
  }
  At(slot).configuration(handle, group, members, member_count, left, left_count,
                         joined, joined_count);
  Put(Event::Kind::kCallbackEnd, kConfiguration, nullptr);
}

template <int slot>
void Totem(cpg_handle_t handle, cpg_ring_id ring, uint32_t count,
           const uint32_t* nodes) {
  if (Recording()) {
    const OwnWork work;
    Json list;
    std::vector<uint32_t> copy(std::min<size_t>(count, kAddressesMax));
    if (copy.empty() ||
        ReadMemory(nodes, copy.data(), copy.size() * sizeof(uint32_t))) {
      list = copy;
    }
    Put(Event::Kind::kCallback, kTotem,
        {{"slot", slot},
         {"handle", ToHex(handle)},
         {"ring", {ring.nodeid, ring.seq}},
         {"count", count},
         {"nodes", list}});
  }
  At(slot).totem(handle, ring, count, nodes);
  Put(Event::Kind::kCallbackEnd, kTotem, nullptr);
}

template <int... numbers>
Callbacks StandInsOf(int slot, std::integer_sequence<int, numbers...> /*all*/) {
  static constexpr std::array<Callbacks, sizeof...(numbers)> stand_ins = {
      Callbacks{Deliver<numbers>, Configuration<numbers>, Totem<numbers>}...};
  return stand_ins.at(slot);
}

// --- In a replay -----------------------------------------------------------

uint64_t Handle(const Json& event) { return FromHex(event.at("handle")); }

// A group that the library did not name is a null pointer again.
class GroupArgument {
 public:
  explicit GroupArgument(const Json& event) {
    if (!event.at("group").is_null()) {
      name_ = Name(event.at("group"));
      pointer_ = &name_;
    }
  }
  const cpg_name* get() const { return pointer_; }

 private:
  cpg_name name_{};
  const cpg_name* pointer_ = nullptr;
};

Callbacks SlotAt(const Json& event) {
  const int slot = event.at("slot").get<int>();
  if (slot < 0 || slot >= kSlots) {
    Diverge("a callback of connections that there are not");
  }
  return At(slot);
}

void DeliverReplayed(const Json& event) {
  const GroupArgument group(event);
  const auto callback = SlotAt(event).deliver;
  void* message = nullptr;
  size_t size = 0;
  std::vector<char> memory;
  if (!event.at("message").is_null()) {
    const std::string bytes = Message(event.at("message"));
    size = bytes.size();
    memory.resize(size + 2 * (kPageMask + 1));
    const uint64_t wanted = event.at("at").get<uint64_t>() & kPageMask;
    const auto begin = reinterpret_cast<uintptr_t>(memory.data());
    message = memory.data() + ((wanted - begin) & kPageMask);
    std::memcpy(message, bytes.data(), size);
  }
  if (callback == nullptr) {
    Diverge("a message to a callback that was not registered");
  }
  callback(Handle(event), group.get(), event.at("node").get<uint32_t>(),
           event.at("process").get<uint32_t>(), message, size);
}

void ConfigurationReplayed(const Json& event) {
  const GroupArgument group(event);
  const auto callback = SlotAt(event).configuration;
  const auto members = Addresses(event.at("members"));
  const auto left = Addresses(event.at("left"));
  const auto joined = Addresses(event.at("joined"));
  if (callback == nullptr) {
    Diverge("a change to a callback that was not registered");
  }
  callback(Handle(event), group.get(), members.data(), members.size(),
           left.data(), left.size(), joined.data(), joined.size());
}

void TotemReplayed(const Json& event) {
  const auto callback = SlotAt(event).totem;
  const auto nodes = event.at("nodes").get<std::vector<uint32_t>>();
  const Json& ring = event.at("ring");
  if (callback == nullptr || nodes.size() != event.at("count")) {
    Diverge("a totem change to a callback that was not registered");
  }
  callback(Handle(event),
           {ring.at(0).get<uint32_t>(), ring.at(1).get<uint64_t>()},
           static_cast<uint32_t>(nodes.size()), nodes.data());
}

}  // namespace

Json WhichValue(const Callbacks& callbacks) {
  Json which = Json::array();
  if (callbacks.deliver != nullptr) {
    which.push_back(kDeliver);
  }
  if (callbacks.configuration != nullptr) {
    which.push_back(kConfiguration);
  }
  if (callbacks.totem != nullptr) {
    which.push_back(kTotem);
  }
  return which;
}

int SlotOf(const Callbacks& callbacks) {
  const std::scoped_lock lock(slots_mutex);
  for (int slot = 0; slot < slots_used; ++slot) {
    if (slots.at(slot) == callbacks) {
      return slot;
    }
  }
  if (slots_used == kSlots) {
    return -1;
  }
  slots.at(slots_used) = callbacks;
  return slots_used++;
}

Callbacks StandIns(int slot) {
  Callbacks stand_ins =
      StandInsOf(slot, std::make_integer_sequence<int, kSlots>());
  const Callbacks callbacks = At(slot);
  if (callbacks.deliver == nullptr) {
    stand_ins.deliver = nullptr;
  }
  if (callbacks.configuration == nullptr) {
    stand_ins.configuration = nullptr;
  }
  if (callbacks.totem == nullptr) {
    stand_ins.totem = nullptr;
  }
  return stand_ins;
}

void SetSlot(int slot, const Callbacks& callbacks) {
  if (slot < 0 || slot >= kSlots) {
    Diverge("more callbacks than a trace has");
  }
  const std::scoped_lock lock(slots_mutex);
  slots.at(slot) = callbacks;
}

bool CallBackReplayed() {
  using Reenact = void (*)(const Json& event);
  static constexpr std::array<std::pair<const char*, Reenact>, 3> kinds = {
      {{kDeliver, DeliverReplayed},
       {kConfiguration, ConfigurationReplayed},
       {kTotem, TotemReplayed}}};
  for (const auto& [name, reenact] : kinds) {
    if (NextIs(Event::Kind::kCallback, name)) {
      reenact(Take(Event::Kind::kCallback, name));
      Take(Event::Kind::kCallbackEnd, name);
      return true;
    }
  }
  return false;
}

}  // namespace cpgcert::harness::trace
