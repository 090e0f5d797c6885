#include "fuzz/requests/request_flaws.h"

#include <corosync/cpg.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <optional>

#include "harness/wire/wire.h"

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;
using wire::RequestId;

constexpr char kPathField[] = "path";
constexpr size_t kPathOffset = 24;
// Of an area for zero copy: its own header, and that of the request within.
constexpr size_t kAreaHeaderSize = 16;
constexpr size_t kAreaSizeMin = kAreaHeaderSize + wire::kMulticastOverhead;

constexpr std::array<FlawText, kRequestFlaws> kTexts = {{
    {"frame", "frame ends before the header does"},
    {"id", "id of no request"},
    {"size", "size is not that of the frame"},
    {"frame", "frame ends before the fields do"},
    {"frame", "bytes behind the fields"},
    {"group.length", "group.length > 128"},
    {kPathField, "path does not end"},
    {"message_size", "message_size > bytes that follow"},
    {"message_size", "message_size < bytes that follow"},
    {"fragment_size", "fragment_size > bytes that follow"},
    {"fragment_size", "fragment_size < bytes that follow"},
    {"process", "process is not the client's"},
    {"process", "process is not that of the join"},
    {"flags", "unknown flags"},
    {"type", "unknown type of iteration"},
    {"iteration", "iteration was not given to this connection"},
    {"map_size", "map_size without room for the headers"},
    {kPathField, "path of no file made for this"},
    {"server_address", "server_address was not given to this connection"},
    {"server_address", "area without a message that fits"},
    {"fragment", "fragments that make no message"},
    {"id", "request after finalize"},
    {"group.length", "group.length = 0"},
    {"group", "group is not that of the join"},
}};

bool IsKnown(std::string_view bytes) {
  const std::optional<int32_t> id = wire::IdOf(bytes);
  return id.has_value() && *id >= 0 &&
         *id <= static_cast<int32_t>(RequestId::kPartialMulticast);
}

// REQUIRES: IsKnown(bytes).
RequestId KnownIdOf(std::string_view bytes) {
  return static_cast<RequestId>(*wire::IdOf(bytes));
}

wire::Request EmptyRequest(RequestId id) {
  switch (id) {
    case RequestId::kJoin:
      return wire::JoinRequest{};
    case RequestId::kLeave:
      return wire::LeaveRequest{};
    case RequestId::kMulticast:
      return wire::MulticastRequest{};
    case RequestId::kMembership:
      return wire::MembershipRequest{};
    case RequestId::kLocalGet:
      return wire::LocalGetRequest{};
    case RequestId::kIterationInitialize:
      return wire::IterationInitializeRequest{};
    case RequestId::kIterationNext:
      return wire::IterationNextRequest{};
    case RequestId::kIterationFinalize:
      return wire::IterationFinalizeRequest{};
    case RequestId::kFinalize:
      return wire::FinalizeRequest{};
    case RequestId::kZeroCopyAllocate:
      return wire::ZeroCopyAllocateRequest{};
    case RequestId::kZeroCopyFree:
      return wire::ZeroCopyFreeRequest{};
    case RequestId::kZeroCopyExecute:
      return wire::ZeroCopyExecuteRequest{};
    case RequestId::kPartialMulticast:
      return wire::PartialMulticastRequest{};
  }
  return wire::FinalizeRequest{};
}

size_t FixedSizeOf(RequestId id) {
  return wire::Build(EmptyRequest(id)).size();
}

std::optional<uint64_t> ValueOf(std::string_view bytes, std::string_view name) {
  for (const wire::Field& field : wire::Fields(wire::Kind::kRequest, bytes)) {
    if (field.name != name) continue;
    uint64_t value = 0;
    if (field.size > sizeof(value)) return std::nullopt;
    std::memcpy(&value, &bytes[field.offset], field.size);
    return value;
  }
  return std::nullopt;
}

bool IsMulticast(RequestId id) {
  return id == RequestId::kMulticast || id == RequestId::kPartialMulticast;
}

