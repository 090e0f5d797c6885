#include "conformance/history/recorded.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <utility>

namespace cpgcert::conformance::history {

namespace {

using harness::SwarmEvent;
using harness::SwarmMember;

std::vector<Entry> Entries(const std::vector<cpg_address>& list) {
  std::vector<Entry> entries;
  entries.reserve(list.size());
  for (const cpg_address& address : list) {
    entries.push_back(
        {.address = {.node = address.nodeid, .process = address.pid},
         .reason = address.reason});
  }
  return entries;
}

Event FromCall(const SwarmEvent& call) {
  Event event{.returned = false};
  switch (call.call) {
    case SwarmEvent::Call::kLeave:
      event.kind = Event::Kind::kLeave;
      break;
    case SwarmEvent::Call::kFinalize:
      event.kind = Event::Kind::kFinalize;
      break;
    case SwarmEvent::Call::kMulticast:
      event.kind = Event::Kind::kMulticast;
      event.message = call.text;
      event.size = call.size;
      break;
    default:
      event.kind = Event::Kind::kJoin;
  }
  return event;
}

Event FromCallback(const SwarmEvent& given) {
  return {.kind = given.kind == SwarmEvent::Kind::kMessage
                      ? Event::Kind::kMessage
                      : Event::Kind::kChange,
          .message = given.text,
          .sender = {.node = given.node, .process = given.process},
          .group = given.group,
          .members = Entries(given.members),
          .left = Entries(given.left),
          .joined = Entries(given.joined)};
}

void SetEnd(const SwarmMember& member, Session* session) {
  const bool left =
      std::ranges::any_of(session->events, [](const Event& event) {
        return event.kind == Event::Kind::kLeave ||
               event.kind == Event::Kind::kFinalize;
      });
  if (left || member.end == SwarmMember::End::kExited ||
      member.end == SwarmMember::End::kKilled) {
    session->end = Session::End::kEnded;
  } else if (member.end == SwarmMember::End::kCompleted) {
    session->end = Session::End::kStayed;
  } else {
    session->end = Session::End::kCut;
    session->cut = member.end == SwarmMember::End::kTakenDown
                       ? "its process was taken down"
                       : member.end_text;
  }
}

// The sessions of one member in the group, by connection.
std::map<uint32_t, Session> SessionsOf(const SwarmMember& member,
                                       const std::string& group,
                                       const std::string& name) {
  std::map<uint32_t, Session> sessions;
  for (const SwarmEvent& event : member.events) {
    if (event.kind == SwarmEvent::Kind::kCallBegin &&
        event.call == SwarmEvent::Call::kJoin && event.text == group) {
      Session session{
          .name = sessions.empty() ? name
                                   : fmt::format("{}'s connection {}", name,
                                                 event.connection),
          .self = {.node = member.node,
                   .process = static_cast<uint32_t>(member.process)},
          .overflowed = member.overflowed};
      sessions.emplace(event.connection, std::move(session));
    }
    const auto found = sessions.find(event.connection);
    if (found == sessions.end()) {
      continue;
    }
    std::vector<Event>& events = found->second.events;
    if (event.kind == SwarmEvent::Kind::kCallBegin) {
      events.push_back(FromCall(event));
    } else if (event.kind == SwarmEvent::Kind::kCallEnd) {
      const auto begun = std::ranges::find(events.rbegin(), events.rend(),
                                           false, &Event::returned);
      if (begun != events.rend()) {
        begun->returned = true;
        begun->result = event.result;
      }
    } else {
      events.push_back(FromCallback(event));
    }
  }
  return sessions;
}

}  // namespace

History FromRecords(const std::vector<SwarmMember>& members,
                    const std::string& group) {
  History history{.group = group};
  for (size_t i = 0; i < members.size(); ++i) {
    for (auto& [connection, session] :
         SessionsOf(members[i], group, fmt::format("m{}", i))) {
      SetEnd(members[i], &session);
      history.sessions.push_back(std::move(session));
    }
  }
  return history;
}

}  // namespace cpgcert::conformance::history
