#include "harness/client.h"

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <utility>

#include "harness/message.h"
#include "harness/thread_watch.h"

namespace cpgcert::harness {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Bounds the retries; a service that answers TRY_AGAIN for so long is broken.
constexpr milliseconds kRetryDeadline{10000};
constexpr milliseconds kRetryPause{1};

// For the library's own threads; one that never rests costs this much.
constexpr milliseconds kRestDeadline{300};

// The client whose callbacks a slot belongs to. libcpg gives its callbacks no
// argument of the caller's but the handle, which is what is on trial; so each
// client has functions of its own.
std::array<std::atomic<Client*>, Client::kClientsMax> clients;

// What Initialize() opened and Finalize() did not close.
struct OpenConnection {
  const CpgApi* api;
  cpg_handle_t handle;
};
std::mutex open_mutex;
std::vector<OpenConnection> open_connections;
int connections_opened = 0;

void NoteOpened(const CpgApi& api, cpg_handle_t handle) {
  const std::scoped_lock lock(open_mutex);
  open_connections.push_back({&api, handle});
  ++connections_opened;
}

void NoteClosed(cpg_handle_t handle) {
  const std::scoped_lock lock(open_mutex);
  std::erase_if(open_connections,
                [handle](const auto& open) { return open.handle == handle; });
}

// How many Dispatch() calls of each slot this thread is in.
thread_local std::array<int, Client::kClientsMax> dispatch_depth{};

std::vector<cpg_address> Copy(const cpg_address* list, size_t entries) {
  return list == nullptr ? std::vector<cpg_address>()
                         : std::vector<cpg_address>(list, list + entries);
}

std::string GroupText(const cpg_name* group) {
  if (group == nullptr) {
    return "(null)";
  }
  const size_t length = std::min<size_t>(group->length, CPG_MAX_NAME_LENGTH);
  return {group->value, length};
}

}  // namespace

struct CallbackEntry {
  static void Record(int slot, CallbackRecord record) {
    Client* client = clients.at(slot).load();
    if (client == nullptr) {
      return;
    }
    record.thread = std::this_thread::get_id();
    record.inside_call = dispatch_depth.at(slot) > 0;
    client->Record(std::move(record));
  }

  template <int slot>
  static void Deliver(cpg_handle_t handle, const cpg_name* group,
                      uint32_t node_id, uint32_t process, void* message,
                      size_t size) {
    CallbackRecord record;
    record.kind = CallbackRecord::Kind::kDeliver;
    record.handle = handle;
    record.group = GroupText(group);
    record.node_id = node_id;
    record.process = process;
    const std::string_view bytes(static_cast<const char*>(message), size);
    record.message = DescribeMessage(bytes);
    record.size = size;
    record.data = message;
    record.head = bytes.substr(0, CallbackRecord::kHeadMax);
    Record(slot, std::move(record));
  }

  template <int slot>
  static void Configuration(cpg_handle_t handle, const cpg_name* group,
                            const cpg_address* members, size_t member_count,
                            const cpg_address* left, size_t left_count,
                            const cpg_address* joined, size_t joined_count) {
    CallbackRecord record;
    record.kind = CallbackRecord::Kind::kConfiguration;
    record.handle = handle;
    record.group = GroupText(group);
    record.members = Copy(members, member_count);
    record.left = Copy(left, left_count);
    record.joined = Copy(joined, joined_count);
    Record(slot, std::move(record));
  }

  template <int slot>
  static void Totem(cpg_handle_t handle, cpg_ring_id ring, uint32_t count,
                    const uint32_t* members) {
    CallbackRecord record;
    record.kind = CallbackRecord::Kind::kTotem;
    record.handle = handle;
    record.ring = ring;
    record.ring_members.assign(members, members + count);
    Record(slot, std::move(record));
  }

