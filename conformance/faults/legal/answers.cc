// Legal variants that answer otherwise where the pages leave the answer open,
// and are otherwise like the library beneath.

#include <algorithm>

#include "conformance/faults/layer/layer.h"

namespace cpgcert::faults {

namespace {

bool IsRefusalOfSecondJoin(cs_error_t result) {
  return result == CS_ERR_EXIST || result == CS_ERR_INVALID_PARAM;
}

}  // namespace

class SecondJoinInvalidParam : public Layer {
  cs_error_t Join(cpg_handle_t handle, Connection* connection,
                  const cpg_name* group) override {
    // Of the first join of a process the code is the service's own answer.
    const bool second = connection != nullptr && HasJoined(*connection);
    const cs_error_t result = Layer::Join(handle, connection, group);
    return second && IsRefusalOfSecondJoin(result) ? CS_ERR_INVALID_PARAM
                                                   : result;
  }
  // This connection, or another of the process.
  static bool HasJoined(const Connection& connection) {
    return connection.joined ||
           std::ranges::any_of(
               ConnectionTable::Get().Others(connection),
               [](const auto& other) { return other->joined.load(); });
  }
};
CPGCERT_PLANT(SecondJoinInvalidParam)

class SecondJoinExist : public Layer {
  cs_error_t Join(cpg_handle_t handle, Connection* connection,
                  const cpg_name* group) override {
    const bool second = connection != nullptr && connection->joined;
    const cs_error_t result = Layer::Join(handle, connection, group);
    return second && IsRefusalOfSecondJoin(result) ? CS_ERR_EXIST : result;
  }
};
CPGCERT_PLANT(SecondJoinExist)

class InvalidTypeRefused : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    if (!IsDispatchType(type)) return CS_ERR_INVALID_PARAM;
    return RunReal(session, type);
  }
};
CPGCERT_PLANT(InvalidTypeRefused)

class InvalidTypeBlocks : public Layer {
  cs_error_t Dispatch(const Session& session,
                      cs_dispatch_flags_t type) override {
    return RunReal(session, IsDispatchType(type) ? type : CS_DISPATCH_BLOCKING);
  }
};
CPGCERT_PLANT(InvalidTypeBlocks)

class LongNameInvalidParam : public Layer {
  cs_error_t Join(cpg_handle_t handle, Connection* connection,
                  const cpg_name* group) override {
    return Mapped(group, Layer::Join(handle, connection, group));
  }
  cs_error_t Leave(cpg_handle_t handle, Connection* connection,
                   const cpg_name* group) override {
    return Mapped(group, Layer::Leave(handle, connection, group));
  }
  cs_error_t IterationInitialize(cpg_handle_t handle, cpg_iteration_type_t type,
                                 const cpg_name* group,
                                 cpg_iteration_handle_t* iteration) override {
    return Mapped(group,
                  Layer::IterationInitialize(handle, type, group, iteration));
  }
  // The same code from the service is its own answer.
  static cs_error_t Mapped(const cpg_name* group, cs_error_t result) {
    const bool is_long =
        group != nullptr && group->length > CPG_MAX_NAME_LENGTH;
    return is_long && result == CS_ERR_NAME_TOO_LONG ? CS_ERR_INVALID_PARAM
                                                     : result;
  }
};
CPGCERT_PLANT(LongNameInvalidParam)

class EmptyNameRefused : public Layer {
  cs_error_t Join(cpg_handle_t handle, Connection* connection,
                  const cpg_name* group) override {
    if (connection != nullptr && group->length == 0) {
      return CS_ERR_INVALID_PARAM;
    }
    return Layer::Join(handle, connection, group);
  }
};
CPGCERT_PLANT(EmptyNameRefused)

class LeaveUnjoinedInvalidParam : public Layer {
  cs_error_t Leave(cpg_handle_t handle, Connection* connection,
                   const cpg_name* group) override {
    // From a member's leave that code is the service's own answer.
    const bool is_member =
        connection != nullptr && connection->joined && !connection->done;
    const cs_error_t result = Layer::Leave(handle, connection, group);
    if (is_member && result == CS_OK) connection->done = true;
    return !is_member && result == CS_ERR_NOT_EXIST ? CS_ERR_INVALID_PARAM
                                                    : result;
  }
};
CPGCERT_PLANT(LeaveUnjoinedInvalidParam)

class UnjoinedMulticastRefused : public Layer {
  cs_error_t Multicast(cpg_handle_t handle, Connection* connection,
                       cpg_guarantee_t guarantee, const iovec* pieces,
                       unsigned int piece_count) override {
    if (connection != nullptr && !connection->joined) return CS_ERR_NOT_EXIST;
    return Layer::Multicast(handle, connection, guarantee, pieces, piece_count);
  }
};
CPGCERT_PLANT(UnjoinedMulticastRefused)

class UnimplementedGuaranteesRefused : public Layer {
  cs_error_t Multicast(cpg_handle_t handle, Connection* connection,
                       cpg_guarantee_t guarantee, const iovec* pieces,
                       unsigned int piece_count) override {
    if (connection != nullptr && Refused(guarantee)) {
      return CS_ERR_NOT_SUPPORTED;
    }
    return Layer::Multicast(handle, connection, guarantee, pieces, piece_count);
  }
  cs_error_t ZeroCopyMulticast(cpg_handle_t handle, cpg_guarantee_t guarantee,
                               void* message, size_t length) override {
    if (Refused(guarantee) && ConnectionTable::Get().Find(handle) != nullptr) {
      return CS_ERR_NOT_SUPPORTED;
    }
    return Layer::ZeroCopyMulticast(handle, guarantee, message, length);
  }
  static bool Refused(cpg_guarantee_t guarantee) {
    return guarantee != CPG_TYPE_AGREED && guarantee != CPG_TYPE_FIFO;
  }
};
CPGCERT_PLANT(UnimplementedGuaranteesRefused)

class ManyPiecesRefused : public Layer {
  static constexpr unsigned int kPiecesMax = 63;
  cs_error_t Multicast(cpg_handle_t handle, Connection* connection,
                       cpg_guarantee_t guarantee, const iovec* pieces,
                       unsigned int piece_count) override {
    if (connection != nullptr && piece_count > kPiecesMax) {
      return CS_ERR_INVALID_PARAM;
    }
    return Layer::Multicast(handle, connection, guarantee, pieces, piece_count);
  }
};
CPGCERT_PLANT(ManyPiecesRefused)

class UnknownGroupNotExist : public Layer {
  cs_error_t MembershipGet(cpg_handle_t handle, Connection* connection,
                           cpg_name* group, cpg_address* members,
                           int* member_count) override {
    const cs_error_t result =
        Layer::MembershipGet(handle, connection, group, members, member_count);
    return result == CS_OK && *member_count == 0 ? CS_ERR_NOT_EXIST : result;
  }
};
CPGCERT_PLANT(UnknownGroupNotExist)

class FlowControlEnabled : public Layer {
  cs_error_t FlowControlGet(cpg_handle_t handle,
                            cpg_flow_control_state_t* state) override {
    const cs_error_t result = Layer::FlowControlGet(handle, state);
    if (result == CS_OK) *state = CPG_FLOW_CONTROL_ENABLED;
    return result;
  }
};
CPGCERT_PLANT(FlowControlEnabled)

// They lack symbols, by the version scripts beside this file.
class NoZeroCopySymbols : public Layer {};
CPGCERT_PLANT(NoZeroCopySymbols)

class NoIterationSymbols : public Layer {};
CPGCERT_PLANT(NoIterationSymbols)

}  // namespace cpgcert::faults
