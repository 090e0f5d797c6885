#include "harness/swarm/swarm_program.h"

#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <functional>
#include <map>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/client.h"
#include "harness/cpg_api.h"
#include "harness/message.h"

namespace cpgcert::harness {

namespace {

using Clock = std::chrono::steady_clock;
using Call = SwarmEvent::Call;

// A message that changes of the group interrupt so often is given up.
constexpr int kInterruptsMax = 200;
// Between two looks at the deadline, and for a permit.
constexpr int kPollMs = 10;

// One connection, and what it was given so far.
struct Connection {
  std::unique_ptr<Client> client;
  bool open = false;
  bool joined = false;
  bool left = false;
  int members_max = 0;
  int departures = 0;
  int own_messages = 0;
  std::map<std::string, int, std::less<>> messages{};  // by name without number
};

bool Names(const std::vector<cpg_address>& list, uint32_t process) {
  for (const cpg_address& address : list) {
    if (address.pid == process) {
      return true;
    }
  }
  return false;
}

// A program under way. Methods return "" or one line that says what failed.
class Program {
 public:
  Program(const CpgApi& api, SwarmRecord* record)
      : api_(api), record_(*record) {}

  std::string Run(const SwarmStep& step) {
    Connection& connection = connections_.at(step.connection);
    switch (step.kind) {
      case SwarmStep::Kind::kConnect:
        return Connect(step);
      case SwarmStep::Kind::kJoin:
        return Join(step);
      case SwarmStep::Kind::kAwaitPermit:
        return AwaitPermit();
      case SwarmStep::Kind::kAwaitMembers:
        return Await(fmt::format("{} members", step.count),
                     [&] { return connection.members_max >= step.count; });
      case SwarmStep::Kind::kAwaitDepartures:
        return Await(fmt::format("{} departures", step.count),
                     [&] { return connection.departures >= step.count; });
      case SwarmStep::Kind::kAwaitMessages:
        return Await(fmt::format("{} messages {}", step.count, step.text), [&] {
          return connection.messages[step.text] >= step.count;
        });
      case SwarmStep::Kind::kMulticast:
        return Multicast(step);
      case SwarmStep::Kind::kLeave:
        return Leave(step);
      case SwarmStep::Kind::kFinalize:
        connection.open = false;
        return Checked(step, Call::kFinalize, "cpg_finalize", "",
                       [&] { return connection.client->Finalize(); });
      case SwarmStep::Kind::kExit:
        End(kSwarmExits);
        _exit(0);
      case SwarmStep::Kind::kKill:
        End(kSwarmKillsItself);
        kill(getpid(), SIGKILL);
        return "survived SIGKILL";
    }
    return "no such step";
  }

  void End(std::string_view text) {
    record_.Append({.kind = SwarmEvent::Kind::kEnd, .text = std::string(text)});
  }

 private:
  std::string Checked(const SwarmStep& step, Call call, const char* name,
                      const std::string& text,
                      const std::function<cs_error_t()>& body) {
    const cs_error_t result = Recorded(step, call, text, 0, body);
    return result == CS_OK
               ? ""
               : fmt::format("{} answered {}", name, ErrorName(result));
  }

  cs_error_t Recorded(const SwarmStep& step, Call call, const std::string& text,
                      size_t size, const std::function<cs_error_t()>& body) {
    SwarmEvent event{.kind = SwarmEvent::Kind::kCallBegin,
                     .call = call,
                     .connection = static_cast<uint32_t>(step.connection),
                     .text = text,
                     .size = size};
    record_.Append(event);
    SwarmRecord::Progress& progress = record_.progress();
    progress.call = call;
    progress.call_size = size;
    event.result = body();
    progress.call_size = 0;
    progress.call = Call::kNone;
    event.kind = SwarmEvent::Kind::kCallEnd;
    record_.Append(event);
    return event.result;
  }

  std::string Connect(const SwarmStep& step) {
    Connection& connection = connections_.at(step.connection);
    connection.client = std::make_unique<Client>(api_, CallbackSet{});
    connection.client->on_callback = [this, &connection,
                                      step](const CallbackRecord& record) {
      OnCallback(step.connection, record, &connection);
    };
    std::string error =
        Checked(step, Call::kInitialize, "cpg_initialize", "",
                [&] { return connection.client->Initialize(); });
    if (!error.empty()) {
      return error;
    }
    connection.open = true;
    unsigned int node = 0;
    const cs_error_t result = RetryWhileTryAgain(
        [&] { return api_.local_get(connection.client->handle(), &node); },
        Swarm::kMemberDeadline);
    record_.progress().node = node;
    return result == CS_OK
               ? ""
               : fmt::format("cpg_local_get answered {}", ErrorName(result));
  }

  std::string Join(const SwarmStep& step) {
    Connection& connection = connections_.at(step.connection);
    std::string error = Checked(step, Call::kJoin, "cpg_join", step.text, [&] {
      return connection.client->Join(step.text);
    });
    return error.empty()
               ? Await("its own join", [&] { return connection.joined; })
               : error;
  }

  std::string AwaitPermit() {
    std::string error =
        Await("a permit", [&] { return record_.progress().permits > 0; });
    if (error.empty()) {
      --record_.progress().permits;
    }
    return error;
  }

  std::string Leave(const SwarmStep& step) {
    Connection& connection = connections_.at(step.connection);
    std::string error =
        Checked(step, Call::kLeave, "cpg_leave", step.text,
                [&] { return connection.client->Leave(step.text); });
    if (!error.empty() || step.without_waiting) {
      return error;
    }
    return Await("its own leave", [&] { return connection.left; });
  }

