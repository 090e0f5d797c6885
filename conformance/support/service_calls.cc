#include "conformance/support/service_calls.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>

#include "conformance/support/support.h"
#include "conformance/support/watched_answer.h"
#include "harness/message.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance {

namespace {

using harness::CallbackRecord;
using harness::ErrorName;

constexpr size_t kLargeSize = size_t{2500} << 10;  // three fragments
constexpr size_t kBufferSize = 4096;
constexpr int kEntriesMax = 200;
constexpr int kItemsMax = 200;

// Fills the stack below the caller, so that an answer that the library never
// set cannot look like one that it gave.
__attribute__((noinline)) void PaintStack() {
  constexpr size_t kSize = size_t{32} << 10;
  std::array<volatile unsigned char, kSize> stack;
  for (volatile unsigned char& byte : stack) {
    byte = 0x5A;
  }
}

std::string Text(uint32_t node, uint32_t process) {
  return fmt::format("{}:{}", node, process);
}

bool IsOwn(const std::vector<cpg_address>& addresses) {
  return std::ranges::any_of(addresses, [](const cpg_address& address) {
    return address.pid == static_cast<uint32_t>(harness::trace::ProcessId());
  });
}

std::vector<std::string_view> SymbolsFor(CallKind kind) {
  switch (kind) {
    case CallKind::kIterationInitialize:
    case CallKind::kIterationNext:
    case CallKind::kIterationFinalize:
      return {"cpg_iteration_initialize", "cpg_iteration_next",
              "cpg_iteration_finalize"};
    case CallKind::kZcbAlloc:
    case CallKind::kZcbMulticast:
    case CallKind::kZcbFree:
      return {"cpg_zcb_alloc", "cpg_zcb_mcast_joined", "cpg_zcb_free"};
    default:
      return {"cpg_initialize", "cpg_model_initialize", "cpg_local_get",
              "cpg_finalize"};
  }
}

}  // namespace

const std::vector<NamedCall>& NamedCalls() {
  static const std::vector<NamedCall> calls = {
      {"Initialize", "cpg_initialize", CallKind::kInitialize},
      {"ModelInitialize", "cpg_model_initialize", CallKind::kModelInitialize},
      {"Join", "cpg_join", CallKind::kJoin},
      {"Leave", "cpg_leave", CallKind::kLeave},
      {"Multicast", "cpg_mcast_joined", CallKind::kMulticast},
      {"MulticastLarge", "cpg_mcast_joined of a message in fragments",
       CallKind::kMulticastLarge},
      {"MembershipGet", "cpg_membership_get", CallKind::kMembershipGet},
      {"LocalGet", "cpg_local_get", CallKind::kLocalGet},
      {"IterationInitialize", "cpg_iteration_initialize",
       CallKind::kIterationInitialize},
      {"IterationNext", "cpg_iteration_next", CallKind::kIterationNext},
      {"IterationFinalize", "cpg_iteration_finalize",
       CallKind::kIterationFinalize},
      {"ZcbAlloc", "cpg_zcb_alloc", CallKind::kZcbAlloc},
      {"ZcbMulticast", "cpg_zcb_mcast_joined", CallKind::kZcbMulticast},
      {"ZcbFree", "cpg_zcb_free", CallKind::kZcbFree},
      {"Finalize", "cpg_finalize", CallKind::kFinalize},
      {"DispatchOne", "cpg_dispatch with CS_DISPATCH_ONE",
       CallKind::kDispatchOne},
      {"DispatchBlocking", "cpg_dispatch with CS_DISPATCH_BLOCKING",
       CallKind::kDispatchBlocking},
  };
  return calls;
}

bool IsZeroCopy(CallKind kind) {
  return kind == CallKind::kZcbAlloc || kind == CallKind::kZcbMulticast ||
         kind == CallKind::kZcbFree;
}

