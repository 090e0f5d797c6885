#include "conformance/history/model.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "conformance/history/checker.h"

namespace cpgcert::conformance::history {

namespace {

bool IsGiven(const Event& event) {
  return event.kind == Event::Kind::kMessage ||
         event.kind == Event::Kind::kChange;
}

}  // namespace

Address AddressOf(std::string_view name) {
  const std::string number(name.substr(1, name.find('.') - 1));
  return {.node = 1,
          .process = 100 + static_cast<uint32_t>(std::atoi(number.c_str()))};
}

std::vector<Entry> EntriesOf(const std::vector<std::string>& names,
                             uint32_t reason) {
  std::vector<Entry> entries;
  for (const std::string& name : names) {
    entries.push_back({.address = AddressOf(name), .reason = reason});
  }
  return entries;
}

Session& Model::session(std::string_view name) {
  return *std::ranges::find(history_.sessions, name, &Session::name);
}

Event Model::Change() const {
  return {.kind = Event::Kind::kChange,
          .group = history_.group,
          .members = EntriesOf(members_, CPG_REASON_UNDEFINED)};
}

void Model::GiveAll(const Event& event) {
  for (const std::string& name : members_) {
    if (std::ranges::find(silent_, name) == silent_.end()) {
      session(name).events.push_back(event);
    }
  }
}

void Model::Join(const std::string& name) {
  history_.sessions.push_back({.name = name, .self = AddressOf(name)});
  session(name).events.push_back({.kind = Event::Kind::kJoin});
  members_.push_back(name);
  Event change = Change();
  change.joined = EntriesOf({name}, CPG_REASON_JOIN);
  GiveAll(change);
}

void Model::Send(const std::string& name, const std::string& message,
                 size_t size) {
  Call(name, message, CS_OK, size);
  Give(name, message);
}

void Model::Call(const std::string& name, const std::string& message,
                 cs_error_t result, size_t size) {
  session(name).events.push_back({.kind = Event::Kind::kMulticast,
                                  .result = result,
                                  .message = message,
                                  .size = size});
}

void Model::CallWithoutReturn(const std::string& name,
                              const std::string& message, size_t size) {
  Call(name, message, CS_OK, size);
  session(name).events.back().returned = false;
}

void Model::Give(const std::string& name, const std::string& message) {
  GiveAll({.kind = Event::Kind::kMessage,
           .message = message,
           .sender = AddressOf(name),
           .group = history_.group});
}

void Model::Leave(const std::string& name) {
  session(name).events.push_back({.kind = Event::Kind::kLeave});
  Event change = Change();
  std::erase_if(change.members, [&](const Entry& entry) {
    return entry.address == AddressOf(name);
  });
  change.left = EntriesOf({name}, CPG_REASON_LEAVE);
  session(name).events.push_back(change);
  Depart(name, CPG_REASON_LEAVE);
}

void Model::Finalize(const std::string& name) {
  session(name).events.push_back({.kind = Event::Kind::kFinalize});
  Depart(name, CPG_REASON_PROCDOWN);
}

void Model::Kill(const std::string& name) { Depart(name, CPG_REASON_PROCDOWN); }

void Model::StopRecording(const std::string& name) { silent_.push_back(name); }

void Model::Depart(const std::string& name, uint32_t reason) {
  session(name).end = Session::End::kEnded;
  std::erase(members_, name);
  Event change = Change();
  change.left = EntriesOf({name}, reason);
  GiveAll(change);
}

void Model::End() { Send(history_.sessions.front().name, "end"); }

std::string Text(const CheckResult& result) {
  switch (result.outcome) {
    case CheckResult::Outcome::kPass:
      return "pass";
    case CheckResult::Outcome::kInconclusive:
      return "inconclusive: " + result.reason;
    case CheckResult::Outcome::kFail:
      break;
  }
  return fmt::format("{}: owed {}; came: {}", result.requirement, result.owed,
                     result.came);
}

std::string Judge(const Model& model) { return Text(Check(model.history())); }

Model Four() {
  Model model;
  for (const char* name : {"m0", "m1", "m2", "m3"}) {
    model.Join(name);
  }
  return model;
}

EventTest Message(const std::string& message) {
  return [message](const Event& event) {
    return event.kind == Event::Kind::kMessage && event.message == message;
  };
}

EventTest Joined(const std::string& about) {
  return [about](const Event& event) {
    return event.joined.size() == 1 &&
           event.joined[0].address == AddressOf(about);
  };
}

EventTest Left(const std::string& about) {
  return [about](const Event& event) {
    return event.left.size() == 1 && event.left[0].address == AddressOf(about);
  };
}

Event& Given(Model* model, std::string_view member, const EventTest& wanted) {
  return *std::ranges::find_if(model->session(member).events, wanted);
}

void AtAll(Model* model, const EventTest& wanted,
           const std::function<void(Event& event)>& damage) {
  for (const Session& session : model->history().sessions) {
    auto& events = model->session(session.name).events;
    const auto found = std::ranges::find_if(events, wanted);
    if (found != events.end()) {
      damage(*found);
    }
  }
}

void Remove(Model* model, std::string_view member, const EventTest& wanted) {
  auto& events = model->session(member).events;
  const auto found = std::ranges::find_if(events, wanted);
  if (found != events.end()) {
    events.erase(found);
  }
}

void RemoveAtAll(Model* model, const EventTest& wanted) {
  for (const Session& session : model->history().sessions) {
    Remove(model, session.name, wanted);
  }
}

void SwapWithNext(Model* model, std::string_view member,
                  const EventTest& wanted) {
  auto& events = model->session(member).events;
  const auto found = std::ranges::find_if(events, wanted);
  std::swap(*found, *std::find_if(found + 1, events.end(), IsGiven));
}

}  // namespace cpgcert::conformance::history
