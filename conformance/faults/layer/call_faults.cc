// Faults of the calls that ask or tell the service something.

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include "conformance/faults/layer/layer.h"

namespace cpgcert::faults {

class SecondJoinAccepted : public Layer {
  cs_error_t Join(cpg_handle_t handle, Connection* connection,
                  const cpg_name* group) override {
    const cs_error_t result = Layer::Join(handle, connection, group);
    const bool again =
        connection != nullptr && connection->joined && !connection->leaving &&
        (result == CS_ERR_EXIST || result == CS_ERR_INVALID_PARAM);
    return again ? CS_OK : result;
  }
};
CPGCERT_PLANT(SecondJoinAccepted)

class LongNameCut : public Layer {
  cs_error_t Join(cpg_handle_t handle, Connection* connection,
                  const cpg_name* group) override {
    cpg_name cut = *group;
    cut.length = std::min<uint32_t>(cut.length, CPG_MAX_NAME_LENGTH);
    return Layer::Join(handle, connection, &cut);
  }
};
CPGCERT_PLANT(LongNameCut)

class LongestNameRefused : public Layer {
  cs_error_t Join(cpg_handle_t handle, Connection* connection,
                  const cpg_name* group) override {
    if (group->length == CPG_MAX_NAME_LENGTH) return CS_ERR_NAME_TOO_LONG;
    return Layer::Join(handle, connection, group);
  }
};
CPGCERT_PLANT(LongestNameRefused)

class LeaveOfStrangerAccepted : public Layer {
  cs_error_t Leave(cpg_handle_t handle, Connection* connection,
                   const cpg_name* group) override {
    const cs_error_t result = Layer::Leave(handle, connection, group);
    return result == CS_ERR_NOT_EXIST ? CS_OK : result;
  }
};
CPGCERT_PLANT(LeaveOfStrangerAccepted)

class RefusedMessageSent : public Layer {
  cs_error_t Multicast(cpg_handle_t handle, Connection* connection,
                       cpg_guarantee_t guarantee, const iovec* pieces,
                       unsigned int piece_count) override {
    const cs_error_t result =
        Layer::Multicast(handle, connection, guarantee, pieces, piece_count);
    const bool second = connection != nullptr && result == CS_OK &&
                        ++connection->messages_sent == 2;
    return second ? CS_ERR_TRY_AGAIN : result;
  }
};
CPGCERT_PLANT(RefusedMessageSent)

class InterruptedSendReportedAsOk : public Layer {
  cs_error_t Multicast(cpg_handle_t handle, Connection* connection,
                       cpg_guarantee_t guarantee, const iovec* pieces,
                       unsigned int piece_count) override {
    const cs_error_t result =
        Layer::Multicast(handle, connection, guarantee, pieces, piece_count);
    return result == CS_ERR_INTERRUPT ? CS_OK : result;
  }
};
CPGCERT_PLANT(InterruptedSendReportedAsOk)

class ZeroCopyMessageLost : public Layer {
  cs_error_t ZeroCopyMulticast(cpg_handle_t handle, cpg_guarantee_t guarantee,
                               void* message, size_t length) override {
    // Of a known connection only, so that a bad handle is still refused.
    if (const auto connection = ConnectionTable::Get().Find(handle);
        connection != nullptr && connection->joined) {
      return CS_OK;
    }
    return Layer::ZeroCopyMulticast(handle, guarantee, message, length);
  }
};
CPGCERT_PLANT(ZeroCopyMessageLost)

class MembershipWithoutSelf : public Layer {
  cs_error_t MembershipGet(cpg_handle_t handle, Connection* connection,
                           cpg_name* group, cpg_address* members,
                           int* member_count) override {
    const cs_error_t result =
        Layer::MembershipGet(handle, connection, group, members, member_count);
    if (result != CS_OK || connection == nullptr) return result;
    const auto self = static_cast<uint32_t>(connection->joined_pid);
    const auto end = std::remove_if(
        members, members + *member_count,
        [self](const cpg_address& address) { return address.pid == self; });
    *member_count = static_cast<int>(end - members);
    return result;
  }
};
CPGCERT_PLANT(MembershipWithoutSelf)

class MembershipOfOtherGroupsHidden : public Layer {
  cs_error_t MembershipGet(cpg_handle_t handle, Connection* connection,
                           cpg_name* group, cpg_address* members,
                           int* member_count) override {
    const cs_error_t result =
        Layer::MembershipGet(handle, connection, group, members, member_count);
    const bool other =
        result == CS_OK && connection != nullptr && !connection->joined;
    if (other) *member_count = 0;
    return result;
  }
};
CPGCERT_PLANT(MembershipOfOtherGroupsHidden)

class MembershipIntoNothingOk : public Layer {
  cs_error_t MembershipGet(cpg_handle_t handle, Connection* connection,
                           cpg_name* group, cpg_address* members,
                           int* member_count) override {
    if (members == nullptr || member_count == nullptr) return CS_OK;
    return Layer::MembershipGet(handle, connection, group, members,
                                member_count);
  }
};
CPGCERT_PLANT(MembershipIntoNothingOk)

class LocalIdWrong : public Layer {
  cs_error_t LocalGet(cpg_handle_t handle, Connection* connection,
                      unsigned int* nodeid) override {
    const cs_error_t result = Layer::LocalGet(handle, connection, nodeid);
    if (result == CS_OK) ++*nodeid;
    return result;
  }
};
CPGCERT_PLANT(LocalIdWrong)

class DeathHiddenInQueries : public Layer {
  cs_error_t LocalGet(cpg_handle_t handle, Connection* connection,
                      unsigned int* nodeid) override {
    return Hide(Layer::LocalGet(handle, connection, nodeid));
  }
  cs_error_t MembershipGet(cpg_handle_t handle, Connection* connection,
                           cpg_name* group, cpg_address* members,
                           int* member_count) override {
    return Hide(
        Layer::MembershipGet(handle, connection, group, members, member_count));
  }
  static cs_error_t Hide(cs_error_t result) {
    return result == CS_ERR_LIBRARY ? CS_OK : result;
  }
};
CPGCERT_PLANT(DeathHiddenInQueries)

class CallsInCallbackRefused : public Layer {
  cs_error_t Multicast(cpg_handle_t handle, Connection* connection,
                       cpg_guarantee_t guarantee, const iovec* pieces,
                       unsigned int piece_count) override {
    if (IsInside(connection)) return CS_ERR_BUSY;
    return Layer::Multicast(handle, connection, guarantee, pieces, piece_count);
  }
  cs_error_t LocalGet(cpg_handle_t handle, Connection* connection,
                      unsigned int* nodeid) override {
    if (IsInside(connection)) return CS_ERR_BUSY;
    return Layer::LocalGet(handle, connection, nodeid);
  }
  static bool IsInside(const Connection* connection) {
    return connection != nullptr && InCallbackOf(*connection);
  }
};
CPGCERT_PLANT(CallsInCallbackRefused)

class ContextForgotten : public Layer {
  cs_error_t ContextGet(cpg_handle_t handle, void** context) override {
    const cs_error_t result = Layer::ContextGet(handle, context);
    if (result == CS_OK) *context = nullptr;
    return result;
  }
};
CPGCERT_PLANT(ContextForgotten)

class DescriptorNeverReadable : public Layer {
  cs_error_t DescriptorGet(cpg_handle_t handle, Connection* connection,
                           int* descriptor) override {
    const cs_error_t result =
        Layer::DescriptorGet(handle, connection, descriptor);
    if (result != CS_OK || connection == nullptr) return result;
    int known = connection->descriptor;
    if (known < 0) {
      const int fresh = eventfd(0, EFD_CLOEXEC);
      if (connection->descriptor.compare_exchange_strong(known, fresh)) {
        known = fresh;
      } else {
        close(fresh);
      }
    }
    *descriptor = known;
    return CS_OK;
  }

