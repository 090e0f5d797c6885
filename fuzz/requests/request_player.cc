#include "fuzz/requests/request_player.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "fuzz/requests/request_flaws.h"

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;
using wire::ReplyId;
using wire::RequestId;
using Outcome = RequestService::Outcome;

constexpr size_t kPathOffset = 24;
// Of an area: its own header is an int32 map_size and a uint64 server_address.
constexpr size_t kAreaHeaderSize = 16;
constexpr size_t kAddressOffset = 8;
// More than this is not kept for a file; the service may still map it.
constexpr uint64_t kFileSizeMax = uint64_t{16} << 20;
// Room for the header of an event.
constexpr size_t kEventRoom = 4096;

std::optional<RequestId> KnownId(std::string_view request) {
  const std::optional<int32_t> id = wire::IdOf(request);
  if (!id.has_value() || *id < 0 ||
      *id > static_cast<int32_t>(RequestId::kPartialMulticast)) {
    return std::nullopt;
  }
  return static_cast<RequestId>(*id);
}

template <class Number>
Number NumberAt(std::string_view bytes, size_t offset) {
  Number number = 0;
  if (offset + sizeof(number) <= bytes.size()) {
    std::memcpy(&number, &bytes[offset], sizeof(number));
  }
  return number;
}

// The ids that a reply to it may have, but for a refusal's. What grants zero
// copy has the id of another in corosync.
std::vector<ReplyId> RepliesTo(RequestId request) {
  switch (request) {
    case RequestId::kJoin:
      return {ReplyId::kJoin};
    case RequestId::kLeave:
      return {ReplyId::kLeave};
    case RequestId::kMulticast:
      return {ReplyId::kMulticast};
    case RequestId::kMembership:
      return {ReplyId::kMembership};
    case RequestId::kLocalGet:
      return {ReplyId::kLocalGet};
    case RequestId::kIterationInitialize:
      return {ReplyId::kIterationInitialize};
    case RequestId::kIterationNext:
      return {ReplyId::kIterationNext};
    case RequestId::kIterationFinalize:
      return {ReplyId::kIterationFinalize};
    case RequestId::kFinalize:
      return {ReplyId::kFinalize};
    case RequestId::kZeroCopyAllocate:
      return {ReplyId::kZeroCopyAllocate};
    case RequestId::kZeroCopyFree:
      return {ReplyId::kZeroCopyFree};
    case RequestId::kZeroCopyExecute:
      return {ReplyId::kZeroCopyExecute, ReplyId::kMulticast};
    case RequestId::kPartialMulticast:
      return {ReplyId::kPartialSend};
  }
  return {};
}

bool Fits(std::string_view request, std::string_view reply) {
  const int32_t id = wire::IdOf(reply).value_or(-1);
  if (id == static_cast<int32_t>(ReplyId::kJoin) &&
      reply.size() == wire::kReplyHeaderSize) {
    return true;  // a refusal of any request
  }
  const std::optional<RequestId> asked = KnownId(request);
  if (!asked.has_value()) return false;
  return std::ranges::any_of(RepliesTo(*asked), [&](ReplyId one) {
    return static_cast<int32_t>(one) == id;
  });
}

std::string LocalGet() {
  return wire::Build(wire::Request(wire::LocalGetRequest{}));
}

bool IsZeroCopy(std::string_view request) {
  const std::optional<RequestId> id = KnownId(request);
  return id == RequestId::kZeroCopyAllocate || id == RequestId::kZeroCopyFree;
}

}  // namespace

RequestPlayer::~RequestPlayer() { CloseAll(); }

bool RequestPlayer::Open(int connection) {
  Client& client = clients_.at(connection);
  if (!client.open) {
    client.open = service_.Connect(connection, size_max_);
  }
  return client.open;
}

void RequestPlayer::Close(int connection) {
  Client& client = clients_.at(connection);
  service_.Close(connection);
  for (Area& area : client.areas) Forget(&area);
  client = {};
}

void RequestPlayer::CloseAll() {
  for (int i = 0; i < kRequestConnections; ++i) {
    if (clients_.at(i).open) Close(i);
  }
  if (coming_.has_value()) Forget(&*coming_);
  coming_.reset();
}

void RequestPlayer::Forget(Area* area) {
  if (area->file >= 0) close(area->file);
  area->file = -1;
}

void RequestPlayer::WaitDealtWith() {
  for (int i = 0; i < kRequestConnections; ++i) {
    if (clients_.at(i).open) service_.Send(i, LocalGet());
  }
}

RequestDamage RequestPlayer::Play(const RequestRecords& records) {
  is_conformant_ = TierOf(records) == Trust::kConformant;
  size_max_ = 0;
  for (const RequestRecord& record : records) {
    size_max_ = std::max(size_max_, record.bytes.size() + kEventRoom);
  }
  RequestDamage first;
  for (const RequestRecord& record : records) {
    RequestDamage damage;
    switch (record.action) {
      case RequestAction::kSend:
        damage = Send(record);
        break;
      case RequestAction::kClose:
        if (clients_.at(record.connection).open) {
          // As behind the reply to a finalize: what came before is done.
          service_.Send(record.connection, LocalGet());
          Close(record.connection);
          wait_told_();
        }
        break;
      case RequestAction::kWrite:
        Write(record);
        break;
      case RequestAction::kTakeEvents:
        while (service_.TakeEvent(record.connection, false).has_value()) {
        }
        break;
    }
    if (!service_.Loss().ok()) return service_.Loss();
    if (first.ok()) first = damage;
  }
  return first;
}