// The flaws of a frame alone.
std::vector<RequestFlaw> FlawsOfFrame(std::string_view bytes) {
  std::vector<RequestFlaw> flaws;
  if (bytes.size() < wire::kRequestHeaderSize) return {RequestFlaw::kHeader};
  if (!IsKnown(bytes)) flaws.push_back(RequestFlaw::kId);
  if (ValueOf(bytes, "size") != bytes.size()) {
    flaws.push_back(RequestFlaw::kSize);
  }
  if (!IsKnown(bytes)) return flaws;
  const RequestId id = KnownIdOf(bytes);
  const size_t fixed = FixedSizeOf(id);
  if (bytes.size() < fixed) {
    flaws.push_back(RequestFlaw::kFixedPart);
  } else if (bytes.size() > fixed && !IsMulticast(id)) {
    flaws.push_back(RequestFlaw::kTrailing);
  }
  const bool is_loose =
      id == RequestId::kIterationInitialize &&
      ValueOf(bytes, "type") !=
          static_cast<uint64_t>(wire::IterationType::kOneGroup);
  if (!is_loose && ValueOf(bytes, "group.length") > wire::kNameMax) {
    flaws.push_back(RequestFlaw::kName);
  }
  if (bytes.size() < fixed) return flaws;
  if (id == RequestId::kZeroCopyAllocate &&
      bytes.substr(kPathOffset, wire::kPathSize).find('\0') ==
          std::string_view::npos) {
    flaws.push_back(RequestFlaw::kPathEnd);
  }
  if (IsMulticast(id)) {
    const bool whole = id == RequestId::kMulticast;
    const uint64_t said =
        ValueOf(bytes, whole ? "message_size" : "fragment_size").value_or(0);
    const uint64_t there = bytes.size() - fixed;
    if (said > there) {
      flaws.push_back(whole ? RequestFlaw::kMessageBeyond
                            : RequestFlaw::kFragmentBeyond);
    } else if (said < there) {
      flaws.push_back(whole ? RequestFlaw::kMessageShort
                            : RequestFlaw::kFragmentShort);
    }
  }
  return flaws;
}

// What the requests before have led to on one connection, if all went well.
class Client {
 public:
  explicit Client(int connection)
      : process_(ProcessOf(connection)), joined_(process_) {}

  // Nothing is given for a request that is not `well_formed`.
  std::vector<RequestFlaw> Send(const RequestRecord& record, bool well_formed) {
    flaws_.clear();
    well_formed_ = well_formed;
    if (finalized_) flaws_.push_back(RequestFlaw::kAfterFinalize);
    if (!IsKnown(record.bytes)) return flaws_;
    const RequestId id = KnownIdOf(record.bytes);
    if (id != RequestId::kPartialMulticast) EndFragments();
    Look(id, record);
    return flaws_;
  }

  void Write(std::string_view bytes) {
    if (areas_.empty()) return;
    const auto message = wire::ParseRequest(bytes).message;
    const bool is_message =
        message.has_value() &&
        std::holds_alternative<wire::MulticastRequest>(*message);
    areas_.back().has_message =
        is_message && kAreaHeaderSize + bytes.size() <= areas_.back().size;
  }

 private:
  struct Area {
    uint64_t size = 0;
    bool has_message = false;
  };

  void Look(RequestId id, const RequestRecord& record) {
    const std::string_view bytes = record.bytes;
    switch (id) {
      case RequestId::kJoin:
        Expect(ValueOf(bytes, "flags").value_or(0) <=
                   CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF,
               RequestFlaw::kFlags);
        Expect(ValueOf(bytes, "process").value_or(process_) == process_,
               RequestFlaw::kProcess);
        Expect(ValueOf(bytes, "group.length") != 0, RequestFlaw::kEmptyName);
        if (group_.empty()) {
          group_ = GroupOf(bytes);
          joined_ = ValueOf(bytes, "process").value_or(process_);
        }
        break;
      case RequestId::kLeave:
        Expect(ValueOf(bytes, "process").value_or(joined_) == joined_,
               RequestFlaw::kOtherProcess);
        Expect(group_.empty() || GroupOf(bytes) == group_,
               RequestFlaw::kOtherGroup);
        break;
      case RequestId::kIterationInitialize: {
        const uint64_t type = ValueOf(bytes, "type").value_or(1);
        Expect(type >= 1 && type <= 3, RequestFlaw::kIterationType);
        iterations_ += well_formed_ ? 1 : 0;
        break;
      }
      case RequestId::kIterationNext:
      case RequestId::kIterationFinalize:
        Expect(record.filled == Filled::kOwn && iterations_ > 0,
               RequestFlaw::kIteration);
        if (id == RequestId::kIterationFinalize &&
            record.filled == Filled::kOwn && iterations_ > 0) {
          --iterations_;
        }
        break;
      case RequestId::kPartialMulticast:
        LookAtFragment(bytes);
        break;
      case RequestId::kFinalize:
        finalized_ = true;
        break;
      case RequestId::kZeroCopyAllocate:
      case RequestId::kZeroCopyFree:
      case RequestId::kZeroCopyExecute:
        LookAtArea(id, record);
        break;
      default:
        break;
    }
  }

