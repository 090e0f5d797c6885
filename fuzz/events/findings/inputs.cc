#include "fuzz/events/findings/inputs.h"

#include <corosync/cpg.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "fuzz/events/mutator.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;
using enum wire::PartialType;

constexpr size_t kInputSizeMax = 16 * 1024;
constexpr size_t kPoolMax = 4000;

Sequence Of(const std::vector<wire::Event>& events) {
  Sequence sequence;
  for (const wire::Event& event : events) {
    sequence.push_back({Delivery::kAll, wire::Build(event)});
  }
  return sequence;
}

std::vector<wire::Address> Processes(size_t count, uint32_t first,
                                     uint32_t reason) {
  std::vector<wire::Address> processes;
  for (uint32_t i = 0; i < count; ++i) {
    processes.push_back({1 + i % 3, first + i, reason});
  }
  return processes;
}

// So many members, of which some joined, and so many that left.
wire::Event Change(size_t members, size_t left, size_t joined) {
  wire::ConfigurationEvent change{
      .group = "group",
      .members = Processes(members, 1000, CPG_REASON_UNDEFINED),
      .left = Processes(left, 5000, CPG_REASON_PROCDOWN),
      .joined = Processes(joined, 1000, CPG_REASON_JOIN)};
  for (size_t i = 0; i < left; i += 2) {
    change.left[i].reason = i % 4 == 0 ? CPG_REASON_LEAVE : CPG_REASON_NODEDOWN;
  }
  return change;
}

wire::Event Message(const std::string& group, size_t size) {
  std::string message(size, 'm');
  for (size_t i = 0; i < size; i += 7) message[i] = static_cast<char>(i / 7);
  return wire::DeliverEvent{
      .group = group, .node = 1, .process = 1000, .message = message};
}

wire::Event Totem(size_t nodes) {
  wire::TotemEvent totem{.ring_node = 2, .ring_sequence = 0x100000004};
  for (uint32_t i = 0; i < nodes; ++i) totem.nodes.push_back(3 + i);
  return totem;
}

wire::Event Fragment(uint32_t type, const std::string& fragment, uint32_t size,
                     uint32_t process = 5000) {
  return wire::PartialDeliverEvent{.group = "group",
                                   .message_size = size,
                                   .node = 1,
                                   .process = process,
                                   .type = type,
                                   .fragment = fragment};
}
wire::Event Fragment(wire::PartialType type, const std::string& fragment,
                     uint32_t size = 12, uint32_t process = 5000) {
  return Fragment(static_cast<uint32_t>(type), fragment, size, process);
}

void AddNumbers(const Sequence& sequence, size_t at,
                std::vector<Sequence>* all) {
  constexpr uint64_t kValues[] = {
      0,          1,          2,          3,          4,
      8,          127,        128,        129,        255,
      256,        1000,       0xffff,     0x10000,    0x0aaaaaab,
      0x20000000, 0x40000000, 0x7fffffff, 0x80000000, 0xffffffff};
  for (const wire::Field& field :
       wire::Fields(wire::Kind::kEvent, sequence[at].bytes)) {
    // Of lists and messages, what comes first stands for the rest.
    if (field.name.find('[') != std::string::npos &&
        field.name.find("[0]") == std::string::npos) {
      continue;
    }
    if ((field.size != 4 && field.size != 8) || field.value[0] == '"') continue;
    uint64_t now = 0;
    std::memcpy(&now, &sequence[at].bytes[field.offset], field.size);
    std::vector<uint64_t> values(std::begin(kValues), std::end(kValues));
    values.insert(values.end(), {now + 1, now - 1});
    for (const uint64_t value : values) {
      Sequence changed = sequence;
      std::memcpy(&changed[at].bytes[field.offset], &value, field.size);
      all->push_back(std::move(changed));
    }
  }
}

void AddLengths(const Sequence& sequence, size_t at,
                std::vector<Sequence>* all) {
  const size_t size = sequence[at].bytes.size();
  for (const size_t length :
       {size_t{0},   size_t{1},  size_t{4},  size_t{8},   size_t{16},
        size_t{24},  size_t{40}, size_t{48}, size_t{160}, size_t{184},
        size_t{200}, size / 2,   size - 24,  size - 8,    size - 4,
        size - 1,    size + 1,   size + 4,   size + 8,    size + 24}) {
    if (length > size + 24) continue;
    Sequence changed = sequence;
    changed[at].bytes.resize(length);
    all->push_back(changed);
    if (wire::SetField(wire::Kind::kEvent, &changed[at].bytes, "size",
                       length)) {
      all->push_back(std::move(changed));
    }
  }
}

