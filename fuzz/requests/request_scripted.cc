#include "fuzz/requests/request_scripted.h"

#include <utility>

namespace cpgcert::fuzz {

std::string ScriptedRequests::Start() {
  constexpr uint32_t kNode = 1;
  node_ = std::make_unique<harness::SingleNode>(kNode);
  events_.clear();
  return "";
}

bool ScriptedRequests::Connect(int connection, size_t /*size_max*/) {
  events_[connection].clear();
  return true;
}

void ScriptedRequests::Close(int connection) {
  if (events_.erase(connection) > 0) {
    Deliver(node_->Disconnect(connection));
  }
}

RequestService::Answer ScriptedRequests::Send(int connection,
                                              std::string_view request) {
  if (!events_.contains(connection)) return {.outcome = Outcome::kClosed};
  harness::SingleNode::Answer answer = node_->Process(connection, request);
  Deliver(answer.events);
  if (answer.reply.empty()) return {.outcome = Outcome::kNone};
  return {.outcome = Outcome::kReply, .reply = std::move(answer.reply)};
}

std::optional<std::string> ScriptedRequests::TakeEvent(int connection,
                                                       bool /*wait*/) {
  const auto found = events_.find(connection);
  if (found == events_.end() || found->second.empty()) return std::nullopt;
  std::string event = std::move(found->second.front());
  found->second.pop_front();
  return event;
}

void ScriptedRequests::Deliver(
    const std::vector<harness::SingleNode::Outgoing>& events) {
  for (const auto& [connection, event] : events) {
    const auto found = events_.find(connection);
    if (found != events_.end()) found->second.push_back(event);
  }
}

}  // namespace cpgcert::fuzz