  // Its length and bytes.
  static std::string GroupOf(std::string_view bytes) {
    constexpr size_t kGroupSize = sizeof(uint64_t) + wire::kNameMax;
    const size_t begin = std::min(bytes.size(), wire::kRequestHeaderSize);
    return std::string(bytes.substr(begin, kGroupSize));
  }

  void LookAtArea(RequestId id, const RequestRecord& record) {
    if (id == RequestId::kZeroCopyAllocate) {
      const uint64_t size = ValueOf(record.bytes, "map_size").value_or(0);
      Expect(size >= kAreaSizeMin && size <= kAreaSizeMin + wire::kBufferSize,
             RequestFlaw::kMapSize);
      Expect(record.filled == Filled::kOwn, RequestFlaw::kPath);
      if (record.filled == Filled::kOwn && well_formed_) {
        areas_.push_back({.size = size});
      }
      return;
    }
    const bool own = record.filled == Filled::kOwn && !areas_.empty();
    Expect(own, RequestFlaw::kAddress);
    if (!own) return;
    if (id == RequestId::kZeroCopyFree) {
      areas_.pop_back();
    } else {
      Expect(areas_.back().has_message, RequestFlaw::kArea);
    }
  }

  // What is left open is broken off: a client may end at any time, but a
  // library sends nothing between.
  void EndFragments() {
    Expect(open_size_ == 0, RequestFlaw::kFragmentOrder);
    open_size_ = 0;
  }

  void LookAtFragment(std::string_view bytes) {
    const auto parsed = wire::ParseRequest(bytes);
    if (!parsed.message.has_value()) return;
    const auto& part = std::get<wire::PartialMulticastRequest>(*parsed.message);
    const auto type = static_cast<wire::PartialType>(part.type);
    if (type == wire::PartialType::kFirst) {
      EndFragments();
      open_size_ = part.message_size;
      come_ = 0;
    }
    come_ += part.fragment.size();
    const bool is_last = type == wire::PartialType::kLast;
    const bool is_known =
        type >= wire::PartialType::kFirst && type <= wire::PartialType::kLast;
    Expect(is_known && open_size_ > 0 && part.message_size == open_size_ &&
               (is_last ? come_ == open_size_ : come_ < open_size_),
           RequestFlaw::kFragmentOrder);
    if (is_last) open_size_ = 0;
  }

  void Expect(bool holds, RequestFlaw flaw) {
    const bool known = std::ranges::find(flaws_, flaw) != flaws_.end();
    if (!holds && !known) flaws_.push_back(flaw);
  }

  uint32_t process_;
  uint64_t joined_;    // the process of the first join
  std::string group_;  // and its group
  bool well_formed_ = true;
  bool finalized_ = false;
  int iterations_ = 0;
  std::vector<Area> areas_;
  uint64_t open_size_ = 0;  // of the message of which fragments have come
  uint64_t come_ = 0;
  std::vector<RequestFlaw> flaws_;
};

}  // namespace

FlawText TextOf(RequestFlaw flaw) {
  return kTexts.at(static_cast<size_t>(flaw));
}