  template <int... slots>
  static cpg_model_v1_data_t Functions(
      int slot, std::integer_sequence<int, slots...> /*all*/) {
    static constexpr std::array<cpg_deliver_fn_t, sizeof...(slots)> deliver = {
        Deliver<slots>...};
    static constexpr std::array<cpg_confchg_fn_t, sizeof...(slots)>
        configuration = {Configuration<slots>...};
    static constexpr std::array<cpg_totem_confchg_fn_t, sizeof...(slots)>
        totem = {Totem<slots>...};
    cpg_model_v1_data_t data{};
    data.model = CPG_MODEL_V1;
    data.cpg_deliver_fn = deliver.at(slot);
    data.cpg_confchg_fn = configuration.at(slot);
    data.cpg_totem_confchg_fn = totem.at(slot);
    return data;
  }
};

Client::Client(const CpgApi& api, CallbackSet callbacks)
    : api_(api), callbacks_(callbacks) {
  for (int slot = 0; slot < kClientsMax && slot_ < 0; ++slot) {
    Client* expected = nullptr;
    if (clients.at(slot).compare_exchange_strong(expected, this)) {
      slot_ = slot;
    }
  }
}

Client::~Client() {
  if (slot_ >= 0) {
    clients.at(slot_).store(nullptr);
  }
}

cs_error_t Client::Initialize() {
  cpg_model_v1_data_t data = CallbackEntry::Functions(
      slot_, std::make_integer_sequence<int, kClientsMax>());
  if (!callbacks_.deliver) {
    data.cpg_deliver_fn = nullptr;
  }
  if (!callbacks_.configuration) {
    data.cpg_confchg_fn = nullptr;
  }
  if (!callbacks_.totem) {
    data.cpg_totem_confchg_fn = nullptr;
  }
  data.flags =
      callbacks_.initial_totem ? CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF : 0;
  cpg_callbacks_t plain{data.cpg_deliver_fn, data.cpg_confchg_fn};
  const bool needs_model = callbacks_.totem || callbacks_.initial_totem;
  const cs_error_t result = RetryWhileTryAgain(
      [&] {
        return needs_model
                   ? api_.model_initialize(
                         &handle_, CPG_MODEL_V1,
                         reinterpret_cast<cpg_model_data_t*>(&data), nullptr)
                   : api_.initialize(&handle_, &plain);
      },
      kRetryDeadline);
  if (result == CS_OK) {
    NoteOpened(api_, handle_);
  }
  return result;
}

cs_error_t Client::Join(std::string_view group) {
  const cpg_name name = MakeGroupName(group);
  return RetryWhileTryAgain([&] { return api_.join(handle_, &name); },
                            kRetryDeadline);
}

cs_error_t Client::Leave(std::string_view group) {
  const cpg_name name = MakeGroupName(group);
  return RetryWhileTryAgain([&] { return api_.leave(handle_, &name); },
                            kRetryDeadline);
}

cs_error_t Client::Multicast(const std::string& message) {
  // libcpg only reads it, but an iovec has no const.
  const iovec part{const_cast<char*>(message.data()),
                   message.size()};  // NOLINT
  return RetryWhileTryAgain(
      [&] { return api_.mcast_joined(handle_, CPG_TYPE_AGREED, &part, 1); },
      kRetryDeadline);
}

cs_error_t Client::Dispatch(int type) { return DispatchHandle(handle_, type); }

// A type outside the enumeration is the point of some cases.
__attribute__((no_sanitize("enum"))) cs_error_t
Client::DispatchHandle(cpg_handle_t handle, int type) {
  ++dispatch_depth.at(slot_);
  const cs_error_t result =
      api_.dispatch(handle, static_cast<cs_dispatch_flags_t>(type));
  --dispatch_depth.at(slot_);
  return result;
}

cs_error_t Client::Finalize() {
  NoteClosed(handle_);  // the handle is gone whatever the answer
  return api_.finalize(handle_);
}

int Client::FinalizeAll() {
  const std::scoped_lock lock(open_mutex);
  for (const OpenConnection& open : open_connections) {
    open.api->finalize(open.handle);
  }
  open_connections.clear();
  return connections_opened;
}

cs_error_t Client::RoundTrip() {
  unsigned int node_id = 0;
  return RetryWhileTryAgain([&] { return api_.local_get(handle_, &node_id); },
                            kRetryDeadline);
}

