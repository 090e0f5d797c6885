// How a scene puts events and callbacks into words.

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "conformance/dispatch/scene.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance::dispatch {

using harness::CallbackRecord;
using harness::Client;

Event Scene::Made(Event::Kind kind, std::string text) const {
  bool has_callback = HasDeliver(cell_.callbacks);
  if (kind == Event::Kind::kTotem) {
    has_callback = HasTotem(cell_.callbacks);
  } else if (kind != Event::Kind::kMessage) {
    has_callback = HasChange(cell_.callbacks);
  }
  return {kind, std::move(text), has_callback};
}

Event Scene::Message(std::string_view name) const {
  return Made(Event::Kind::kMessage, fmt::format("message {} from self", name));
}

Event Scene::OwnJoin() const {
  return Made(Event::Kind::kOwnJoin,
              fmt::format("change joined=[self:JOIN] left=[] members=[{}self]",
                          peer_joined_ ? "peer " : ""));
}

Event Scene::OwnLeave() const {
  return Made(Event::Kind::kOwnLeave,
              fmt::format("change joined=[] left=[self:LEAVE] members=[{}]",
                          peer_joined_ ? "peer" : ""));
}

Event Scene::PeerJoin() const {
  return Made(Event::Kind::kPeerJoin,
              "change joined=[peer:JOIN] left=[] members=[peer self]");
}

Event Scene::Totem() const {
  return Made(Event::Kind::kTotem,
              fmt::format("totem change nodes=[{}]", node_id_));
}

std::string Scene::Who(uint32_t node_id, uint32_t process) const {
  std::string who;
  if (process == static_cast<uint32_t>(harness::trace::ProcessId())) {
    who = "self";
  } else if (peer_ != nullptr &&
             process == static_cast<uint32_t>(peer_->process())) {
    who = "peer";
  } else {
    who = fmt::format("process {}", process);
  }
  return node_id == node_id_ ? who : fmt::format("{} of node {}", who, node_id);
}

std::string Scene::List(const std::vector<cpg_address>& addresses) const {
  std::vector<std::string> names;
  for (const cpg_address& address : addresses) {
    names.push_back(Who(address.nodeid, address.pid));
    if (address.reason != CPG_REASON_UNDEFINED) {
      names.back() += ":" + harness::ReasonName(address.reason);
    }
  }
  std::ranges::sort(names);
  return fmt::format("{}", fmt::join(names, " "));
}

std::string Scene::Render(Client& client, const CallbackRecord& record) const {
  std::string text;
  switch (record.kind) {
    case CallbackRecord::Kind::kDeliver:
      text = fmt::format("message {} from {}", record.message,
                         Who(record.node_id, record.process));
      break;
    case CallbackRecord::Kind::kConfiguration:
      text = fmt::format("change joined=[{}] left=[{}] members=[{}]",
                         List(record.joined), List(record.left),
                         List(record.members));
      break;
    case CallbackRecord::Kind::kTotem:
      text = fmt::format("totem change nodes=[{}]",
                         fmt::join(record.ring_members, " "));
      break;
  }
  if (record.handle != client.handle()) {
    text += fmt::format(" {{with another handle: {:#x}}}", record.handle);
  }
  if (!record.inside_call) {
    text += " {outside a dispatch of its connection}";
  }
  const std::string& group = &client == subject_.get() ? group_ : other_group_;
  if (record.kind != CallbackRecord::Kind::kTotem && record.group != group) {
    text += fmt::format(" {{for group '{}'}}", record.group);
  }
  return text;
}

std::vector<std::string> Scene::RenderAll(Client& client) const {
  std::vector<std::string> texts;
  for (const CallbackRecord& record : client.Records()) {
    texts.push_back(Render(client, record));
  }
  return texts;
}

}  // namespace cpgcert::conformance::dispatch