Trust TierOf(RequestFlaw flaw) {
  if (flaw < RequestFlaw::kProcess) return Trust::kHostile;
  return flaw < RequestFlaw::kEmptyName ? Trust::kConsistent
                                        : Trust::kConformant;
}

bool IsOfEveryKind(RequestFlaw flaw) { return flaw <= RequestFlaw::kFixedPart; }

std::vector<FoundFlaw> FlawsOf(const RequestRecords& records) {
  std::map<int, Client> clients;
  std::vector<FoundFlaw> found;
  for (size_t i = 0; i < records.size(); ++i) {
    const RequestRecord& record = records[i];
    const int connection = record.connection;
    if (record.action == RequestAction::kClose) {
      clients.erase(connection);
      continue;
    }
    Client& client = clients.try_emplace(connection, connection).first->second;
    if (record.action == RequestAction::kWrite) client.Write(record.bytes);
    if (record.action != RequestAction::kSend || record.bytes.empty()) continue;
    std::vector<RequestFlaw> flaws = FlawsOfFrame(record.bytes);
    std::ranges::copy(client.Send(record, flaws.empty()),
                      std::back_inserter(flaws));
    if (record.filled != Filled::kNothing) {
      std::erase(flaws, RequestFlaw::kPathEnd);  // another path is sent
    }
    std::ranges::sort(flaws);
    for (const RequestFlaw flaw : flaws) found.push_back({flaw, i});
  }
  return found;
}

Trust TierOf(const RequestRecords& records) {
  Trust worst = Trust::kConformant;
  for (const FoundFlaw& found : FlawsOf(records)) {
    worst = std::max(worst, TierOf(found.flaw));
  }
  return worst;
}

RequestRecord WithoutFlaw(const RequestRecord& record, RequestFlaw flaw) {
  RequestRecord honest = record;
  std::string& bytes = honest.bytes;
  const auto set = [&](const char* name, uint64_t value) {
    wire::SetField(wire::Kind::kRequest, &bytes, name, value);
  };
  const size_t fixed = IsKnown(bytes) ? FixedSizeOf(KnownIdOf(bytes)) : 0;
  const size_t follow = bytes.size() - std::min(bytes.size(), fixed);
  switch (flaw) {
    case RequestFlaw::kHeader:
      bytes.resize(std::max(bytes.size(), wire::kRequestHeaderSize));
      set("size", bytes.size());
      break;
    case RequestFlaw::kId:
      set("id", static_cast<uint64_t>(RequestId::kLocalGet));
      break;
    case RequestFlaw::kFixedPart:
    case RequestFlaw::kTrailing:
      bytes.resize(fixed);
      [[fallthrough]];
    case RequestFlaw::kSize:
      set("size", bytes.size());
      break;
    case RequestFlaw::kName:
      set("group.length", wire::kNameMax);
      break;
    case RequestFlaw::kPathEnd:
      bytes[kPathOffset + wire::kPathSize - 1] = '\0';
      break;
    case RequestFlaw::kMessageBeyond:
    case RequestFlaw::kMessageShort:
      set("message_size", follow);
      break;
    case RequestFlaw::kFragmentBeyond:
    case RequestFlaw::kFragmentShort:
      set("fragment_size", follow);
      break;
    case RequestFlaw::kProcess:
    case RequestFlaw::kOtherProcess:
      set("process", ProcessOf(record.connection));
      break;
    case RequestFlaw::kFlags:
      set("flags", 0);
      break;
    case RequestFlaw::kIterationType:
      set("type", static_cast<uint64_t>(wire::IterationType::kAll));
      break;
    case RequestFlaw::kMapSize:
      set("map_size", 2 * kAreaSizeMin);
      break;
    case RequestFlaw::kIteration:
    case RequestFlaw::kPath:
    case RequestFlaw::kAddress:
      honest.filled = Filled::kOwn;
      break;
    case RequestFlaw::kEmptyName:
      set("group.length", 1);
      break;
    case RequestFlaw::kArea:
    case RequestFlaw::kOtherGroup:
    case RequestFlaw::kFragmentOrder:
    case RequestFlaw::kAfterFinalize:
      break;
  }
  return honest;
}

}  // namespace cpgcert::fuzz
