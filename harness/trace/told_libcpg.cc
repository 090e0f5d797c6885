// A libcpg of which a test knows everything: it has no service, and does what
// the names of the groups say. It lacks cpg_flow_control_state_get.

#include <corosync/cpg.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "harness/message.h"

namespace {

constexpr size_t kPage = 4096;
constexpr size_t kLargeSize = size_t{3} << 20;

// The connection, for there is one; the table is looked at after its time.
struct Connection {
  const std::byte* table = nullptr;
  size_t table_size = 0;
  cpg_deliver_fn_t deliver = nullptr;
  cpg_confchg_fn_t configuration = nullptr;
  cpg_totem_confchg_fn_t totem = nullptr;
  void* context = nullptr;
  bool is_guarded = false;
  std::string sent{};
};
Connection connection;

constexpr cpg_handle_t kHandle = 0x1122334455667788;
int iterated = 0;

// Where a message stands 77 bytes behind the beginning of a page.
alignas(kPage) std::array<char, kPage + kLargeSize> memory;
constexpr size_t kPlace = 77;

bool IsReadable(const std::byte* place) {
  std::byte ignored{};
  const iovec local{&ignored, 1};
  const iovec remote{const_cast<std::byte*>(place), 1};
  return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == 1;
}

void Keep(const void* table, size_t size) {
  connection.table = static_cast<const std::byte*>(table);
  connection.table_size = size;
  const std::byte* const end = connection.table + size;
  connection.is_guarded = reinterpret_cast<uintptr_t>(end) % kPage == 0 &&
                          !IsReadable(end) && IsReadable(end - 1);
}

bool IsZeroNow() {
  for (size_t i = 0; i < connection.table_size; ++i) {
    if (connection.table[i] != std::byte{0}) {
      return false;
    }
  }
  return true;
}

cpg_name MakeName(std::string_view value) {
  cpg_name name{};
  name.length = static_cast<uint32_t>(value.size());
  std::memcpy(name.value, value.data(), value.size());
  return name;
}

bool Is(const cpg_name* group, std::string_view value) {
  return std::string_view(group->value, group->length) == value;
}

void Deliver(const cpg_name* group, const std::string& message) {
  if (connection.deliver != nullptr) {
    std::memcpy(memory.data() + kPlace, message.data(), message.size());
    connection.deliver(kHandle, group, 1, 2, memory.data() + kPlace,
                       message.size());
  }
}

void DeliverAll() {
  const cpg_name group = MakeName("group");
  const cpg_name odd = MakeName(std::string_view("odd\0name", 8));
  Deliver(&group, cpgcert::harness::MakeMessage("small"));
  Deliver(&odd, std::string("\x00\xff bytes", 8));
  Deliver(nullptr, cpgcert::harness::MakeMessage("large", kLargeSize));
  if (connection.deliver != nullptr) {
    connection.deliver(kHandle, &group, 3, 4, nullptr, 0);
  }
  if (!connection.sent.empty()) {
    Deliver(&group, connection.sent);
  }
}

void Configure() {
  const cpg_name group = MakeName("group");
  const std::array<cpg_address, 2> members = {
      {{1, 10, CPG_REASON_UNDEFINED}, {2, 20, CPG_REASON_UNDEFINED}}};
  const cpg_address joined = {2, 20, CPG_REASON_JOIN};
  if (connection.configuration != nullptr) {
    connection.configuration(kHandle, &group, members.data(), members.size(),
                             nullptr, 0, &joined, 1);
  }
  const std::array<uint32_t, 3> nodes = {1, 2, 3};
  if (connection.totem != nullptr) {
    connection.totem(kHandle, {7, uint64_t{1} << 40}, nodes.size(),
                     nodes.data());
  }
}

}  // namespace

