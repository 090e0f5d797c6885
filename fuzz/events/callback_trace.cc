#include "fuzz/events/callback_trace.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <cstring>
#include <vector>

namespace cpgcert::fuzz {

namespace {

// What an address and a node of a ring have on the wire.
constexpr uint64_t kAddressSize = 24;
constexpr uint64_t kNodeSize = 4;

CallbackRecorder* recorder = nullptr;

// An entry is a kind, then 4-byte numbers and counted bytes.
enum Kind : char { kMessage = 'M', kChange = 'C', kTotem = 'T', kFalse = 'F' };

void Put(uint32_t value, std::string* trace) {
  trace->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

void Put(std::string_view bytes, std::string* trace) {
  Put(static_cast<uint32_t>(bytes.size()), trace);
  trace->append(bytes);
}

template <class Element>
void PutList(std::span<const Element> list, std::string* trace) {
  Put(std::string_view(reinterpret_cast<const char*>(list.data()),
                       list.size_bytes()),
      trace);
}

// Takes entries apart, which are well-formed.
class Taker {
 public:
  explicit Taker(std::string_view trace) : left_(trace) {}

  bool done() const { return left_.empty(); }
  std::string_view left() const { return left_; }
  char Kind() { return Take(1)[0]; }
  uint32_t Number() {
    uint32_t value = 0;
    std::memcpy(&value, Take(sizeof(value)).data(), sizeof(value));
    return value;
  }
  std::string_view Bytes() { return Take(Number()); }
  std::string_view Word() { return Take(sizeof(uint32_t)); }
  std::string_view Ring() { return Take(sizeof(uint32_t) * 3); }
  std::string Addresses() {
    const std::string_view bytes = Bytes();
    std::string text;
    for (size_t at = 0; at < bytes.size(); at += sizeof(cpg_address)) {
      cpg_address address{};
      std::memcpy(&address, bytes.data() + at, sizeof(address));
      text +=
          fmt::format(" {}:{}:{}", address.nodeid, address.pid, address.reason);
    }
    return text;
  }

 private:
  std::string_view Take(size_t size) {
    const std::string_view taken = left_.substr(0, size);
    left_.remove_prefix(taken.size());
    return taken;
  }
  std::string_view left_;
};

std::string Readable(std::string_view bytes) {
  constexpr size_t kShown = 40;
  std::string text;
  for (const char byte : bytes.substr(0, kShown)) {
    const bool plain = byte >= ' ' && byte <= '~' && byte != '\\';
    text += plain ? std::string(1, byte)
                  : fmt::format("\\x{:02x}", static_cast<uint8_t>(byte));
  }
  return bytes.size() > kShown ? text + "..." : text;
}

std::string_view GroupText(const cpg_name& group) {
  return {group.value, group.length};
}

}  // namespace

void AppendMessage(std::string_view group, uint32_t node, uint32_t process,
                   std::string_view message, std::string* trace) {
  *trace += kMessage;
  Put(group, trace);
  Put(node, trace);
  Put(process, trace);
  Put(message, trace);
}

void AppendChange(const Change& change, std::string* trace) {
  *trace += kChange;
  Put(change.group, trace);
  PutList(change.members, trace);
  PutList(change.left, trace);
  PutList(change.joined, trace);
}

void AppendTotem(const cpg_ring_id& ring, std::span<const uint32_t> nodes,
                 std::string* trace) {
  *trace += kTotem;
  Put(ring.nodeid, trace);
  Put(static_cast<uint32_t>(ring.seq), trace);
  Put(static_cast<uint32_t>(ring.seq >> 32), trace);
  PutList(nodes, trace);
}

TraceEntry FirstEntry(std::string_view trace) {
  if (trace.empty()) return {};
  TraceEntry entry;
  Taker taker(trace);
  switch (taker.Kind()) {
    case kMessage:
      entry.callback = "message";
      entry.arguments.push_back({"group", taker.Bytes()});
      entry.arguments.push_back({"node", taker.Word()});
      entry.arguments.push_back({"process", taker.Word()});
      entry.arguments.push_back({"message", taker.Bytes()});
      break;
    case kChange:
      entry.callback = "change";
      for (const char* name : {"group", "members", "left", "joined"}) {
        entry.arguments.push_back({name, taker.Bytes()});
      }
      break;
    case kTotem:
      entry.callback = "totem change";
      entry.arguments.push_back({"ring", taker.Ring()});
      entry.arguments.push_back({"nodes", taker.Bytes()});
      break;
    default:
      entry.callback = "false";
      taker.Bytes();
  }
  entry.bytes = trace.substr(0, trace.size() - taker.left().size());
  return entry;
}

std::string DescribeTrace(std::string_view trace) {
  std::string text;
  for (Taker taker(trace); !taker.done();) {
    const char kind = taker.Kind();
    if (kind == kMessage) {
      const std::string_view group = taker.Bytes();
      const uint32_t node = taker.Number();
      const uint32_t process = taker.Number();
      const std::string_view message = taker.Bytes();
      text += fmt::format("message of {} bytes '{}' from {}:{} in '{}'\n",
                          message.size(), Readable(message), node, process,
                          Readable(group));
    } else if (kind == kChange) {
      const std::string_view group = taker.Bytes();
      const std::string members = taker.Addresses();
      const std::string left = taker.Addresses();
      text += fmt::format("change of '{}': members{}, left{}, joined{}\n",
                          Readable(group), members, left, taker.Addresses());
    } else if (kind == kTotem) {
      const uint32_t node = taker.Number();
      const uint32_t low = taker.Number();
      const uint64_t sequence = (uint64_t{taker.Number()} << 32) | low;
      const std::string_view bytes = taker.Bytes();
      std::vector<uint32_t> nodes(bytes.size() / sizeof(uint32_t));
      std::memcpy(nodes.data(), bytes.data(), bytes.size());
      text += fmt::format("totem change: ring {}.{}, nodes {}\n", node,
                          sequence, fmt::join(nodes, " "));
    } else {
      text += fmt::format("{}\n", taker.Bytes());
    }
  }
  return text;
}

CallbackRecorder::CallbackRecorder(size_t size_max) : size_max_(size_max) {
  recorder = this;
}

CallbackRecorder::~CallbackRecorder() { recorder = nullptr; }

cpg_model_v1_data_t CallbackRecorder::Callbacks() {
  cpg_model_v1_data_t data{};
  data.model = CPG_MODEL_V1;
  data.cpg_deliver_fn = Deliver;
  data.cpg_confchg_fn = ChangeConfiguration;
  data.cpg_totem_confchg_fn = ChangeTotem;
  return data;
}

bool CallbackRecorder::Plausible(cpg_handle_t handle, const char* what,
                                 uint64_t size) {
  std::string problem;
  if (handle != handle_) {
    problem =
        fmt::format("a callback for handle {:#x}, not {:#x}", handle, handle_);
  } else if (size > size_max_) {
    problem = fmt::format("{}, which take {} bytes; {} have arrived", what,
                          size, size_max_);
  } else {
    return true;
  }
  trace_ += kFalse;
  Put(problem, &trace_);
  return false;
}

bool CallbackRecorder::PlausibleGroup(cpg_handle_t handle,
                                      const cpg_name* group) {
  if (group->length <= CPG_MAX_NAME_LENGTH) {
    return Plausible(handle, "", 0);
  }
  trace_ += kFalse;
  Put(fmt::format("a callback whose group's name has {} bytes", group->length),
      &trace_);
  return false;
}

void CallbackRecorder::Deliver(cpg_handle_t handle, const cpg_name* group,
                               uint32_t node, uint32_t process, void* message,
                               size_t size) {
  if (recorder != nullptr && recorder->PlausibleGroup(handle, group) &&
      recorder->Plausible(handle, "a message's bytes", size)) {
    AppendMessage(GroupText(*group), node, process,
                  {static_cast<const char*>(message), size}, &recorder->trace_);
  }
}

void CallbackRecorder::ChangeConfiguration(
    cpg_handle_t handle, const cpg_name* group, const cpg_address* members,
    size_t member_count, const cpg_address* left, size_t left_count,
    const cpg_address* joined, size_t joined_count) {
  if (recorder != nullptr && recorder->PlausibleGroup(handle, group) &&
      recorder->Plausible(handle, "members", kAddressSize * member_count) &&
      recorder->Plausible(handle, "those who left",
                          kAddressSize * left_count) &&
      recorder->Plausible(handle, "those who joined",
                          kAddressSize * joined_count)) {
    AppendChange({.group = GroupText(*group),
                  .members = {members, member_count},
                  .left = {left, left_count},
                  .joined = {joined, joined_count}},
                 &recorder->trace_);
  }
}

void CallbackRecorder::ChangeTotem(cpg_handle_t handle, cpg_ring_id ring,
                                   uint32_t count, const uint32_t* members) {
  if (recorder != nullptr &&
      recorder->Plausible(handle, "nodes", kNodeSize * count)) {
    AppendTotem(ring, {members, count}, &recorder->trace_);
  }
}

}  // namespace cpgcert::fuzz
