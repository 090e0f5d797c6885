#include "harness/scripted_service/single_node.h"

#include <corosync/corotypes.h>
#include <corosync/cpg.h>

#include <algorithm>
#include <set>
#include <utility>

namespace cpgcert::harness {

namespace {

using wire::Address;
using wire::ReplyId;
using wire::RequestId;

SingleNode::Answer Plain(ReplyId id, int32_t error) {
  return {.reply = wire::Build(wire::PlainReply{.id = id, .error = error})};
}

}  // namespace

SingleNode::Answer SingleNode::Process(int connection,
                                       std::string_view request) {
  const auto parsed = wire::ParseRequest(request);
  if (parsed.message.has_value()) {
    return std::visit(
        [&](const auto& message) { return On(connection, message); },
        *parsed.message);
  }
  const auto id = static_cast<int32_t>(RequestId::kMulticast);
  return wire::IdOf(request) == id
             ? Answer{}
             : Plain(ReplyId::kJoin, CS_ERR_INVALID_PARAM);
}

std::vector<SingleNode::Outgoing> SingleNode::Disconnect(int connection) {
  const Connection ended = connections_[connection];
  connections_.erase(connection);
  std::vector<Outgoing> events;
  if (ended.joined) {
    const std::string& group = ended.membership.group;
    SendToGroup(
        group,
        wire::ConfigurationEvent{
            .group = group,
            .members = Members(group),
            .left = {{node_, ended.membership.process, CPG_REASON_PROCDOWN}},
        },
        &events);
  }
  return events;
}

std::vector<Address> SingleNode::Members(const std::string& group) const {
  std::vector<Address> members;
  for (const auto& [number, connection] : connections_) {
    if (connection.joined && connection.membership.group == group) {
      members.push_back({node_, connection.membership.process, 0});
    }
  }
  return members;
}

void SingleNode::SendToGroup(const std::string& group, const wire::Event& event,
                             std::vector<Outgoing>* events) const {
  for (const auto& [number, connection] : connections_) {
    if (connection.joined && connection.membership.group == group) {
      events->push_back({number, wire::Build(event)});
    }
  }
}

SingleNode::Answer SingleNode::On(int connection,
                                  const wire::JoinRequest& request) {
  const bool exists = std::ranges::any_of(connections_, [&](const auto& entry) {
    const auto& [number, other] = entry;
    return other.joined && (number == connection ||
                            (other.membership.process == request.process &&
                             other.membership.group == request.group));
  });
  if (exists) {
    return Plain(ReplyId::kJoin, CS_ERR_EXIST);
  }
  for (auto& [number, other] : connections_) {
    other.message_interrupted |=
        other.joined && other.membership.group == request.group;
  }
  Connection& joining = connections_[connection];
  joining.joined = true;
  joining.membership = {request.group, request.process};
  joining.message_interrupted = false;
  Answer answer = Plain(ReplyId::kJoin, CS_OK);
  SendToGroup(request.group,
              wire::ConfigurationEvent{
                  .group = request.group,
                  .members = Members(request.group),
                  .joined = {{node_, request.process, CPG_REASON_JOIN}},
              },
              &answer.events);
  if ((request.flags & CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF) != 0) {
    answer.events.push_back(
        {connection,
         wire::Build(wire::TotemEvent{
             .ring_node = node_, .ring_sequence = 1, .nodes = {node_}})});
  }
  return answer;
}

SingleNode::Answer SingleNode::On(int connection,
                                  const wire::LeaveRequest& /*request*/) {
  Connection& leaving = connections_[connection];
  if (!leaving.joined) {
    return Plain(ReplyId::kLeave, CS_ERR_NOT_EXIST);
  }
  const std::string group = leaving.membership.group;
  Answer answer = Plain(ReplyId::kLeave, CS_OK);
  // The one that leaves is told too.
  std::vector<Address> members = Members(group);
  std::erase_if(members, [&](const Address& member) {
    return member.process == leaving.membership.process;
  });
  SendToGroup(
      group,
      wire::ConfigurationEvent{
          .group = group,
          .members = members,
          .left = {{node_, leaving.membership.process, CPG_REASON_LEAVE}},
      },
      &answer.events);
  leaving.joined = false;
  return answer;
}

SingleNode::Answer SingleNode::On(int connection,
                                  const wire::MulticastRequest& request) {
  Answer answer;
  const Connection& sender = connections_[connection];
  if (sender.joined) {
    SendToGroup(sender.membership.group,
                wire::DeliverEvent{.group = sender.membership.group,
                                   .node = node_,
                                   .process = sender.membership.process,
                                   .message = request.message},
                &answer.events);
  }
  return answer;
}

SingleNode::Answer SingleNode::On(
    int connection, const wire::PartialMulticastRequest& request) {
  Connection& sender = connections_[connection];
  if (!sender.joined) {
    return Plain(ReplyId::kPartialSend, CS_ERR_NOT_EXIST);
  }
  if (request.type == static_cast<uint32_t>(wire::PartialType::kFirst)) {
    sender.message_interrupted = false;
  } else if (sender.message_interrupted) {
    return Plain(ReplyId::kPartialSend, CS_ERR_INTERRUPT);
  }
  Answer answer = Plain(ReplyId::kPartialSend, CS_OK);
  SendToGroup(sender.membership.group,
              wire::PartialDeliverEvent{.group = sender.membership.group,
                                        .message_size = request.message_size,
                                        .node = node_,
                                        .process = sender.membership.process,
                                        .type = request.type,
                                        .fragment = request.fragment},
              &answer.events);
  return answer;
}

SingleNode::Answer SingleNode::On(int /*connection*/,
                                  const wire::MembershipRequest& request) {
  return {.reply = wire::Build(
              wire::MembershipReply{.members = Members(request.group)})};
}

SingleNode::Answer SingleNode::On(int /*connection*/,
                                  const wire::LocalGetRequest& /*request*/) {
  return {.reply = wire::Build(wire::LocalGetReply{.node = node_})};
}

SingleNode::Answer SingleNode::On(
    int connection, const wire::IterationInitializeRequest& request) {
  const auto type = static_cast<wire::IterationType>(request.type);
  std::set<std::string> groups;
  for (const auto& [number, other] : connections_) {
    if (other.joined) groups.insert(other.membership.group);
  }
  Iteration iteration;
  for (const std::string& group : groups) {
    if (type == wire::IterationType::kNameOnly) {
      iteration.push_back({.group = group});
    } else if (type == wire::IterationType::kAll || group == request.group) {
      for (const Address& member : Members(group)) {
        iteration.push_back(
            {.group = group, .node = member.node, .process = member.process});
      }
    }
  }
  std::ranges::reverse(iteration);
  const uint64_t number = next_iteration_++;
  connections_[connection].iterations[number] = std::move(iteration);
  return {.reply =
              wire::Build(wire::IterationInitializeReply{.iteration = number})};
}

SingleNode::Answer SingleNode::On(int connection,
                                  const wire::IterationNextRequest& request) {
  auto& iterations = connections_[connection].iterations;
  const auto found = iterations.find(request.iteration);
  if (found == iterations.end()) {
    return {.reply = wire::Build(
                wire::IterationNextReply{.error = CS_ERR_BAD_HANDLE})};
  }
  if (found->second.empty()) {
    return {.reply = wire::Build(
                wire::IterationNextReply{.error = CS_ERR_NO_SECTIONS})};
  }
  const wire::IterationNextReply next = found->second.back();
  found->second.pop_back();
  return {.reply = wire::Build(next)};
}

SingleNode::Answer SingleNode::On(
    int connection, const wire::IterationFinalizeRequest& request) {
  const bool known =
      connections_[connection].iterations.erase(request.iteration) > 0;
  return Plain(ReplyId::kIterationFinalize, known ? CS_OK : CS_ERR_BAD_HANDLE);
}

SingleNode::Answer SingleNode::On(int connection,
                                  const wire::FinalizeRequest& /*request*/) {
  Answer answer = Plain(ReplyId::kFinalize, CS_OK);
  // The group can be joined again before the connection is closed; its
  // iterations go on until then, as those of corosync do.
  auto iterations = std::move(connections_[connection].iterations);
  answer.events = Disconnect(connection);
  connections_[connection].iterations = std::move(iterations);
  return answer;
}

SingleNode::Answer SingleNode::On(
    int /*connection*/, const wire::ZeroCopyAllocateRequest& /*request*/) {
  return Plain(ReplyId::kZeroCopyAllocate, CS_ERR_NOT_SUPPORTED);
}

SingleNode::Answer SingleNode::On(
    int /*connection*/, const wire::ZeroCopyFreeRequest& /*request*/) {
  return Plain(ReplyId::kZeroCopyFree, CS_ERR_NOT_SUPPORTED);
}

SingleNode::Answer SingleNode::On(
    int /*connection*/, const wire::ZeroCopyExecuteRequest& /*request*/) {
  return Plain(ReplyId::kZeroCopyExecute, CS_ERR_NOT_SUPPORTED);
}

std::string RefusalOf(RequestId request, int32_t error) {
  switch (request) {
    case RequestId::kJoin:
      return Plain(ReplyId::kJoin, error).reply;
    case RequestId::kLeave:
      return Plain(ReplyId::kLeave, error).reply;
    case RequestId::kMulticast:
      return "";
    case RequestId::kMembership:
      return wire::Build(wire::MembershipReply{.error = error});
    case RequestId::kLocalGet:
      return wire::Build(wire::LocalGetReply{.error = error});
    case RequestId::kIterationInitialize:
      return wire::Build(wire::IterationInitializeReply{.error = error});
    case RequestId::kIterationNext:
      return wire::Build(wire::IterationNextReply{.error = error});
    case RequestId::kIterationFinalize:
      return Plain(ReplyId::kIterationFinalize, error).reply;
    case RequestId::kFinalize:
      return Plain(ReplyId::kFinalize, error).reply;
    case RequestId::kZeroCopyAllocate:
      return Plain(ReplyId::kZeroCopyAllocate, error).reply;
    case RequestId::kZeroCopyFree:
      return Plain(ReplyId::kZeroCopyFree, error).reply;
    case RequestId::kZeroCopyExecute:
      return Plain(ReplyId::kZeroCopyExecute, error).reply;
    case RequestId::kPartialMulticast:
      return Plain(ReplyId::kPartialSend, error).reply;
  }
  return Plain(ReplyId::kJoin, error).reply;
}

}  // namespace cpgcert::harness