cs_error_t Client::Settle() {
  const cs_error_t result = RoundTrip();
  WaitLibraryAtRest(kRestDeadline);
  return result;
}

bool Client::WaitReadable(milliseconds deadline) {
  pollfd watched{-1, POLLIN, 0};
  if (api_.fd_get(handle_, &watched.fd) != CS_OK) {
    return false;
  }
  return trace::Observe("readable", [&] {
    const auto end = Clock::now() + deadline;
    while (true) {
      const auto left =
          std::chrono::duration_cast<milliseconds>(end - Clock::now());
      const int ready =
          poll(&watched, 1, std::max(0, static_cast<int>(left.count())));
      if (ready > 0) {
        return (watched.revents & POLLIN) != 0;
      }
      if (ready == 0 && Clock::now() >= end) {
        return false;
      }
    }
  });
}

void Client::Record(CallbackRecord record) {
  {
    const std::scoped_lock lock(mutex_);
    records_.push_back(record);
  }
  changed_.notify_all();
  if (on_callback) {
    on_callback(record);
  }
}

size_t Client::SeeCount() {
  const size_t count = count_seen_.See([this] {
    const std::scoped_lock lock(mutex_);
    return records_.size();
  });
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return records_.size() >= count; });
  return count;
}

std::vector<CallbackRecord> Client::Records() {
  const size_t count = SeeCount();
  const std::scoped_lock lock(mutex_);
  return {records_.begin(), records_.begin() + static_cast<ptrdiff_t>(count)};
}

size_t Client::RecordCount() { return SeeCount(); }

bool Client::WaitRecords(size_t count, milliseconds deadline) {
  return trace::Observe("records_came", [&] {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, deadline,
                             [&] { return records_.size() >= count; });
  });
}

cs_error_t RetryWhileTryAgain(const std::function<cs_error_t()>& call,
                              milliseconds deadline) {
  trace::Deadline end(deadline);
  while (true) {
    const cs_error_t result = call();
    if (result != CS_ERR_TRY_AGAIN || end.Passed()) {
      return result;
    }
    poll(nullptr, 0, static_cast<int>(kRetryPause.count()));
  }
}

namespace {

std::string AddressText(const std::vector<cpg_address>& addresses) {
  std::string text;
  for (const cpg_address& address : addresses) {
    text += fmt::format("{}{}:{}", text.empty() ? "" : " ", address.nodeid,
                        address.pid);
    if (address.reason != CPG_REASON_UNDEFINED) {
      text += ":" + ReasonName(address.reason);
    }
  }
  return "[" + text + "]";
}

}  // namespace

std::string DescribeRecord(const CallbackRecord& record) {
  switch (record.kind) {
    case CallbackRecord::Kind::kDeliver:
      return fmt::format("message {} from {}:{} in {}", record.message,
                         record.node_id, record.process, record.group);
    case CallbackRecord::Kind::kConfiguration:
      return fmt::format("change of {}: joined={} left={} members={}",
                         record.group, AddressText(record.joined),
                         AddressText(record.left), AddressText(record.members));
    case CallbackRecord::Kind::kTotem:
      return fmt::format("totem change: [{}]",
                         fmt::join(record.ring_members, " "));
  }
  return "";
}

cpg_name MakeGroupName(std::string_view name) {
  cpg_name group{};
  group.length =
      static_cast<uint32_t>(std::min<size_t>(name.size(), CPG_MAX_NAME_LENGTH));
  std::memcpy(group.value, name.data(), group.length);
  return group;
}

std::string ReasonName(uint32_t reason) {
  switch (reason) {
    case CPG_REASON_UNDEFINED:
      return "UNDEFINED";
    case CPG_REASON_JOIN:
      return "JOIN";
    case CPG_REASON_LEAVE:
      return "LEAVE";
    case CPG_REASON_NODEDOWN:
      return "NODEDOWN";
    case CPG_REASON_NODEUP:
      return "NODEUP";
    case CPG_REASON_PROCDOWN:
      return "PROCDOWN";
    default:
      return fmt::format("reason {}", reason);
  }
}

}  // namespace cpgcert::harness
