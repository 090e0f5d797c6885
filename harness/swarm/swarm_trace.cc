#include "harness/swarm/swarm_trace.h"

#include "harness/trace/trace_event.h"
#include "harness/trace/traced_values.h"

namespace cpgcert::harness {

namespace {

using trace::Json;

// A row of values: there may be thousands of events.
Json ToJson(const SwarmEvent& event) {
  return {static_cast<int>(event.kind),
          static_cast<int>(event.call),
          event.connection,
          trace::BytesValue(event.text),
          event.size,
          static_cast<int>(event.result),
          trace::BytesValue(event.group),
          event.node,
          event.process,
          trace::AddressesValue(event.members.data(), event.members.size()),
          trace::AddressesValue(event.left.data(), event.left.size()),
          trace::AddressesValue(event.joined.data(), event.joined.size())};
}

SwarmEvent EventFrom(const Json& row) {
  SwarmEvent event;
  size_t column = 0;
  const auto next = [&]() -> const Json& { return row.at(column++); };
  event.kind = static_cast<SwarmEvent::Kind>(next().get<int>());
  event.call = static_cast<SwarmEvent::Call>(next().get<int>());
  event.connection = next().get<uint32_t>();
  event.text = trace::Bytes(next());
  event.size = next().get<uint64_t>();
  event.result = static_cast<cs_error_t>(next().get<int>());
  event.group = trace::Bytes(next());
  event.node = next().get<uint32_t>();
  event.process = next().get<uint32_t>();
  event.members = trace::Addresses(next());
  event.left = trace::Addresses(next());
  event.joined = trace::Addresses(next());
  return event;
}

Json MemberToJson(const SwarmMember& member) {
  Json json{
      {"process", member.process},           {"node", member.node},
      {"end", static_cast<int>(member.end)}, {"end_text", member.end_text},
      {"overflowed", member.overflowed},     {"events", Json::array()}};
  for (const SwarmEvent& event : member.events) {
    json["events"].push_back(ToJson(event));
  }
  return json;
}

SwarmMember MemberFrom(const Json& json) {
  SwarmMember member{
      .process = json.at("process").get<pid_t>(),
      .node = json.at("node").get<uint32_t>(),
      .end = static_cast<SwarmMember::End>(json.at("end").get<int>()),
      .end_text = json.at("end_text").get<std::string>(),
      .overflowed = json.at("overflowed").get<bool>()};
  for (const Json& row : json.at("events")) {
    member.events.push_back(EventFrom(row));
  }
  return member;
}

}  // namespace

SwarmMember ObserveMember(const std::function<SwarmMember()>& look) {
  return trace::ObserveAs("swarm_member", look, MemberToJson, MemberFrom);
}

}  // namespace cpgcert::harness