RequestDamage RequestPlayer::Send(const RequestRecord& record) {
  if (record.bytes.empty() || !Open(record.connection)) return {};
  const std::string request = FillIn(record);
  Expect(record, request);
  const RequestService::Answer answer =
      service_.Send(record.connection, request);
  if (answer.outcome == Outcome::kLost) return {};
  Note(record, request, answer);
  if (answer.outcome == Outcome::kClosed) Close(record.connection);
  const std::optional<RequestId> id = KnownId(request);
  if (id == RequestId::kJoin || id == RequestId::kLeave) wait_told_();
  return Judge(request, answer);
}

std::string RequestPlayer::FillIn(const RequestRecord& record) {
  std::string bytes = record.bytes;
  const std::optional<RequestId> id = KnownId(bytes);
  if (id == RequestId::kZeroCopyAllocate) return FillPath(record, bytes);
  const bool is_iteration =
      id == RequestId::kIterationNext || id == RequestId::kIterationFinalize;
  const bool is_address =
      id == RequestId::kZeroCopyFree || id == RequestId::kZeroCopyExecute;
  const Client& client = clients_.at(record.connection);
  std::optional<uint64_t> value;
  if (!is_iteration && !is_address) return bytes;
  switch (record.filled) {
    case Filled::kNothing:
      break;
    case Filled::kOwn:
      if (is_iteration && !client.iterations.empty()) {
        value = client.iterations.back();
      } else if (is_address && !client.areas.empty()) {
        value = client.areas.back().address;
      }
      break;
    case Filled::kOthers:
      value = is_iteration ? others_.iteration : others_.server_address;
      break;
    case Filled::kSpent:
      if (is_iteration && !client.spent_iterations.empty()) {
        value = client.spent_iterations.back();
      } else if (is_address && client.spent_address != 0) {
        value = client.spent_address;
      }
      break;
  }
  if (value.has_value()) {
    wire::SetField(wire::Kind::kRequest, &bytes,
                   is_iteration ? "iteration" : "server_address", *value);
  }
  return bytes;
}

std::string RequestPlayer::FillPath(const RequestRecord& record,
                                    std::string bytes) {
  const std::string folder = service_.Folder();
  if (folder.empty() || bytes.size() <= kPathOffset) return bytes;
  const size_t room = std::min(bytes.size() - kPathOffset, wire::kPathSize);
  std::string path;
  switch (record.filled) {
    case Filled::kOwn: {
      path = fmt::format("{}/area{}", folder, files_++);
      const int file =
          open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
      const auto size = std::min(NumberAt<uint64_t>(bytes, 16), kFileSizeMax);
      if (file >= 0 && ftruncate(file, static_cast<off_t>(size)) == 0) {
        coming_ = Area{.file = file, .size = size};
      }
      break;
    }
    case Filled::kOthers:
      path = others_.path;
      break;
    case Filled::kSpent:
      path = fmt::format("{}/gone", folder);
      break;
    case Filled::kNothing: {
      // As it is, but within the folder.
      std::string name = bytes.substr(kPathOffset, room);
      const bool ends = name.find('\0') != std::string::npos;
      name.resize(std::min(name.size(), name.find('\0')));
      std::ranges::replace(name, '/', '_');
      std::ranges::replace(name, '.', '_');
      path = fmt::format("{}/{}", folder, name).substr(0, room - ends);
      if (!ends) path.resize(room, 'x');
      break;
    }
  }
  path.resize(std::min(path.size(), room));
  bytes.replace(kPathOffset, path.size(), path);
  if (path.size() < room) bytes[kPathOffset + path.size()] = '\0';
  return bytes;
}

void RequestPlayer::Write(const RequestRecord& record) {
  Client& client = clients_.at(record.connection);
  if (client.areas.empty()) return;
  Area& area = client.areas.back();
  const size_t room =
      area.size - std::min<uint64_t>(area.size, kAreaHeaderSize);
  area.written = record.bytes.substr(0, room);
  if (pwrite(area.file, area.written.data(), area.written.size(),
             kAreaHeaderSize) < 0) {
    area.written.clear();
  }
}