bool MayBeAbsent(CallKind kind) {
  return IsZeroCopy(kind) || kind == CallKind::kIterationInitialize ||
         kind == CallKind::kIterationNext ||
         kind == CallKind::kIterationFinalize;
}

void NeedAsleep(WatchedAnswer& answer, const NamedCall& call) {
  if (IsZeroCopy(call.kind)) {
    answer.NeedAsleepForService(call.function);
  } else {
    answer.NeedAsleep(call.function);
  }
}

bool IsDispatch(CallKind kind) {
  return kind == CallKind::kDispatchOne || kind == CallKind::kDispatchBlocking;
}

bool IsInitialize(CallKind kind) {
  return kind == CallKind::kInitialize || kind == CallKind::kModelInitialize;
}

CallStage::CallStage(CaseContext& context, NamedCall call, std::string group)
    : api_(context.Api(SymbolsFor(call.kind))),
      call_(std::move(call)),
      group_(std::move(group)) {}

std::shared_ptr<CallStage> CallStage::Prepare(CaseContext& context,
                                              const NamedCall& call,
                                              const std::string& group) {
  std::shared_ptr<CallStage> stage(new CallStage(context, call, group));
  if (!IsInitialize(call.kind)) {
    stage->client_ = Connect(context);
    stage->PrepareCall();
  }
  return stage;
}

void CallStage::PrepareCall() {
  static std::atomic<int> count{0};
  NeedOk("cpg_local_get", api_.local_get(client_->handle(), &node_));
  if (call_.kind != CallKind::kJoin && call_.kind != CallKind::kFinalize) {
    JoinAndSettle(*client_, group_);
    const std::vector<CallbackRecord> records = client_->Records();
    for (const cpg_address& member : records.back().members) {
      members_.push_back(Text(member.nodeid, member.pid));
    }
    std::ranges::sort(members_);
  }
  name_ = fmt::format("call{}", ++count);
  message_ = harness::MakeMessage(name_, call_.kind == CallKind::kMulticastLarge
                                             ? kLargeSize
                                             : harness::kSmallMessageSize);
  entries_.resize(kEntriesMax);
  entry_count_ = kEntriesMax;
  if (call_.kind == CallKind::kIterationNext ||
      call_.kind == CallKind::kIterationFinalize) {
    PrepareIteration();
  }
  if (call_.kind == CallKind::kZcbMulticast ||
      call_.kind == CallKind::kZcbFree) {
    PrepareBuffer();
  }
  seen_ = client_->RecordCount();
}

void CallStage::PrepareIteration() {
  const cpg_name name = harness::MakeGroupName(group_);
  NeedOk("cpg_iteration_initialize",
         api_.iteration_initialize(client_->handle(), CPG_ITERATION_ONE_GROUP,
                                   &name, &iteration_));
}

void CallStage::PrepareBuffer() {
  NeedOk("cpg_zcb_alloc",
         api_.zcb_alloc(client_->handle(), kBufferSize, &buffer_));
  std::memcpy(buffer_, message_.data(), message_.size());
}

std::function<cs_error_t()> CallStage::Call() {
  return [self = shared_from_this()] { return self->Make(); };
}

cs_error_t CallStage::Make() {
  return harness::WithPatience([this] { return MakeOnce(); });
}