  std::string Multicast(const SwarmStep& step) {
    Connection& connection = connections_.at(step.connection);
    const int own_before = connection.own_messages;
    for (int i = 0; i < step.count; ++i) {
      const size_t size = step.sizes.at(i % step.sizes.size());
      std::string error =
          MulticastOne(step, fmt::format("{}-{}", step.text, i), size);
      if (error.empty() && step.dispatch_every > 0 &&
          i % step.dispatch_every == 0) {
        error = DispatchAll();
      }
      if (error.empty() && step.window > 0) {
        error = Await("its own messages", [&] {
          return connection.own_messages - own_before > i - step.window;
        });
      }
      if (!error.empty()) {
        return error;
      }
      if (step.until_departures > 0 &&
          connection.departures >= step.until_departures) {
        break;
      }
    }
    return "";
  }

  // Whoever is interrupted by a change of the group must send again.
  std::string MulticastOne(const SwarmStep& step, const std::string& name,
                           size_t size) {
    const std::string message = MakeMessage(name, size);
    cs_error_t result = CS_ERR_INTERRUPT;
    for (int i = 0; i < kInterruptsMax && result == CS_ERR_INTERRUPT; ++i) {
      result = Recorded(step, Call::kMulticast, name, message.size(), [&] {
        return connections_.at(step.connection).client->Multicast(message);
      });
    }
    return result == CS_OK ? ""
                           : fmt::format("cpg_mcast_joined of {} answered {}",
                                         name, ErrorName(result));
  }

  std::string Await(const std::string& what,
                    const std::function<bool()>& happened) {
    const auto end = Clock::now() + Swarm::kMemberDeadline;
    while (!happened()) {
      if (Clock::now() > end) {
        return fmt::format("waited in vain for {}", what);
      }
      WaitReadable();
      const std::string error = DispatchAll();
      if (!error.empty()) {
        return error;
      }
    }
    return "";
  }

  // Until a connection is readable, or for a while.
  void WaitReadable() {
    std::array<pollfd, Swarm::kConnectionsMax> watched{};
    nfds_t count = 0;
    for (const Connection& connection : connections_) {
      int fd = -1;
      if (connection.open &&
          api_.fd_get(connection.client->handle(), &fd) == CS_OK) {
        watched.at(count++) = {.fd = fd, .events = POLLIN, .revents = 0};
      }
    }
    poll(watched.data(), count, kPollMs);
  }

  std::string DispatchAll() {
    for (Connection& connection : connections_) {
      if (!connection.open) {
        continue;
      }
      const cs_error_t result = connection.client->Dispatch(CS_DISPATCH_ALL);
      if (result != CS_OK && result != CS_ERR_TRY_AGAIN) {
        return fmt::format("cpg_dispatch answered {}", ErrorName(result));
      }
    }
    return "";
  }

  void OnCallback(int number, const CallbackRecord& record,
                  Connection* connection) {
    SwarmEvent event{.connection = static_cast<uint32_t>(number),
                     .text = record.message,
                     .group = record.group,
                     .node = record.node_id,
                     .process = record.process,
                     .members = record.members,
                     .left = record.left,
                     .joined = record.joined};
    if (record.kind == CallbackRecord::Kind::kDeliver) {
      event.kind = SwarmEvent::Kind::kMessage;
      ++connection
            ->messages[record.message.substr(0, record.message.rfind('-'))];
      connection->own_messages += record.process == own_process_ ? 1 : 0;
    } else {
      event.kind = SwarmEvent::Kind::kChange;
      connection->joined |= Names(record.joined, own_process_);
      connection->left |= Names(record.left, own_process_);
      connection->members_max = std::max(
          connection->members_max, static_cast<int>(record.members.size()));
      connection->departures += static_cast<int>(record.left.size());
    }
    record_.Append(event);
  }

  const CpgApi& api_;
  SwarmRecord& record_;
  const uint32_t own_process_ = static_cast<uint32_t>(getpid());
  std::array<Connection, Swarm::kConnectionsMax> connections_;
};

}  // namespace

const std::vector<std::string_view>& SwarmSymbols() {
  static const std::vector<std::string_view> symbols = {
      "cpg_initialize", "cpg_finalize", "cpg_fd_get",       "cpg_dispatch",
      "cpg_join",       "cpg_leave",    "cpg_mcast_joined", "cpg_local_get"};
  return symbols;
}

void RunSwarmProgram(const std::string& library, const SwarmProgram& program,
                     SwarmRecord* record) noexcept {
  std::string error;
  const std::unique_ptr<CpgApi> api = LoadCpgApi(library, &error);
  if (api == nullptr) {
    record->Append({.kind = SwarmEvent::Kind::kEnd, .text = error});
    _exit(1);
  }
  for (const std::string_view symbol : SwarmSymbols()) {
    if (!api->Has(symbol)) {
      record->Append({.kind = SwarmEvent::Kind::kEnd,
                      .text = fmt::format("{} is not exported", symbol)});
      _exit(1);
    }
  }
  Program running(*api, record);
  for (const SwarmStep& step : program) {
    error = running.Run(step);
    if (!error.empty()) {
      running.End(error);
      _exit(1);
    }
    ++record->progress().steps;
  }
  running.End(kSwarmCompleted);
  _exit(0);
}

}  // namespace cpgcert::harness
