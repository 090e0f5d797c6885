#include "fuzz/requests/request_honest.h"

#include <corosync/corotypes.h>
#include <fmt/core.h>

#include "fuzz/requests/request_input.h"

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;
using Outcome = RequestService::Outcome;

// So often it may be told to try again; each time the service has run.
constexpr int kTriesMax = 1000;

std::string KindOf(const wire::Request& request) {
  return RequestKind(wire::Build(request));
}

bool Has(const std::vector<wire::Address>& list, uint32_t process) {
  return list.size() == 1 && list[0].process == process;
}

}  // namespace

RequestDamage NotServed(const std::string& owed, const std::string& came) {
  return {.damage = "an honest client is not served",
          .part = owed,
          .owed = owed,
          .came = came};
}

void NoteDamage(const RequestDamage& damage, RequestDamage* first) {
  if (first->ok()) *first = damage;
}

std::string TextOf(const wire::Event& event) {
  return wire::Print(wire::Kind::kEvent, wire::Build(event));
}

void HonestClient::Connect(size_t size_max, RequestDamage* damage) {
  if (service_.Connect(connection_, size_max)) return;
  NoteDamage(service_.Loss(), damage);
  NoteDamage(NotServed("a connection", "a refusal"), damage);
}

std::string HonestClient::Ask(const wire::Request& request,
                              RequestDamage* damage) {
  if (!damage->ok()) return "";
  const RequestService::Answer answer =
      service_.Send(connection_, wire::Build(request));
  if (answer.outcome == Outcome::kReply) return answer.reply;
  NoteDamage(service_.Loss(), damage);
  if (std::holds_alternative<wire::MulticastRequest>(request) &&
      answer.outcome == Outcome::kNone) {
    return "";
  }
  NoteDamage(
      NotServed(
          fmt::format("a reply to a {}", KindOf(request)),
          answer.outcome == Outcome::kClosed ? "a closed connection" : "none"),
      damage);
  return "";
}

std::optional<wire::Reply> HonestClient::AskForAny(const wire::Request& request,
                                                   RequestDamage* damage) {
  const std::string bytes = Ask(request, damage);
  if (!damage->ok()) return std::nullopt;
  auto parsed = wire::ParseReply(bytes);
  // An iteration that is at its end has no entry to be looked at.
  const auto error = wire::ErrorOf(bytes);
  if (std::holds_alternative<wire::IterationNextRequest>(request) &&
      error.has_value() && *error != CS_OK) {
    return wire::IterationNextReply{.error = *error};
  }
  if (!parsed.message.has_value()) {
    NoteDamage(
        NotServed(fmt::format("a well-formed reply to a {}", KindOf(request)),
                  fmt::format("{} ({})", wire::Print(wire::Kind::kReply, bytes),
                              parsed.error)),
        damage);
  }
  return std::move(parsed.message);
}

void HonestClient::NoteUnfit(const wire::Request& request,
                             const wire::Reply& reply, RequestDamage* damage) {
  NoteDamage(NotServed(fmt::format("a reply that fits a {}", KindOf(request)),
                       wire::Print(wire::Kind::kReply, wire::Build(reply))),
             damage);
}

bool HonestClient::AskOk(const wire::Request& request, RequestDamage* damage) {
  int32_t error = CS_OK;
  for (int i = 0; i < kTriesMax; ++i) {
    const auto reply = AskFor<wire::PlainReply>(request, damage);
    if (!reply.has_value()) return false;
    error = reply->error;
    if (error == CS_OK) return true;
    if (error != CS_ERR_TRY_AGAIN) break;
  }
  NoteDamage(NotServed(fmt::format("CS_OK for a {}", KindOf(request)),
                       fmt::format("error {}", error)),
             damage);
  return false;
}

std::optional<wire::Event> HonestClient::NextEvent(RequestDamage* damage) {
  if (!damage->ok()) return std::nullopt;
  const std::optional<std::string> bytes =
      service_.TakeEvent(connection_, true);
  if (!bytes.has_value()) {
    NoteDamage(service_.Loss(), damage);
    NoteDamage(NotServed("an event", "none"), damage);
    return std::nullopt;
  }
  auto parsed = wire::ParseEvent(*bytes);
  if (!parsed.message.has_value()) {
    NoteDamage({.damage = "an honest client is sent what is no event",
                .part = parsed.error,
                .owed = "well-formed events",
                .came = fmt::format("{} bytes: {} ({})", bytes->size(),
                                    wire::Print(wire::Kind::kEvent, *bytes),
                                    parsed.error)},
               damage);
  }
  return std::move(parsed.message);
}

bool HonestClient::Join(RequestDamage* damage) {
  if (!AskOk(wire::JoinRequest{.group = group_, .process = process_}, damage)) {
    return false;
  }
  const auto event = NextEvent(damage);
  if (!event.has_value()) return false;
  const auto* const change = std::get_if<wire::ConfigurationEvent>(&*event);
  const bool joined = change != nullptr && change->group == group_ &&
                      Has(change->members, process_) &&
                      Has(change->joined, process_);
  if (!joined) {
    NoteDamage(NotServed("its join, as the only member", TextOf(*event)),
               damage);
  }
  return joined;
}

bool HonestClient::MessageToItself(
    const std::string& message,
    const std::function<bool(const wire::Event&)>& see, RequestDamage* damage) {
  Ask(wire::MulticastRequest{.message = message}, damage);
  for (;;) {
    const auto event = NextEvent(damage);
    if (!event.has_value()) return false;
    const auto* const delivered = std::get_if<wire::DeliverEvent>(&*event);
    if (delivered != nullptr && delivered->message == message &&
        delivered->process == process_) {
      return true;
    }
    if (!see(*event)) return false;
  }
}

bool HonestClient::Leave(RequestDamage* damage) {
  const auto reply = AskFor<wire::MembershipReply>(
      wire::MembershipRequest{.group = group_}, damage);
  if (reply.has_value() && !Has(reply->members, process_)) {
    NoteDamage(NotServed("itself as the only member",
                         fmt::format("{} members", reply->members.size())),
               damage);
  }
  AskOk(wire::LeaveRequest{.group = group_, .process = process_}, damage);
  const auto event = NextEvent(damage);
  if (!event.has_value()) return false;
  const auto* const change = std::get_if<wire::ConfigurationEvent>(&*event);
  const bool left = change != nullptr && Has(change->left, process_);
  if (!left) NoteDamage(NotServed("its leave", TextOf(*event)), damage);
  return left;
}

}  // namespace cpgcert::fuzz
