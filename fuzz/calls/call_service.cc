#include "fuzz/calls/call_service.h"

#include <corosync/cpg.h>

#include <cerrno>
#include <utility>
#include <variant>

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;

// Numbers of connections and processes that no library's has.
constexpr int kFirstPeer = 1'000'000'000;
constexpr uint32_t kFirstProcess = 2'000'000'000;
constexpr int kObserver = kFirstPeer - 1;
constexpr size_t kFragments = 3;

template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

std::string Plain(wire::ReplyId id, int32_t error) {
  return wire::Build(wire::PlainReply{.id = id, .error = error});
}

template <class Request>
wire::Reply Asked(harness::SingleNode* node, const Request& request) {
  const auto answer =
      node->Process(kObserver, wire::Build(wire::Request(request)));
  return wire::ParseReply(answer.reply).message.value_or(wire::PlainReply{});
}

}  // namespace

CallService::CallService(OnEvent on_event) : on_event_(std::move(on_event)) {
  service_.on_connect = [this](int /*connection*/) {
    const int refused = std::exchange(refuse_connection_, 0);
    record_.connected += refused == 0 ? 1 : 0;
    record_.disturbed = record_.disturbed || refused != 0;
    return -refused;
  };
  service_.on_request = [this](int connection, std::string_view bytes) {
    return Take(connection, bytes);
  };
  service_.on_disconnect = [this](int connection) {
    maps_.Forget(connection);
    under_way_.erase(connection);
    Deliver({.events = node_.Disconnect(connection)});
  };
}

void CallService::Begin(int connection, const Requests& about) {
  connection_ = connection;
  about_ = about;
  record_ = {};
}

CallRecord CallService::End() {
  refusal_.reset();
  refuse_connection_ = 0;
  no_room_ = false;
  service_.Plant(harness::QbCall::kSend, 0, 0, 0);
  about_.clear();
  connection_ = -1;
  return std::exchange(record_, {});
}

void CallService::Refuse(int32_t error, int skip) {
  refusal_ = {.error = error, .skip = skip};
}

void CallService::RefuseConnection(int error_number) {
  refuse_connection_ = error_number;
}

void CallService::FindNoRoom(int skip) {
  service_.Plant(harness::QbCall::kSend, -EAGAIN, skip);
  no_room_ = true;
}

void CallService::SetFlowControl(int connection, int level) {
  service_.SetFlowControl(connection, level);
}

void CallService::EndConnection(int connection) {
  silent_.insert(connection);
  service_.End(connection);
}

void CallService::CutConnection(int connection) {
  silent_.insert(connection);
  service_.Cut(connection);
}

harness::InProcessService::Answer CallService::Take(int connection,
                                                    std::string_view bytes) {
  const auto parsed = wire::ParseRequest(bytes);
  const auto id = static_cast<wire::RequestId>(wire::IdOf(bytes).value_or(-1));
  const bool own = connection == connection_ && about_.contains(id);
  if (own) {
    ++record_.asked;
    if (id != wire::RequestId::kMulticast &&
        id != wire::RequestId::kPartialMulticast) {
      record_.request = parsed.message;
    }
    // A small multicast has no reply.
    if (refusal_.has_value() && id != wire::RequestId::kMulticast &&
        refusal_->skip-- == 0) {
      const int32_t error = std::exchange(refusal_, std::nullopt)->error;
      record_.disturbed = true;
      record_.answered = error;
      return {.reply = harness::RefusalOf(id, error)};
    }
  }
  std::string reply;
  if (parsed.message.has_value()) {
    reply = Honest(connection, *parsed.message, bytes);
    NoteEffect(connection, *parsed.message, reply);
  } else {
    reply = node_.Process(connection, bytes).reply;
  }
  if (own) {
    record_.answered = wire::ErrorOf(reply);
  }
  return {.reply = std::move(reply)};
}

std::string CallService::Honest(int connection, const wire::Request& request,
                                std::string_view bytes) {
  if (auto reply = ZeroCopy(connection, request)) return *reply;
  const harness::SingleNode::Answer answer = node_.Process(connection, bytes);
  Deliver(answer);
  return answer.reply;
}

std::optional<std::string> CallService::ZeroCopy(int connection,
                                                 const wire::Request& request) {
  const auto code = [](bool done) { return done ? CS_OK : CS_ERR_NO_MEMORY; };
  return std::visit(
      Overloaded{
          [&](const wire::ZeroCopyAllocateRequest& allocate)
              -> std::optional<std::string> {
            return Plain(wire::ReplyId::kZeroCopyAllocate,
                         code(maps_.Allocate(connection, allocate)));
          },
          [&](const wire::ZeroCopyFreeRequest& free)
              -> std::optional<std::string> {
            return Plain(wire::ReplyId::kZeroCopyFree,
                         code(maps_.Free(connection, free.server_address)));
          },
          [&](const wire::ZeroCopyExecuteRequest& execute)
              -> std::optional<std::string> {
            const auto bytes =
                maps_.RequestAt(connection, execute.server_address);
            const auto inner = wire::ParseRequest(bytes.value_or("")).message;
            if (!inner ||
                !std::holds_alternative<wire::MulticastRequest>(*inner)) {
              return Plain(wire::ReplyId::kZeroCopyExecute,
                           CS_ERR_INVALID_PARAM);
            }
            Honest(connection, *inner, *bytes);
            NoteEffect(connection, *inner, "");
            return Plain(wire::ReplyId::kZeroCopyExecute, CS_OK);
          },
          [](const auto&) -> std::optional<std::string> {
            return std::nullopt;
          }},
      request);
}