// What others may see, before they can see it.
void RequestPlayer::Expect(const RequestRecord& record,
                           std::string_view request) {
  const auto cut = [](std::string_view text, size_t size) {
    return std::string(text.substr(0, size));
  };
  const auto behind = [](std::string_view bytes, size_t offset) {
    return bytes.substr(std::min(bytes.size(), offset));
  };
  const auto add_multicast = [&](std::string_view bytes) {
    messages_.insert(cut(behind(bytes, wire::kMulticastOverhead),
                         NumberAt<uint32_t>(bytes, 32)));
  };
  const Client& client = clients_.at(record.connection);
  const std::optional<RequestId> id = KnownId(request);
  if (id == RequestId::kJoin) {
    constexpr size_t kProcessOffset = 152;
    any_process_ |= request.size() < kProcessOffset + sizeof(uint32_t);
    processes_.insert(NumberAt<uint32_t>(request, kProcessOffset));
  } else if (id == RequestId::kMulticast) {
    add_multicast(request);
    if (is_conformant_ && client.in_group) {
      owed_.emplace_back(behind(request, wire::kMulticastOverhead));
    }
  } else if (id == RequestId::kPartialMulticast) {
    fragments_.insert(cut(behind(request, wire::kPartialOverhead),
                          NumberAt<uint32_t>(request, 40)));
  } else if (id == RequestId::kZeroCopyExecute && !client.areas.empty()) {
    // Where nothing was written there are zeros.
    std::string area = client.areas.back().written;
    area.resize(std::max(area.size(), wire::kMulticastOverhead));
    add_multicast(area);
  }
}

RequestDamage RequestPlayer::Judge(std::string_view request,
                                   const RequestService::Answer& answer) const {
  const std::string kind = RequestKind(request);
  if (answer.outcome != Outcome::kReply) {
    const bool silent = answer.outcome == Outcome::kNone &&
                        KnownId(request) == RequestId::kMulticast;
    if (!is_conformant_ || silent) return {};
    return {.damage = "an honest request is not answered",
            .part = kind,
            .owed = "a reply to a request that libcpg sends",
            .came = answer.outcome == Outcome::kNone ? "none"
                                                     : "a closed connection"};
  }
  const std::string_view reply = answer.reply;
  const auto shown = [&] {
    return fmt::format("{} bytes: {}", reply.size(),
                       wire::Print(wire::Kind::kReply, reply));
  };
  if (reply.size() < wire::kReplyHeaderSize ||
      NumberAt<uint32_t>(reply, 8) != reply.size()) {
    return {.damage = "a reply that is none",
            .part = kind + ": size",
            .owed = "a reply whose size is that of its bytes",
            .came = shown()};
  }
  if (!Fits(request, reply)) {
    return {.damage = "a reply that is none",
            .part = kind + ": id",
            .owed = "a reply of an id that fits the request",
            .came = shown()};
  }
  // Corosync sets no error where it grants zero copy.
  if (!IsZeroCopy(request) && wire::ErrorOf(reply) == wire::kOk &&
      KnownId(request) != RequestId::kZeroCopyExecute &&
      !wire::ParseReply(reply).message.has_value()) {
    return {.damage = "a reply that is none",
            .part = kind + ": fields",
            .owed = "a well-formed reply, as its error is CS_OK",
            .came = shown() + " (" + wire::ParseReply(reply).error + ")"};
  }
  return {};
}

void RequestPlayer::Note(const RequestRecord& record, std::string_view request,
                         const RequestService::Answer& answer) {
  Client& client = clients_.at(record.connection);
  const int32_t error = wire::ErrorOf(answer.reply).value_or(0);
  const auto number = static_cast<uint16_t>(
      (wire::IdOf(request).value_or(-1) & 0x1f) << 9 |
      static_cast<int>(answer.outcome) << 7 | (error & 0x3f) << 1 |
      static_cast<int>(client.in_group));
  behaviours_.insert(number);
  const std::optional<RequestId> id = KnownId(request);
  const bool granted = answer.outcome == Outcome::kReply && error == wire::kOk;
  const auto parsed = wire::ParseReply(answer.reply).message;
  if (id == RequestId::kZeroCopyAllocate && coming_.has_value()) {
    uint64_t address = 0;
    const bool mapped = answer.outcome == Outcome::kReply &&
                        pread(coming_->file, &address, sizeof(address),
                              kAddressOffset) == sizeof(address) &&
                        address != 0;
    coming_->address = address;
    if (mapped) client.areas.push_back(*coming_);
    if (!mapped) Forget(&*coming_);
    coming_.reset();
  } else if (id == RequestId::kZeroCopyFree && record.filled == Filled::kOwn &&
             !client.areas.empty()) {
    client.spent_address = client.areas.back().address;
    Forget(&client.areas.back());
    client.areas.pop_back();
  } else if (id == RequestId::kIterationFinalize && granted &&
             record.filled == Filled::kOwn && !client.iterations.empty()) {
    client.spent_iterations.push_back(client.iterations.back());
    client.iterations.pop_back();
  } else if (id == RequestId::kIterationInitialize && granted &&
             parsed.has_value()) {
    const auto* const given =
        std::get_if<wire::IterationInitializeReply>(&*parsed);
    if (given != nullptr) client.iterations.push_back(given->iteration);
  } else if (id == RequestId::kJoin && granted) {
    const auto joined = wire::ParseRequest(request).message;
    client.in_group = joined.has_value() &&
                      std::get<wire::JoinRequest>(*joined).group == group_;
  } else if (id == RequestId::kLeave && granted) {
    client.in_group = false;
  }
}

}  // namespace cpgcert::fuzz
