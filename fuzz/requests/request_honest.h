// An honest client of a service, beside those of an input.

#ifndef CPGCERT_FUZZ_REQUESTS_REQUEST_HONEST_H_
#define CPGCERT_FUZZ_REQUESTS_REQUEST_HONEST_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "fuzz/requests/request_service.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {

// Every method notes in *damage what goes wrong, unless something has before,
// and then returns nothing or false.
class HonestClient {
 public:
  // Not connected yet. No two clients have the same process and group.
  HonestClient(RequestService* service, int connection, uint32_t process,
               std::string group)
      : service_(*service),
        connection_(connection),
        process_(process),
        group_(std::move(group)) {}

  void Connect(size_t size_max, RequestDamage* damage);
  void Close() { service_.Close(connection_); }

  // The reply's bytes; a multicast has none.
  std::string Ask(const harness::wire::Request& request, RequestDamage* damage);
  // A well-formed reply of that kind.
  template <class Reply>
  std::optional<Reply> AskFor(const harness::wire::Request& request,
                              RequestDamage* damage) {
    const auto reply = AskForAny(request, damage);
    const bool fits =
        reply.has_value() && std::holds_alternative<Reply>(*reply);
    if (fits) return std::get<Reply>(*reply);
    if (reply.has_value()) NoteUnfit(request, *reply, damage);
    return std::nullopt;
  }
  // CS_OK; asks again while it is told to try again.
  bool AskOk(const harness::wire::Request& request, RequestDamage* damage);
  // Waits for it.
  std::optional<harness::wire::Event> NextEvent(RequestDamage* damage);

  // As the only member.
  bool Join(RequestDamage* damage);
  // Sends this message, and takes events until it has come back. `see` is shown
  // the others; false ends the wait.
  bool MessageToItself(
      const std::string& message,
      const std::function<bool(const harness::wire::Event&)>& see,
      RequestDamage* damage);
  // Sees that it is the only member, leaves, and waits until it has left.
  bool Leave(RequestDamage* damage);

  uint32_t process() const { return process_; }
  const std::string& group() const { return group_; }

 private:
  std::optional<harness::wire::Reply> AskForAny(
      const harness::wire::Request& request, RequestDamage* damage);
  static void NoteUnfit(const harness::wire::Request& request,
                        const harness::wire::Reply& reply,
                        RequestDamage* damage);

  RequestService& service_;
  const int connection_;
  const uint32_t process_;
  const std::string group_;
};

// An honest client was owed something else.
RequestDamage NotServed(const std::string& owed, const std::string& came);

// Keeps the first.
void NoteDamage(const RequestDamage& damage, RequestDamage* first);

// One line.
std::string TextOf(const harness::wire::Event& event);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_REQUESTS_REQUEST_HONEST_H_