void CallService::NoteEffect(int connection, const wire::Request& request,
                             std::string_view reply) {
  if (wire::ErrorOf(reply).value_or(CS_OK) != CS_OK) return;
  std::visit(Overloaded{[&](const wire::JoinRequest&) { ++record_.joined; },
                        [&](const wire::LeaveRequest&) { ++record_.left; },
                        [&](const wire::MulticastRequest& multicast) {
                          record_.messages.push_back(multicast.message);
                        },
                        [&](const wire::PartialMulticastRequest& partial) {
                          ++record_.fragments;
                          using enum wire::PartialType;
                          const auto type =
                              static_cast<wire::PartialType>(partial.type);
                          std::string& message = under_way_[connection];
                          if (type == kFirst) message.clear();
                          message += partial.fragment;
                          if (type == kLast) {
                            record_.messages.push_back(std::move(message));
                            under_way_.erase(connection);
                          }
                        },
                        [](const auto&) {}},
             request);
}

void CallService::Deliver(const harness::SingleNode::Answer& answer) {
  for (const auto& [connection, event] : answer.events) {
    if (wire::IdOf(event) ==
        static_cast<int32_t>(wire::EventId::kConfiguration)) {
      for (Peer& peer : peers_) peer.sent = 0;
    }
    if (connection >= kFirstPeer || silent_.contains(connection)) continue;
    service_.Push(connection, event);
    on_event_(connection, event);
  }
}

void CallService::Ask(int peer, const wire::Request& request) {
  Deliver(node_.Process(kFirstPeer + peer, wire::Build(request)));
}

void CallService::PeerJoins(int peer, const std::string& group) {
  if (peers_.at(peer).joined) return;
  peers_.at(peer) = {.joined = true, .group = group};
  Ask(peer, wire::JoinRequest{.group = group, .process = kFirstProcess + peer});
}

void CallService::PeerLeaves(int peer) {
  if (!peers_.at(peer).joined) return;
  Ask(peer, wire::LeaveRequest{.group = peers_.at(peer).group,
                               .process = kFirstProcess + peer});
  peers_.at(peer) = {};
}

void CallService::PeerSends(int peer, std::string_view message) {
  if (!peers_.at(peer).joined) return;
  Ask(peer, wire::MulticastRequest{.guarantee = CPG_TYPE_AGREED,
                                   .message = std::string(message)});
}

void CallService::PeerSendsFragment(int peer, std::string_view message) {
  Peer& sender = peers_.at(peer);
  if (!sender.joined) return;
  const size_t size = message.size() / kFragments;
  if (size != sender.size) sender.sent = 0;
  sender.size = size;
  const size_t number = sender.sent;
  sender.sent = (number + 1) % kFragments;
  Ask(peer, wire::PartialMulticastRequest{
                .message_size = static_cast<uint32_t>(message.size()),
                .type = static_cast<uint32_t>(number + 1),
                .fragment = std::string(message.substr(number * size, size))});
}

void CallService::PeerEnds(int peer) {
  peers_.at(peer) = {};
  Deliver({.events = node_.Disconnect(kFirstPeer + peer)});
}

std::vector<wire::Address> CallService::Members(const std::string& group) {
  const wire::Reply reply =
      Asked(&node_, wire::MembershipRequest{.group = group});
  const auto* const members = std::get_if<wire::MembershipReply>(&reply);
  return members == nullptr ? std::vector<wire::Address>{} : members->members;
}

std::vector<wire::IterationNextReply> CallService::Census(
    wire::IterationType type, const std::string& group) {
  std::vector<wire::IterationNextReply> all;
  const wire::Reply begun =
      Asked(&node_, wire::IterationInitializeRequest{
                        .group = group, .type = static_cast<uint32_t>(type)});
  const auto* const iteration =
      std::get_if<wire::IterationInitializeReply>(&begun);
  if (iteration == nullptr) return all;
  for (;;) {
    const wire::Reply next = Asked(
        &node_, wire::IterationNextRequest{.iteration = iteration->iteration});
    const auto* const entry = std::get_if<wire::IterationNextReply>(&next);
    if (entry == nullptr || entry->error != CS_OK) break;
    all.push_back(*entry);
  }
  Asked(&node_,
        wire::IterationFinalizeRequest{.iteration = iteration->iteration});
  return all;
}

}  // namespace cpgcert::fuzz
