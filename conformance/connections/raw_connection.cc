#include "conformance/connections/raw_connection.h"

#include <poll.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>

#include "conformance/support/support.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance::connections {

namespace {

using harness::CpgApi;

std::array<CallbackLog, 2> logs;
const CpgApi* api_of_callbacks = nullptr;

void Called(Table table, cpg_handle_t handle) {
  CallbackLog& log = LogOf(table);
  log.handle = handle;
  log.context = nullptr;
  api_of_callbacks->context_get(handle, &log.context);
}

template <Table table>
void Deliver(cpg_handle_t handle, const cpg_name* /*group*/,
             uint32_t /*node_id*/, uint32_t /*process*/, void* /*message*/,
             size_t /*size*/) {
  ++LogOf(table).deliver;
  Called(table, handle);
}

template <Table table>
void Configuration(cpg_handle_t handle, const cpg_name* /*group*/,
                   const cpg_address* /*members*/, size_t /*member_count*/,
                   const cpg_address* /*left*/, size_t /*left_count*/,
                   const cpg_address* /*joined*/, size_t /*joined_count*/) {
  ++LogOf(table).configuration;
  Called(table, handle);
}

template <Table table>
void Totem(cpg_handle_t handle, cpg_ring_id /*ring*/, uint32_t /*count*/,
           const uint32_t* /*members*/) {
  ++LogOf(table).totem;
  Called(table, handle);
}

template <Table table>
cpg_model_v1_data_t DataOf() {
  cpg_model_v1_data_t data{};
  data.model = CPG_MODEL_V1;
  data.cpg_deliver_fn = Deliver<table>;
  data.cpg_confchg_fn = Configuration<table>;
  data.cpg_totem_confchg_fn = Totem<table>;
  return data;
}

}  // namespace

CallbackLog& LogOf(Table table) {
  return logs.at(table == Table::kRegistered ? 0 : 1);
}

cpg_model_v1_data_t ModelData(Table table) {
  return table == Table::kRegistered ? DataOf<Table::kRegistered>()
                                     : DataOf<Table::kDecoy>();
}

cpg_callbacks_t PlainCallbacks(Table table) {
  const cpg_model_v1_data_t data = ModelData(table);
  return {data.cpg_deliver_fn, data.cpg_confchg_fn};
}

cpg_model_data_t* AsModelData(cpg_model_v1_data_t* data) {
  return reinterpret_cast<cpg_model_data_t*>(data);
}

RawConnection::RawConnection(CaseContext& context, const Initialize& initialize)
    : api_(context.Api({"cpg_initialize", "cpg_model_initialize",
                        "cpg_finalize", "cpg_fd_get", "cpg_context_get",
                        "cpg_dispatch", "cpg_join", "cpg_mcast_joined"})) {
  api_of_callbacks = &api_;
  result_ = harness::RetryWhileTryAgain(
      [&] { return initialize(api_, &handle_); }, kWaitDeadline);
}

RawConnection::~RawConnection() {
  if (result_ == CS_OK) {
    api_.finalize(handle_);
  }
}

void RawConnection::Join(std::string_view group) const {
  const cpg_name name = harness::MakeGroupName(group);
  NeedOk("cpg_join",
         harness::RetryWhileTryAgain([&] { return api_.join(handle_, &name); },
                                     kWaitDeadline));
}

void RawConnection::Multicast(const std::string& message) const {
  std::string bytes = message;
  const iovec part{bytes.data(), bytes.size()};
  NeedOk(
      "cpg_mcast_joined",
      harness::RetryWhileTryAgain(
          [&] { return api_.mcast_joined(handle_, CPG_TYPE_AGREED, &part, 1); },
          kWaitDeadline));
}

bool RawConnection::WaitReadable(std::chrono::milliseconds deadline) const {
  pollfd watched{-1, POLLIN, 0};
  NeedOk("cpg_fd_get", api_.fd_get(handle_, &watched.fd));
  return harness::trace::Observe("readable", [&] {
    return poll(&watched, 1, static_cast<int>(deadline.count())) > 0;
  });
}

bool RawConnection::DispatchUntil(const std::function<bool()>& wanted) const {
  harness::trace::Deadline end(kWaitDeadline);
  while (!wanted()) {
    if (end.Passed()) {
      return false;
    }
    WaitReadable(std::chrono::milliseconds(100));
    const cs_error_t result = api_.dispatch(handle_, CS_DISPATCH_ALL);
    if (result != CS_OK && result != CS_ERR_TRY_AGAIN) {
      return false;
    }
  }
  return true;
}

}  // namespace cpgcert::conformance::connections