// Three fragments of all types, each of 4 bytes, of messages of some sizes.
void AddFragments(std::vector<Sequence>* all) {
  constexpr uint32_t kTypes = 5;
  for (const uint32_t size : {0U, 4U, 8U, 12U, 16U}) {
    for (uint32_t types = 0; types < kTypes * kTypes * kTypes; ++types) {
      Sequence sequence = Of({Fragment(types % kTypes, "once", size),
                              Fragment(types / kTypes % kTypes, "upon", size),
                              Fragment(types / kTypes / kTypes, "time", size)});
      all->push_back(std::move(sequence));
    }
  }
  for (const uint32_t large : {200U, 5000U}) {
    const std::string bytes(large, 'x');
    for (const auto type : {kFirst, kContinued, kLast}) {
      all->push_back(Of({Fragment(kFirst, "once"), Fragment(type, bytes),
                         Fragment(kLast, "time")}));
      all->push_back(
          Of({Fragment(kFirst, "once"), Fragment(type, bytes, large + 4)}));
    }
  }
}

}  // namespace

std::vector<Sequence> HonestSequences() {
  const wire::Event leave = Change(1, 1, 0);
  return {
      Of({Message("group", 4)}),
      Of({Message("g", 0)}),
      Of({Message(std::string(CPG_MAX_NAME_LENGTH, 'n'), 5000)}),
      Of({Message(std::string("a\0b", 3), 1)}),
      Of({Message("large", 70000)}),
      Of({Change(1, 0, 1)}),
      Of({leave}),
      Of({Change(2, 1, 1)}),
      Of({Change(3, 4, 2)}),
      Of({Change(CPG_MEMBERS_MAX, CPG_MEMBERS_MAX, CPG_MEMBERS_MAX)}),
      Of({Totem(3)}),
      Of({Totem(1), Totem(CPG_MEMBERS_MAX)}),
      Of({Fragment(kFirst, "once"), Fragment(kContinued, "upon"),
          Fragment(kLast, "time")}),
      Of({Fragment(kFirst, "once"), Fragment(kFirst, "ONCE", 8, 5001),
          Fragment(kContinued, "upon"), Fragment(kLast, "TIME", 8, 5001),
          Fragment(kLast, "time")}),
      Of({Fragment(kFirst, "once"), Fragment(kFirst, "twice"),
          Fragment(kLast, " a time")}),
      Of({Fragment(kFirst, "once"), leave, Fragment(kLast, " a time")}),
      Of({Fragment(kContinued, "upon"), Fragment(kLast, "time")}),
      Of({Change(2, 0, 1), Message("group", 4), Totem(3), leave}),
  };
}

std::vector<Sequence> SystematicSequences() {
  std::vector<Sequence> all = HonestSequences();
  const size_t honest = all.size();
  for (const size_t count : {129, 130, 200, 400, 1000}) {
    all.push_back(Of({Change(count, 0, 1)}));
    all.push_back(Of({Change(1, count, 0)}));
    all.push_back(Of({Change(1, 0, count)}));
    all.push_back(Of({Totem(count)}));
    all.push_back(Of({Totem(8 * count)}));
  }
  all.push_back(Of({Change(0, 0, 0)}));
  all.push_back(Of({Totem(0)}));
  for (size_t i = 0; i < honest; ++i) {
    const Sequence sequence = all[i];
    for (size_t at = 0; at < sequence.size(); ++at) {
      AddNumbers(sequence, at, &all);
      AddLengths(sequence, at, &all);
    }
  }
  AddFragments(&all);
  return all;
}

RandomInputs::RandomInputs(uint64_t seed, Tier limit)
    : choice_(seed), limit_(limit) {
  for (const Sequence& sequence : SystematicSequences()) {
    std::string input = BuildSequence(sequence);
    if (input.size() <= kInputSizeMax) pool_.push_back(std::move(input));
  }
}

std::string RandomInputs::Next() {
  constexpr size_t kChangesMax = 5;
  constexpr size_t kCrossed = 8;
  constexpr size_t kKept = 16;
  std::string input = choice_.Of(pool_);
  for (size_t changes = choice_.Between(1, kChangesMax); changes > 0;
       --changes) {
    const MutationOptions options{
        .size_max = kInputSizeMax,
        .seed = static_cast<unsigned>(choice_.Number()),
        .limit = limit_};
    input = choice_.OneIn(kCrossed)
                ? CrossInputs(input, choice_.Of(pool_), options).input
                : MutateInput(input, options).input;
  }
  if (choice_.OneIn(kKept)) {
    if (pool_.size() < kPoolMax) {
      pool_.push_back(input);
    } else {
      choice_.Of(pool_) = input;
    }
  }
  return input;
}

bool IsOfBearableSize(const Sequence& sequence) {
  constexpr uint64_t kMax = uint64_t{64} << 20;
  uint64_t together = 0;
  for (const SequenceEvent& event : sequence) {
    const auto parsed = wire::ParseEvent(event.bytes);
    if (!parsed.message.has_value()) continue;
    const auto* fragment =
        std::get_if<wire::PartialDeliverEvent>(&*parsed.message);
    // Beyond 64 MiB an error is allowed.
    if (fragment != nullptr && fragment->message_size <= kMax) {
      together += fragment->message_size;
    }
  }
  return together <= kMax;
}

}  // namespace cpgcert::fuzz