extern "C" {

cs_error_t cpg_initialize(cpg_handle_t* handle, cpg_callbacks_t* callbacks) {
  *handle = kHandle;
  connection = {.deliver = callbacks->cpg_deliver_fn,
                .configuration = callbacks->cpg_confchg_fn};
  Keep(callbacks, sizeof(*callbacks));
  return CS_OK;
}

cs_error_t cpg_model_initialize(cpg_handle_t* handle, cpg_model_t model,
                                cpg_model_data_t* data, void* context) {
  if (data == nullptr) {
    return CS_ERR_INVALID_PARAM;
  }
  if (model != CPG_MODEL_V1) {
    return CS_ERR_NOT_SUPPORTED;
  }
  *handle = kHandle;
  const auto* const table = reinterpret_cast<cpg_model_v1_data_t*>(data);
  connection = {.deliver = table->cpg_deliver_fn,
                .configuration = table->cpg_confchg_fn,
                .totem = table->cpg_totem_confchg_fn,
                .context = context};
  Keep(table, sizeof(*table));
  return CS_OK;
}

cs_error_t cpg_finalize(cpg_handle_t handle) {
  return handle == kHandle ? CS_OK : CS_ERR_BAD_HANDLE;
}

// 1: the table that it was given ends at memory that may not be touched; and
// 2: it is all zero now.
cs_error_t cpg_fd_get(cpg_handle_t /*handle*/, int* descriptor) {
  *descriptor = (connection.is_guarded ? 1 : 0) + (IsZeroNow() ? 2 : 0);
  return CS_OK;
}

// Which callbacks it was given.
cs_error_t cpg_max_atomic_msgsize_get(cpg_handle_t /*handle*/, uint32_t* size) {
  *size = (connection.deliver != nullptr ? 1 : 0) +
          (connection.configuration != nullptr ? 2 : 0) +
          (connection.totem != nullptr ? 4 : 0);
  return CS_OK;
}

cs_error_t cpg_local_get(cpg_handle_t handle, unsigned int* node) {
  if (handle != kHandle) {
    return CS_ERR_BAD_HANDLE;
  }
  *node = UINT32_MAX;
  return CS_OK;
}

cs_error_t cpg_context_get(cpg_handle_t /*handle*/, void** context) {
  *context = connection.context;
  return CS_OK;
}

cs_error_t cpg_context_set(cpg_handle_t /*handle*/, void* context) {
  connection.context = context;
  return CS_OK;
}

cs_error_t cpg_dispatch(cpg_handle_t /*handle*/, cs_dispatch_flags_t type) {
  switch (type) {
    case CS_DISPATCH_ONE:
      Configure();
      return CS_OK;
    case CS_DISPATCH_ALL:
      DeliverAll();
      return CS_OK;
    default:
      return CS_ERR_TRY_AGAIN;
  }
}

cs_error_t cpg_join(cpg_handle_t /*handle*/, const cpg_name* group) {
  if (Is(group, "die")) {
    (void)raise(SIGSEGV);
  }
  return Is(group, "refused") ? CS_ERR_ACCESS : CS_OK;
}

cs_error_t cpg_leave(cpg_handle_t /*handle*/, const cpg_name* /*group*/) {
  return static_cast<cs_error_t>(77);  // no code of the header
}

cs_error_t cpg_mcast_joined(cpg_handle_t /*handle*/,
                            cpg_guarantee_t /*guarantee*/, const iovec* parts,
                            unsigned int count) {
  connection.sent.clear();
  for (unsigned int i = 0; i < count; ++i) {
    connection.sent.append(static_cast<const char*>(parts[i].iov_base),
                           parts[i].iov_len);
  }
  return CS_OK;
}

// "beyond": writes four entries more than there is room for, and says so.
// "claims": says that there are 200, but writes no more than there is room for.
cs_error_t cpg_membership_get(cpg_handle_t /*handle*/, cpg_name* group,
                              cpg_address* members, int* count) {
  const int room = *count;
  int entries = 2;
  if (Is(group, "beyond")) {
    entries = room + 4;
  } else if (Is(group, "claims")) {
    entries = room;
  }
  for (int i = 0; i < entries; ++i) {
    members[i] = {1, static_cast<uint32_t>(100 + i), CPG_REASON_JOIN};
  }
  *count = Is(group, "claims") ? 200 : entries;
  return CS_OK;
}

cs_error_t cpg_zcb_alloc(cpg_handle_t /*handle*/, size_t size, void** buffer) {
  if (size > memory.size()) {
    return CS_ERR_INVALID_PARAM;
  }
  *buffer = memory.data();
  return CS_OK;
}

cs_error_t cpg_zcb_free(cpg_handle_t /*handle*/, void* buffer) {
  return buffer == memory.data() ? CS_OK : CS_ERR_INVALID_PARAM;
}

cs_error_t cpg_zcb_mcast_joined(cpg_handle_t /*handle*/,
                                cpg_guarantee_t /*guarantee*/, void* message,
                                size_t size) {
  connection.sent.assign(static_cast<const char*>(message), size);
  return message == memory.data() ? CS_OK : CS_ERR_INVALID_PARAM;
}

cs_error_t cpg_iteration_initialize(cpg_handle_t /*handle*/,
                                    cpg_iteration_type_t /*type*/,
                                    const cpg_name* /*group*/,
                                    cpg_iteration_handle_t* iteration) {
  iterated = 0;
  *iteration = 0xfedcba9876543210;
  return CS_OK;
}

cs_error_t cpg_iteration_next(cpg_iteration_handle_t /*iteration*/,
                              cpg_iteration_description_t* item) {
  if (++iterated > 2) {
    return CS_ERR_NO_SECTIONS;
  }
  item->group = MakeName(iterated == 1 ? "one" : "two");
  item->nodeid = 5;
  item->pid = 1000 + iterated;
  return CS_OK;
}

cs_error_t cpg_iteration_finalize(cpg_iteration_handle_t /*iteration*/) {
  return CS_OK;
}

}  // extern "C"
