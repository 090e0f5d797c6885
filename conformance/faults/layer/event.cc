#include "conformance/faults/layer/event.h"

#include <cstring>

#include "conformance/faults/layer/connection.h"

namespace cpgcert::faults {

void RunCallback(const Connection& connection, const Delivery& delivery) {
  connection.deliver(delivery.handle, delivery.group, delivery.nodeid,
                     delivery.pid, delivery.message, delivery.length);
}

void RunCallback(const Connection& connection,
                 const ConfigurationChange& change) {
  connection.configuration_change(change.handle, change.group,
                                  change.members.data(), change.members.size(),
                                  change.left.data(), change.left.size(),
                                  change.joined.data(), change.joined.size());
}

void RunCallback(const Connection& connection, const TotemChange& change) {
  connection.totem_change(change.handle, change.ring,
                          static_cast<uint32_t>(change.members.size()),
                          change.members.data());
}

Event::Event(const Delivery& delivery) {
  OwnedDelivery owned{delivery, *delivery.group,
                      std::vector<uint64_t>(delivery.length / 8 + 1)};
  if (delivery.length != 0) {
    std::memcpy(owned.bytes.data(), delivery.message, delivery.length);
  }
  event_ = std::move(owned);
}

Event::Event(const ConfigurationChange& change)
    : event_(OwnedChange{change.handle,
                         *change.group,
                         {change.members.begin(), change.members.end()},
                         {change.left.begin(), change.left.end()},
                         {change.joined.begin(), change.joined.end()}}) {}

Event::Event(const TotemChange& change)
    : event_(OwnedTotemChange{change.handle,
                              change.ring,
                              {change.members.begin(), change.members.end()}}) {
}

bool Event::is_message() const {
  return std::holds_alternative<OwnedDelivery>(event_);
}

bool Event::is_configuration_change() const {
  return std::holds_alternative<OwnedChange>(event_);
}

bool Event::is_totem_change() const {
  return std::holds_alternative<OwnedTotemChange>(event_);
}

void Event::Run(const Connection& connection) {
  if (auto* owned = std::get_if<OwnedDelivery>(&event_)) {
    Delivery delivery = owned->delivery;
    delivery.group = &owned->group;
    delivery.message = owned->bytes.data();
    RunCallback(connection, delivery);
  } else if (auto* change = std::get_if<OwnedChange>(&event_)) {
    RunCallback(connection, ConfigurationChange{change->handle, &change->group,
                                                change->members, change->left,
                                                change->joined});
  } else if (auto* totem = std::get_if<OwnedTotemChange>(&event_)) {
    RunCallback(connection,
                TotemChange{totem->handle, totem->ring, totem->members});
  }
}

}  // namespace cpgcert::faults