  cs_error_t Finalize(cpg_handle_t handle, Connection* connection) override {
    const cs_error_t result = Layer::Finalize(handle, connection);
    if (connection != nullptr && result != CS_ERR_BAD_HANDLE) {
      const int descriptor = connection->descriptor.exchange(-1);
      if (descriptor >= 0) close(descriptor);
    }
    return result;
  }
};
CPGCERT_PLANT(DescriptorNeverReadable)

class MaxAtomicSizeWrong : public Layer {
  cs_error_t MaxAtomicSizeGet(cpg_handle_t handle, uint32_t* size) override {
    const cs_error_t result = Layer::MaxAtomicSizeGet(handle, size);
    if (result == CS_OK) *size += 1024;
    return result;
  }
};
CPGCERT_PLANT(MaxAtomicSizeWrong)

class FlowControlUnknown : public Layer {
  cs_error_t FlowControlGet(cpg_handle_t handle,
                            cpg_flow_control_state_t* state) override {
    const cs_error_t result = Layer::FlowControlGet(handle, state);
    if (result == CS_OK) *state = static_cast<cpg_flow_control_state_t>(7);
    return result;
  }
};
CPGCERT_PLANT(FlowControlUnknown)

class IterationWithoutGroupAccepted : public Layer {
  cs_error_t IterationInitialize(cpg_handle_t handle, cpg_iteration_type_t type,
                                 const cpg_name* group,
                                 cpg_iteration_handle_t* iteration) override {
    const bool lacks_group =
        type == CPG_ITERATION_ONE_GROUP && group == nullptr;
    return Layer::IterationInitialize(
        handle, lacks_group ? CPG_ITERATION_ALL : type, group, iteration);
  }
};
CPGCERT_PLANT(IterationWithoutGroupAccepted)

class IterationNamesMembers : public Layer {
  cs_error_t IterationInitialize(cpg_handle_t handle, cpg_iteration_type_t type,
                                 const cpg_name* group,
                                 cpg_iteration_handle_t* iteration) override {
    const bool names = type == CPG_ITERATION_NAME_ONLY && group == nullptr;
    return Layer::IterationInitialize(handle, names ? CPG_ITERATION_ALL : type,
                                      group, iteration);
  }
};
CPGCERT_PLANT(IterationNamesMembers)

class IterationEndsWithOk : public Layer {
  cs_error_t IterationNext(cpg_iteration_handle_t iteration,
                           cpg_iteration_description_t* description) override {
    const cs_error_t result = Layer::IterationNext(iteration, description);
    return result == CS_ERR_NO_SECTIONS ? CS_OK : result;
  }
};
CPGCERT_PLANT(IterationEndsWithOk)

class IterationIntoNothingOk : public Layer {
  cs_error_t IterationNext(cpg_iteration_handle_t iteration,
                           cpg_iteration_description_t* description) override {
    if (description == nullptr) return CS_OK;
    return Layer::IterationNext(iteration, description);
  }
};
CPGCERT_PLANT(IterationIntoNothingOk)

class MembershipWritesOneMore : public Layer {
  cs_error_t MembershipGet(cpg_handle_t handle, Connection* connection,
                           cpg_name* group, cpg_address* members,
                           int* member_count) override {
    const cs_error_t result =
        Layer::MembershipGet(handle, connection, group, members, member_count);
    if (result == CS_OK) members[*member_count] = {};
    return result;
  }
};
CPGCERT_PLANT(MembershipWritesOneMore)

}  // namespace cpgcert::faults
