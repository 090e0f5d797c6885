// Events on their way to the callbacks.

#include <algorithm>
#include <new>
#include <utility>

#include "harness/reference/connection.h"

namespace cpgcert::reference {

namespace {

// std::visit over lambdas.
template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

bool Contains(const std::vector<cpg_address>& addresses, const Sender& who) {
  return std::ranges::any_of(addresses, [&who](const cpg_address& address) {
    return Sender{address.nodeid, address.pid} == who;
  });
}

}  // namespace

cs_error_t Connection::Dispatch(cpg_handle_t handle, int type) {
  const bool waits = type == CS_DISPATCH_ONE || type == CS_DISPATCH_BLOCKING;
  const bool only_one =
      type == CS_DISPATCH_ONE || type == CS_DISPATCH_ONE_NONBLOCKING;
  if (!waits && !only_one && type != CS_DISPATCH_ALL) {
    return CS_ERR_INVALID_PARAM;
  }
  std::unique_ptr<Buffer> buffer = TakeSpare();
  cs_error_t error = CS_OK;
  for (;;) {
    std::optional<Callback> callback;
    error = Next(&buffer, &callback);
    if (error == CS_ERR_TRY_AGAIN && waits) {
      readiness_.Wait();
      continue;
    }
    if (error != CS_OK) break;
    if (!callback) continue;
    Run(handle, *callback);
    if (only_one || closed_) break;
  }
  ReturnSpare(std::move(buffer));
  if (closed_) return CS_ERR_BAD_HANDLE;
  const bool is_all_done = error == CS_ERR_TRY_AGAIN && type == CS_DISPATCH_ALL;
  return is_all_done ? CS_OK : error;
}

cs_error_t Connection::Next(std::unique_ptr<Buffer>* buffer,
                            std::optional<Callback>* callback) {
  const std::lock_guard lock(events_);
  if (closed_) return CS_ERR_BAD_HANDLE;
  cs_error_t error = CS_OK;
  if (early_totem_change_ && has_seen_change_) {
    *callback = std::move(*early_totem_change_);
    early_totem_change_.reset();
  } else {
    error = ReceiveNext(buffer, callback);
  }
  readiness_.Raise(KeepsEventBack());
  return error;
}

cs_error_t Connection::ReceiveNext(std::unique_ptr<Buffer>* buffer,
                                   std::optional<Callback>* callback) {
  if (unprocessed_ != nullptr) {
    *buffer = std::move(unprocessed_);
  } else if (const cs_error_t error = transport_.Receive(buffer->get());
             error != CS_OK) {
    return error;
  }
  try {
    Event event;
    const cs_error_t error = DecodeEvent((*buffer)->message(), &event);
    return error == CS_OK ? Take(std::move(event), callback) : error;
  } catch (const std::bad_alloc&) {
    // The event stays for the next dispatch.
    unprocessed_ = std::move(*buffer);
    return CS_ERR_NO_MEMORY;
  }
}

cs_error_t Connection::Take(Event&& event, std::optional<Callback>* callback) {
  if (auto* totem_change = std::get_if<TotemChange>(&event)) {
    TakeTotemChange(std::move(*totem_change), callback);
    return CS_OK;
  }
  // The service goes on sending to a connection that has left.
  if (has_left_) return CS_OK;
  if (auto* change = std::get_if<ConfigurationChange>(&event)) {
    TakeChange(std::move(*change), callback);
    return CS_OK;
  }
  if (options_.deliver == nullptr) return CS_OK;
  if (const auto* fragment = std::get_if<Fragment>(&event)) {
    return TakeFragment(*fragment, callback);
  }
  callback->emplace(std::in_place_type<Delivery>, std::get<Message>(event));
  return CS_OK;
}

cs_error_t Connection::TakeFragment(const Fragment& fragment,
                                    std::optional<Callback>* callback) {
  std::optional<std::vector<std::byte>> whole;
  const cs_error_t error = assemblies_.Add(fragment, &whole);
  if (error != CS_OK || !whole) return error;
  Delivery delivery{{fragment.group, fragment.sender, {}}, std::move(*whole)};
  delivery.message.bytes = delivery.whole;
  *callback = std::move(delivery);
  return CS_OK;
}

void Connection::TakeChange(ConfigurationChange change,
                            std::optional<Callback>* callback) {
  for (const cpg_address& address : change.left) {
    assemblies_.Drop({address.nodeid, address.pid});
  }
  if (self_ && Contains(change.left, *self_)) has_left_ = true;
  has_seen_change_ = true;
  if (options_.configuration_change != nullptr) *callback = std::move(change);
}

void Connection::TakeTotemChange(TotemChange change,
                                 std::optional<Callback>* callback) {
  if (options_.totem_change == nullptr) return;
  const bool wants_first_change =
      (options_.flags & CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF) != 0;
  if (wants_first_change && !has_seen_change_) {
    early_totem_change_ = std::move(change);
  } else {
    *callback = std::move(change);
  }
}

void Connection::Run(cpg_handle_t handle, const Callback& callback) const {
  std::visit(
      Overloaded{
          [&](const Delivery& delivery) {
            const Message& message = delivery.message;
            options_.deliver(handle, &message.group, message.sender.nodeid,
                             message.sender.pid, message.bytes.data(),
                             message.bytes.size());
          },
          [&](const ConfigurationChange& change) {
            options_.configuration_change(
                handle, &change.group, change.members.data(),
                change.members.size(), change.left.data(), change.left.size(),
                change.joined.data(), change.joined.size());
          },
          [&](const TotemChange& change) {
            options_.totem_change(handle, change.ring, change.nodes.size(),
                                  change.nodes.data());
          }},
      callback);
}

std::unique_ptr<Buffer> Connection::TakeSpare() {
  {
    const std::lock_guard lock(events_);
    if (spare_ != nullptr) return std::move(spare_);
  }
  return std::make_unique<Buffer>();
}

void Connection::ReturnSpare(std::unique_ptr<Buffer> buffer) {
  const std::lock_guard lock(events_);
  if (spare_ == nullptr) spare_ = std::move(buffer);
}

}  // namespace cpgcert::reference
