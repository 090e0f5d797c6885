// Faults of who is a member, as joins, leaves and changes tell it.

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "conformance/faults/layer/layer.h"

namespace cpgcert::faults {
namespace {

uint32_t Self(const Connection& connection) {
  return static_cast<uint32_t>(connection.joined_pid);
}

bool Names(std::span<const cpg_address> addresses, uint32_t pid) {
  return std::any_of(
      addresses.begin(), addresses.end(),
      [pid](const cpg_address& address) { return address.pid == pid; });
}

}  // namespace

class SecondGroupOfProcessRefused : public Layer {
  cs_error_t Join(cpg_handle_t handle, Connection* connection,
                  const cpg_name* group) override {
    if (connection != nullptr) {
      for (const auto& other : ConnectionTable::Get().Others(*connection)) {
        if (other->joined && !other->leaving) return CS_ERR_EXIST;
      }
    }
    return Layer::Join(handle, connection, group);
  }
};
CPGCERT_PLANT(SecondGroupOfProcessRefused)

class NewConnectionNeverJoinsAgain : public Layer {
  cs_error_t Join(cpg_handle_t handle, Connection* connection,
                  const cpg_name* group) override {
    const std::string name(
        group->value, std::min<size_t>(group->length, CPG_MAX_NAME_LENGTH));
    {
      const std::lock_guard lock(mutex_);
      if (joined_.contains(name)) return CS_ERR_EXIST;
    }
    const cs_error_t result = Layer::Join(handle, connection, group);
    const std::lock_guard lock(mutex_);
    if (result == CS_OK) joined_.insert(name);
    return result;
  }

  std::mutex mutex_;
  std::set<std::string> joined_;
};
CPGCERT_PLANT(NewConnectionNeverJoinsAgain)

class MemberWithWrongProcess : public Layer {
  void Change(Connection& connection,
              const ConfigurationChange& change) override {
    std::vector<cpg_address> members(change.members.begin(),
                                     change.members.end());
    std::vector<cpg_address> joined(change.joined.begin(), change.joined.end());
    for (auto* list : {&members, &joined}) {
      for (cpg_address& address : *list) {
        if (address.pid == Self(connection)) address.pid = getppid();
      }
    }
    ConfigurationChange wrong = change;
    wrong.members = members;
    wrong.joined = joined;
    RunCallback(connection, wrong);
  }
};
CPGCERT_PLANT(MemberWithWrongProcess)

class FirstMessageAfterJoinLost : public Layer {
  void Deliver(Connection& connection, const Delivery& delivery) override {
    if (++connection.messages_delivered == 1) return;
    RunCallback(connection, delivery);
  }
};
CPGCERT_PLANT(FirstMessageAfterJoinLost)

class OthersChangesLost : public Layer {
  void Change(Connection& connection,
              const ConfigurationChange& change) override {
    const bool own = Names(change.joined, Self(connection)) ||
                     Names(change.left, Self(connection));
    if (own) RunCallback(connection, change);
  }
};
CPGCERT_PLANT(OthersChangesLost)

class MemberVanishesWithoutChange : public Layer {
  void Change(Connection& connection,
              const ConfigurationChange& change) override {
    const unsigned number = ++connection.configuration_changes;
    std::vector<cpg_address> members(change.members.begin(),
                                     change.members.end());
    if (number >= 2 && change.joined.empty()) {
      const auto other = std::find_if(members.begin(), members.end(),
                                      [&](const cpg_address& address) {
                                        return address.pid != Self(connection);
                                      });
      if (other != members.end()) members.erase(other);
    }
    ConfigurationChange wrong = change;
    wrong.members = members;
    RunCallback(connection, wrong);
  }
};
CPGCERT_PLANT(MemberVanishesWithoutChange)

class MembersBeyond64Lost : public Layer {
  void Change(Connection& connection,
              const ConfigurationChange& change) override {
    ConfigurationChange wrong = change;
    wrong.members =
        change.members.first(std::min<size_t>(change.members.size(), 64));
    RunCallback(connection, wrong);
  }
};
CPGCERT_PLANT(MembersBeyond64Lost)

class LeaveAnnouncedTooEarly : public Layer {
  void Change(Connection& connection,
              const ConfigurationChange& change) override {
    {
      const std::lock_guard lock(mutex_);
      members_.assign(change.members.begin(), change.members.end());
    }
    RunCallback(connection, change);
  }
  void Deliver(Connection& connection, const Delivery& delivery) override {
    bool third = false;
    {
      const std::lock_guard lock(mutex_);
      third = ++messages_[delivery.pid] == 3;
    }
    if (third) Announce(connection, delivery);
    if (!connection.finalized) RunCallback(connection, delivery);
  }
  void Announce(const Connection& connection, const Delivery& delivery) {
    const cpg_address gone = {delivery.nodeid, delivery.pid, CPG_REASON_LEAVE};
    std::vector<cpg_address> members;
    {
      const std::lock_guard lock(mutex_);
      members = members_;
    }
    std::erase_if(members, [&gone](const cpg_address& address) {
      return address.pid == gone.pid;
    });
    RunCallback(connection,
                ConfigurationChange{
                    delivery.handle, delivery.group, members, {&gone, 1}, {}});
  }

