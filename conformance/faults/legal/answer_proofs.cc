#include <array>
#include <memory>
#include <string>
#include <vector>

#include "conformance/faults/legal/proof.h"
#include "conformance/support/support.h"
#include "harness/client.h"

namespace cpgcert::faults {

namespace {

using conformance::CaseContext;
using conformance::Connect;
using conformance::JoinAndSettle;
using conformance::NeedOk;
using conformance::UniqueGroup;
using harness::Client;
using harness::ErrorName;

constexpr uint32_t kLibcpgMaxAtomicSize = 1047552;

std::string Expect(cs_error_t wanted, cs_error_t came) {
  return came == wanted ? "" : "it answers " + ErrorName(came);
}

std::unique_ptr<Client> Member(CaseContext& context) {
  auto client = Connect(context);
  JoinAndSettle(*client, UniqueGroup("variant"));
  return client;
}

std::string SecondJoin(CaseContext& context, cs_error_t wanted) {
  return Expect(wanted, Member(context)->Join(UniqueGroup("other")));
}

// The callback ends a call that blocks.
std::string InvalidType(CaseContext& context, bool refused) {
  constexpr int kInvalidType = 99;
  auto client = Connect(context);
  NeedOk("cpg_join", client->Join(UniqueGroup("variant")));
  if (!client->WaitReadable(conformance::kWaitDeadline)) {
    return "no event came";
  }
  client->on_callback = [&client](const auto&) { client->Finalize(); };
  const cs_error_t came = client->Dispatch(kInvalidType);
  const bool was_refused =
      came == CS_ERR_INVALID_PARAM && client->RecordCount() == 0;
  return was_refused == refused ? "" : "it answers " + ErrorName(came);
}

std::string LongName(CaseContext& context) {
  auto client = Connect(context);
  cpg_name name{};
  name.length = CPG_MAX_NAME_LENGTH + 1;
  return Expect(CS_ERR_INVALID_PARAM,
                client->api().join(client->handle(), &name));
}

std::string Pieces(Client& client, cpg_guarantee_t guarantee, int count,
                   cs_error_t wanted) {
  std::string byte = "x";
  const std::vector<iovec> pieces(count, {byte.data(), byte.size()});
  return Expect(wanted, client.api().mcast_joined(client.handle(), guarantee,
                                                  pieces.data(), count));
}

std::string UnknownGroup(CaseContext& context) {
  auto client = Connect(context);
  cpg_name name = harness::MakeGroupName(UniqueGroup("nobody"));
  std::array<cpg_address, 8> members{};
  int count = members.size();
  return Expect(CS_ERR_NOT_EXIST,
                client->api().membership_get(client->handle(), &name,
                                             members.data(), &count));
}

std::string FlowControl(CaseContext& context) {
  auto client = Connect(context);
  cpg_flow_control_state_t state = CPG_FLOW_CONTROL_DISABLED;
  client->api().flow_control_state_get(client->handle(), &state);
  return state == CPG_FLOW_CONTROL_ENABLED ? "" : "DISABLED";
}

uint32_t MaxAtomicSize(CaseContext& context) {
  auto client = Connect(context);
  uint32_t size = 0;
  NeedOk("cpg_max_atomic_msgsize_get",
         client->api().max_atomic_msgsize_get(client->handle(), &size));
  return size;
}

std::string Lacks(CaseContext& context, std::string_view symbol) {
  return context.Api({}).Has(symbol) ? "the symbol is there" : "";
}

std::string TryAgainTwice(CaseContext& context) {
  auto client = Connect(context);
  const cpg_name name = harness::MakeGroupName(UniqueGroup("variant"));
  for (const cs_error_t wanted : {CS_ERR_TRY_AGAIN, CS_ERR_TRY_AGAIN, CS_OK}) {
    const std::string came =
        Expect(wanted, client->api().join(client->handle(), &name));
    if (!came.empty()) return "cpg_join: " + came;
  }
  for (const cs_error_t wanted : {CS_ERR_TRY_AGAIN, CS_ERR_TRY_AGAIN, CS_OK}) {
    const std::string came = Pieces(*client, CPG_TYPE_AGREED, 1, wanted);
    if (!came.empty()) return "cpg_mcast_joined: " + came;
  }
  return "";
}

std::string StartsSlowly(CaseContext& context) {
  cpg_handle_t handle = 0;
  cpg_callbacks_t none{};
  return Expect(CS_ERR_TRY_AGAIN,
                context.Api({"cpg_initialize"}).initialize(&handle, &none));
}

}  // namespace

std::vector<Proof> AnswerProofs() {
  return {
      {"second_join_invalid_param", "JOIN-02",
       [](auto& context) { return SecondJoin(context, CS_ERR_INVALID_PARAM); }},
      {"second_join_exist", "JOIN-02",
       [](auto& context) { return SecondJoin(context, CS_ERR_EXIST); }},
      {"invalid_type_refused", "DISPATCH-06",
       [](auto& context) { return InvalidType(context, true); }},
      {"invalid_type_blocks", "DISPATCH-06",
       [](auto& context) { return InvalidType(context, false); }},
      {"long_name_invalid_param", "JOIN-05", LongName},
      {"empty_name_refused", "JOIN-06",
       [](auto& context) {
         return Expect(CS_ERR_INVALID_PARAM, Connect(context)->Join(""));
       }},
      {"leave_unjoined_invalid_param", "LEAVE-02",
       [](auto& context) {
         return Expect(CS_ERR_INVALID_PARAM, Connect(context)->Leave("none"));
       }},
      {"unjoined_multicast_refused", "MCAST-03",
       [](auto& context) {
         return Pieces(*Connect(context), CPG_TYPE_AGREED, 1, CS_ERR_NOT_EXIST);
       }},
      {"unimplemented_guarantees_refused", "MCAST-02",
       [](auto& context) {
         return Pieces(*Member(context), CPG_TYPE_SAFE, 1,
                       CS_ERR_NOT_SUPPORTED);
       }},
      {"many_pieces_refused", "MCAST-09",
       [](auto& context) {
         return Pieces(*Member(context), CPG_TYPE_AGREED, 64,
                       CS_ERR_INVALID_PARAM);
       }},
      {"unknown_group_not_exist", "MEMB-01", UnknownGroup},
      {"flow_control_enabled", "FLOW-01", FlowControl},
      {"larger_max_atomic_size", "MAX-01",
       [](auto& context) -> std::string {
         return MaxAtomicSize(context) > kLibcpgMaxAtomicSize ? "" : "smaller";
       }},
      {"smaller_max_atomic_size", "MAX-01",
       [](auto& context) -> std::string {
         return MaxAtomicSize(context) < kLibcpgMaxAtomicSize ? "" : "larger";
       }},
      {"no_zero_copy_symbols", "ZCB-01",
       [](auto& context) { return Lacks(context, "cpg_zcb_alloc"); }},
      {"no_iteration_symbols", "ITER-01",
       [](auto& context) { return Lacks(context, "cpg_iteration_next"); }},
      {"try_again_twice", "MCAST-06", TryAgainTwice},
      {"service_starts_slowly", "INIT-05", StartsSlowly},
  };
}

}  // namespace cpgcert::faults