cs_error_t CallStage::MakeOnce() {
  PaintStack();
  const cpg_name name = harness::MakeGroupName(group_);
  switch (call_.kind) {
    case CallKind::kInitialize:
    case CallKind::kModelInitialize:
      return MakeInitialize();
    case CallKind::kJoin:
      return api_.join(client_->handle(), &name);
    case CallKind::kLeave:
      return api_.leave(client_->handle(), &name);
    case CallKind::kMulticast:
    case CallKind::kMulticastLarge:
      return MakeMulticast();
    case CallKind::kMembershipGet: {
      cpg_name asked = name;
      return api_.membership_get(client_->handle(), &asked, entries_.data(),
                                 &entry_count_);
    }
    case CallKind::kLocalGet:
      return api_.local_get(client_->handle(), &node_given_);
    case CallKind::kIterationInitialize:
    case CallKind::kIterationNext:
    case CallKind::kIterationFinalize:
      return MakeIteration();
    case CallKind::kZcbAlloc:
    case CallKind::kZcbMulticast:
    case CallKind::kZcbFree:
      return MakeZeroCopy();
    case CallKind::kFinalize:
      return api_.finalize(client_->handle());
    case CallKind::kDispatchOne:
      return client_->Dispatch(CS_DISPATCH_ONE);
    case CallKind::kDispatchBlocking:
      return client_->Dispatch(CS_DISPATCH_BLOCKING);
  }
  return CS_ERR_NOT_SUPPORTED;
}

cs_error_t CallStage::MakeInitialize() {
  if (call_.kind == CallKind::kInitialize) {
    cpg_callbacks_t none{};
    return api_.initialize(&made_, &none);
  }
  cpg_model_v1_data_t data{};
  data.model = CPG_MODEL_V1;
  return api_.model_initialize(&made_, CPG_MODEL_V1,
                               reinterpret_cast<cpg_model_data_t*>(&data),
                               nullptr);
}

cs_error_t CallStage::MakeMulticast() {
  const iovec part{message_.data(), message_.size()};
  return api_.mcast_joined(client_->handle(), CPG_TYPE_AGREED, &part, 1);
}

cs_error_t CallStage::MakeIteration() {
  const cpg_name name = harness::MakeGroupName(group_);
  switch (call_.kind) {
    case CallKind::kIterationInitialize:
      return api_.iteration_initialize(
          client_->handle(), CPG_ITERATION_ONE_GROUP, &name, &iteration_);
    case CallKind::kIterationNext:
      return api_.iteration_next(iteration_, &description_);
    default:
      return api_.iteration_finalize(iteration_);
  }
}

cs_error_t CallStage::MakeZeroCopy() {
  switch (call_.kind) {
    case CallKind::kZcbAlloc:
      return api_.zcb_alloc(client_->handle(), kBufferSize, &buffer_);
    case CallKind::kZcbMulticast:
      return api_.zcb_mcast_joined(client_->handle(), CPG_TYPE_AGREED, buffer_,
                                   message_.size());
    default:
      return api_.zcb_free(client_->handle(), buffer_);
  }
}

std::string CallStage::WrongEffect() {
  switch (call_.kind) {
    case CallKind::kInitialize:
    case CallKind::kModelInitialize:
      node_ = 0;
      return WrongNode();
    case CallKind::kJoin:
      return WrongJoin();
    case CallKind::kLeave:
      return WrongLeave();
    case CallKind::kMulticast:
    case CallKind::kMulticastLarge:
    case CallKind::kZcbMulticast:
      return WrongMessage();
    case CallKind::kMembershipGet:
      return WrongMembers();
    case CallKind::kLocalGet:
      return node_given_ == node_
                 ? ""
                 : fmt::format("the node {} instead of {}", node_given_, node_);
    case CallKind::kIterationInitialize:
    case CallKind::kIterationNext:
    case CallKind::kIterationFinalize:
      return WrongItems();
    case CallKind::kZcbAlloc:
      return buffer_ == nullptr ? "no buffer" : "";
    case CallKind::kFinalize:
      return WrongHandle();
    default:
      return "";
  }
}

size_t CallStage::CountRecords(
    const std::function<bool(const CallbackRecord&)>& wanted) {
  const std::vector<CallbackRecord> records = client_->Records();
  return std::count_if(records.begin() + static_cast<ptrdiff_t>(seen_),
                       records.end(), wanted);
}

