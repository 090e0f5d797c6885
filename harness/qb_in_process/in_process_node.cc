#include "harness/qb_in_process/in_process_node.h"

#include <string_view>
#include <utility>

namespace cpgcert::harness {

InProcessNode::InProcessNode(uint32_t node, InProcessService* service)
    : node_(node), service_(*service) {
  service_.on_request = [this](int connection, std::string_view request) {
    SingleNode::Answer answer = node_.Process(connection, request);
    Deliver(answer.events);
    return InProcessService::Answer{.reply = std::move(answer.reply)};
  };
  service_.on_disconnect = [this](int connection) {
    Deliver(node_.Disconnect(connection));
  };
}

InProcessNode::~InProcessNode() {
  service_.on_request = nullptr;
  service_.on_disconnect = nullptr;
}

void InProcessNode::Deliver(const std::vector<SingleNode::Outgoing>& events) {
  for (const auto& [connection, event] : events) {
    service_.Push(connection, event);
  }
}

}  // namespace cpgcert::harness
