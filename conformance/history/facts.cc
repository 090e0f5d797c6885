#include "conformance/history/facts.h"

#include <fmt/core.h>

#include <algorithm>

#include "harness/client.h"

namespace cpgcert::conformance::history {

namespace {

bool IsGiven(const Event& event) {
  return event.kind == Event::Kind::kMessage ||
         event.kind == Event::Kind::kChange;
}

std::string Names(const Facts& facts, const std::vector<Entry>& list) {
  std::string text;
  for (const Entry& entry : list) {
    text += (text.empty() ? "" : ", ") + facts.Name(entry.address);
  }
  return text;
}

std::string NamesWithReasons(const Facts& facts,
                             const std::vector<Entry>& list) {
  std::string text;
  for (const Entry& entry : list) {
    text += fmt::format("{}{} left ({})", text.empty() ? "" : ", ",
                        facts.Name(entry.address),
                        harness::ReasonName(entry.reason));
  }
  return text;
}

}  // namespace

Facts::Facts(const History& history) : history_(history) {
  given_.resize(history.sessions.size());
  sends_of_.resize(history.sessions.size());
  for (int i = 0; i < session_count(); ++i) {
    const Event* join = FindCall(session(i), Event::Kind::kJoin);
    if (join != nullptr && (!join->returned || join->result == CS_OK)) {
      sessions_of_[session(i).self].push_back(i);
    }
    AddSends(i);
    AddGiven(i);
  }
  // Not before all are there: the views point into them.
  for (const Send& send : sends_) {
    if (!by_name_.emplace(send.name, send.id).second) {
      ambiguous_ = send.name;
    }
  }
}

void Facts::AddSends(int index) {
  std::unordered_map<std::string_view, int> own;
  bool left = false;
  for (const Event& event : session(index).events) {
    left |= event.kind == Event::Kind::kLeave ||
            event.kind == Event::Kind::kFinalize;
    if (event.kind != Event::Kind::kMulticast) {
      continue;
    }
    const auto [found, is_new] =
        own.emplace(event.message, static_cast<int>(sends_.size()));
    if (is_new) {
      sends_of_.at(index).push_back(found->second);
      sends_.push_back({.name = event.message,
                        .id = found->second,
                        .session = index,
                        .number = static_cast<int>(own.size()) - 1,
                        .size = event.size});
    }
    Send& send = sends_.at(found->second);
    // Whoever has left may be answered CS_OK for a message that is dropped.
    send.accepted |= event.returned && event.result == CS_OK && !left;
    send.returned = event.returned;
  }
}

void Facts::AddGiven(int index) {
  for (const Event& event : session(index).events) {
    if (!IsGiven(event)) {
      continue;
    }
    given_.at(index).push_back(&event);
    if (event.kind == Event::Kind::kChange &&
        Contains(event.left, session(index).self)) {
      break;
    }
  }
}

const Send* Facts::FindSend(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &sends_.at(found->second);
}

const std::vector<int>& Facts::SessionsOf(const Address& address) const {
  static const std::vector<int> none;
  const auto found = sessions_of_.find(address);
  return found == sessions_of_.end() ? none : found->second;
}

std::string Facts::Name(const Address& address) const {
  const std::vector<int>& sessions = SessionsOf(address);
  return sessions.empty() ? fmt::format("process {} of node {}",
                                        address.process, address.node)
                          : session(sessions.front()).name;
}

std::string Facts::Describe(const Event& event) const {
  if (event.kind == Event::Kind::kMessage) {
    return "message " + event.message;
  }
  std::string text = NamesWithReasons(*this, event.left);
  if (!event.joined.empty()) {
    text += fmt::format("{}{} joined", text.empty() ? "" : ", ",
                        Names(*this, event.joined));
  }
  return text.empty() ? "a change in which nobody joined or left"
                      : fmt::format("the change that {}", text);
}

const Event* FindCall(const Session& session, Event::Kind kind) {
  const auto found = std::ranges::find(session.events, kind, &Event::kind);
  return found == session.events.end() ? nullptr : &*found;
}

bool Contains(const std::vector<Entry>& list, const Address& address) {
  return std::ranges::find(list, address, &Entry::address) != list.end();
}

}  // namespace cpgcert::conformance::history