std::string CallStage::WrongJoin() {
  const auto joins = [](const CallbackRecord& record) {
    return IsOwn(record.joined);
  };
  if (!DispatchUntil(*client_, seen_, joins)) {
    return "no change of the own join";
  }
  DispatchThroughBarrier(*client_);
  const size_t count = CountRecords(joins);
  return count == 1 ? "" : fmt::format("{} changes of the own join", count);
}

std::string CallStage::WrongLeave() {
  const auto leaves = [](const CallbackRecord& record) {
    return IsOwn(record.left);
  };
  if (!DispatchUntil(*client_, seen_, leaves)) {
    return "no change of the own leave";
  }
  DispatchWaiting(*client_);
  const size_t count = CountRecords(leaves);
  return count == 1 ? "" : fmt::format("{} changes of the own leave", count);
}

std::string CallStage::WrongMessage() {
  const auto is_it = [this](const CallbackRecord& record) {
    return record.message == name_;
  };
  if (!DispatchUntil(*client_, seen_, is_it)) {
    return "the message did not come; what came is " +
           Join(Texts(*client_, seen_));
  }
  DispatchThroughBarrier(*client_);
  const size_t count = CountRecords(is_it);
  return count == 1 ? "" : fmt::format("the message came {} times", count);
}

std::string CallStage::WrongMembers() {
  std::vector<std::string> came;
  for (int i = 0; i < std::min(entry_count_, kEntriesMax); ++i) {
    came.push_back(Text(entries_.at(i).nodeid, entries_.at(i).pid));
  }
  std::ranges::sort(came);
  return came == members_ ? ""
                          : fmt::format("the members {} instead of {}",
                                        Join(came), Join(members_));
}

std::string CallStage::WrongNode() {
  const cs_error_t code = api_.local_get(made_, &node_given_);
  return code == CS_OK
             ? ""
             : "a handle with which cpg_local_get answers " + ErrorName(code);
}

std::string CallStage::WrongItems() {
  cpg_iteration_description_t item = description_;
  cs_error_t code = CS_OK;
  if (call_.kind != CallKind::kIterationNext) {
    code = api_.iteration_next(iteration_, &item);
  }
  if (call_.kind == CallKind::kIterationFinalize) {
    return code == CS_ERR_BAD_HANDLE
               ? ""
               : "an iterator with which cpg_iteration_next answers " +
                     ErrorName(code);
  }
  std::vector<std::string> came;
  while (code == CS_OK && came.size() < kItemsMax) {
    came.push_back(Text(item.nodeid, item.pid));
    code = api_.iteration_next(iteration_, &item);
  }
  std::ranges::sort(came);
  return came == members_ && code == CS_ERR_NO_SECTIONS
             ? ""
             : fmt::format("the items {}, then {}, instead of {}", Join(came),
                           ErrorName(code), Join(members_));
}

std::string CallStage::WrongHandle() {
  const cs_error_t code = client_->api().local_get(client_->handle(), &node_);
  return code == CS_ERR_BAD_HANDLE
             ? ""
             : "a handle with which cpg_local_get answers " + ErrorName(code);
}

void CallStage::Dispose() {
  if (made_ != 0) {
    api_.finalize(made_);
    made_ = 0;
  }
  if (client_ == nullptr || call_.kind == CallKind::kFinalize) {
    return;
  }
  if (iteration_ != 0 && call_.kind != CallKind::kIterationFinalize) {
    api_.iteration_finalize(iteration_);
  }
  if (buffer_ != nullptr && call_.kind != CallKind::kZcbFree) {
    api_.zcb_free(client_->handle(), buffer_);
  }
  if (call_.kind != CallKind::kLeave) {
    const size_t seen = client_->RecordCount();
    NeedOk("cpg_leave", client_->Leave(group_));
    if (!DispatchUntil(*client_, seen, [](const CallbackRecord& record) {
          return IsOwn(record.left);
        })) {
      CaseContext::Untested("the change of the own leave did not come");
    }
  }
  NeedOk("cpg_finalize", client_->Finalize());
}

}  // namespace cpgcert::conformance