  std::mutex mutex_;
  std::map<uint32_t, int> messages_;  // of each process
  std::vector<cpg_address> members_;
};
CPGCERT_PLANT(LeaveAnnouncedTooEarly)

class MessageAfterDeathLost : public Layer {
  void Change(Connection& connection,
              const ConfigurationChange& change) override {
    for (const cpg_address& address : change.left) {
      if (address.reason == CPG_REASON_PROCDOWN) connection.done = true;
    }
    RunCallback(connection, change);
  }
  void Deliver(Connection& connection, const Delivery& delivery) override {
    if (connection.done.exchange(false)) return;
    RunCallback(connection, delivery);
  }
};
CPGCERT_PLANT(MessageAfterDeathLost)

// Every other message of a process goes to the next but one place: the others
// are told an order of their own.
class MembersDisagreeOnOrder : public Layer {
  void Deliver(Connection& connection, const Delivery& delivery) override {
    const bool odd = (getpid() & 1) != 0;
    const bool foreign = delivery.pid != Self(connection);
    Event held;
    {
      const std::lock_guard lock(connection.mutex);
      if (odd && foreign && connection.backlog.empty() && !connection.done) {
        connection.backlog.emplace_back(delivery);
        connection.done = true;
        return;
      }
      if (!connection.backlog.empty()) {
        held = std::move(connection.backlog.front());
        connection.backlog.pop_front();
      }
    }
    RunCallback(connection, delivery);
    if (!connection.finalized) held.Run(connection);
  }
};
CPGCERT_PLANT(MembersDisagreeOnOrder)

class LeaveOfEmptyNameDoesNothing : public Layer {
  cs_error_t Leave(cpg_handle_t handle, Connection* connection,
                   const cpg_name* group) override {
    const bool empty = connection != nullptr && group->length == 0;
    return empty ? CS_OK : Layer::Leave(handle, connection, group);
  }
};
CPGCERT_PLANT(LeaveOfEmptyNameDoesNothing)

class LeaveOfLongNameDoesNothing : public Layer {
  cs_error_t Leave(cpg_handle_t handle, Connection* connection,
                   const cpg_name* group) override {
    const bool too_long = group->length > CPG_MAX_NAME_LENGTH;
    return too_long ? CS_OK : Layer::Leave(handle, connection, group);
  }
};
CPGCERT_PLANT(LeaveOfLongNameDoesNothing)

class RejoinAnsweredWithTooBig : public Layer {
  cs_error_t Join(cpg_handle_t handle, Connection* connection,
                  const cpg_name* group) override {
    const cs_error_t result = Layer::Join(handle, connection, group);
    const bool again =
        connection != nullptr && connection->leaving && result != CS_OK;
    return again ? CS_ERR_TOO_BIG : result;
  }
};
CPGCERT_PLANT(RejoinAnsweredWithTooBig)

class GroupLeftOnceRefused : public Layer {
  cs_error_t Join(cpg_handle_t handle, Connection* connection,
                  const cpg_name* group) override {
    if (was_left_) return CS_ERR_EXIST;
    return Layer::Join(handle, connection, group);
  }
  cs_error_t Leave(cpg_handle_t handle, Connection* connection,
                   const cpg_name* group) override {
    const cs_error_t result = Layer::Leave(handle, connection, group);
    if (result == CS_OK) was_left_ = true;
    return result;
  }
  std::atomic<bool> was_left_ = false;
};
CPGCERT_PLANT(GroupLeftOnceRefused)

class OwnMessageAfterLeave : public Layer {
  void Change(Connection& connection,
              const ConfigurationChange& change) override {
    if (Names(change.left, Self(connection))) connection.done = true;
    RunCallback(connection, change);
  }
  cs_error_t Multicast(cpg_handle_t handle, Connection* connection,
                       cpg_guarantee_t guarantee, const iovec* pieces,
                       unsigned int piece_count) override {
    if (connection != nullptr && connection->done && piece_count == 1) {
      RunCallback(*connection,
                  Delivery{handle, &connection->group, 1, Self(*connection),
                           pieces->iov_base, pieces->iov_len});
    }
    return Layer::Multicast(handle, connection, guarantee, pieces, piece_count);
  }
};
CPGCERT_PLANT(OwnMessageAfterLeave)

class RingWithoutMembers : public Layer {
  void Totem(Connection& connection, const TotemChange& change) override {
    TotemChange wrong = change;
    wrong.members = {};
    RunCallback(connection, wrong);
  }
};
CPGCERT_PLANT(RingWithoutMembers)

}  // namespace cpgcert::faults
