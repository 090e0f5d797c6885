// Faults of what the configuration change and totem callbacks are given.

#include <algorithm>
#include <cstdint>

#include "conformance/faults/layer/layer.h"

namespace cpgcert::faults {
namespace {

using Addresses = std::vector<cpg_address>;

Addresses CopyOf(std::span<const cpg_address> addresses) {
  return {addresses.begin(), addresses.end()};
}

// By process id alone: asking for the node id would be a call of its own,
// which the service would see.
bool IsSelf(const Connection& connection, const cpg_address& address) {
  return address.pid == static_cast<uint32_t>(connection.joined_pid);
}

bool HasSelf(const Connection& connection,
             std::span<const cpg_address> addresses) {
  return std::any_of(
      addresses.begin(), addresses.end(),
      [&](const cpg_address& address) { return IsSelf(connection, address); });
}

Addresses WithReason(std::span<const cpg_address> addresses, cpg_reason_t from,
                     cpg_reason_t to) {
  Addresses changed = CopyOf(addresses);
  for (cpg_address& address : changed) {
    if (address.reason == static_cast<uint32_t>(from)) address.reason = to;
  }
  return changed;
}

}  // namespace

class LeaveChangeLost : public Layer {
  void Change(Connection& connection,
              const ConfigurationChange& change) override {
    if (!HasSelf(connection, change.left)) RunCallback(connection, change);
  }
};
CPGCERT_PLANT(LeaveChangeLost)

class JoinChangeLost : public Layer {
  void Change(Connection& connection,
              const ConfigurationChange& change) override {
    if (!HasSelf(connection, change.joined)) RunCallback(connection, change);
  }
};
CPGCERT_PLANT(JoinChangeLost)

class JoinChangeWrongReason : public Layer {
  void Change(Connection& connection,
              const ConfigurationChange& change) override {
    const Addresses joined =
        WithReason(change.joined, CPG_REASON_JOIN, CPG_REASON_NODEUP);
    ConfigurationChange wrong = change;
    wrong.joined = joined;
    RunCallback(connection, wrong);
  }
};
CPGCERT_PLANT(JoinChangeWrongReason)

class CrashReportedAsLeave : public Layer {
  void Change(Connection& connection,
              const ConfigurationChange& change) override {
    const Addresses left =
        WithReason(change.left, CPG_REASON_PROCDOWN, CPG_REASON_LEAVE);
    ConfigurationChange wrong = change;
    wrong.left = left;
    RunCallback(connection, wrong);
  }
};
CPGCERT_PLANT(CrashReportedAsLeave)

class MemberListWithoutSelf : public Layer {
  void Change(Connection& connection,
              const ConfigurationChange& change) override {
    Addresses members = CopyOf(change.members);
    std::erase_if(members, [&](const cpg_address& address) {
      return IsSelf(connection, address);
    });
    ConfigurationChange wrong = change;
    wrong.members = members;
    RunCallback(connection, wrong);
  }
};
CPGCERT_PLANT(MemberListWithoutSelf)

class DepartedMemberListed : public Layer {
  void Change(Connection& connection,
              const ConfigurationChange& change) override {
    Addresses members = CopyOf(change.members);
    for (cpg_address address : change.left) {
      address.reason = CPG_REASON_UNDEFINED;
      members.push_back(address);
    }
    ConfigurationChange wrong = change;
    wrong.members = members;
    RunCallback(connection, wrong);
  }
};
CPGCERT_PLANT(DepartedMemberListed)

class LeftListAsJoined : public Layer {
  void Change(Connection& connection,
              const ConfigurationChange& change) override {
    ConfigurationChange wrong = change;
    std::swap(wrong.left, wrong.joined);
    RunCallback(connection, wrong);
  }
};
CPGCERT_PLANT(LeftListAsJoined)

class TotemCallbackLost : public Layer {
  void Totem(Connection& connection, const TotemChange& change) override {
    const bool asked =
        (connection.flags & CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF) != 0;
    if (++connection.totem_changes == 1 && asked) return;
    RunCallback(connection, change);
  }
};
CPGCERT_PLANT(TotemCallbackLost)

}  // namespace cpgcert::faults
