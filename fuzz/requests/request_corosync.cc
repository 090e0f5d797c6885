#include "fuzz/requests/request_corosync.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "harness/namespaces.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {

namespace {

namespace fs = std::filesystem;
namespace wire = harness::wire;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kDeadline{15};
constexpr std::chrono::seconds kStartDeadline{60};
constexpr int64_t kSpinSeconds = 2;  // of processor time
// One look at a connection; the wait goes on behind it.
constexpr int kSliceMs = 20;
constexpr int kQuietSliceMs = 2;
// Replies on another connection after which a reply will not come.
constexpr int kAnswersUntilQuiet = 2;
// libqb makes no buffers that are smaller.
constexpr size_t kAskSize = 12288;

std::string FolderPath() {
  return std::string(harness::kScratchDirectory) + "/requests";
}

// The state and the processor time of the daemon's main thread.
struct ThreadStat {
  char state = '?';
  int64_t ticks = 0;
};
ThreadStat StatOf(pid_t process) {
  std::ifstream file(fmt::format("/proc/{0}/task/{0}/stat", process));
  std::string text(std::istreambuf_iterator<char>(file), {});
  const size_t name_end = text.rfind(") ");
  if (name_end == std::string::npos) return {};
  std::istringstream fields(text.substr(name_end + 2));
  ThreadStat stat;
  fields >> stat.state;
  constexpr int kBetween = 10;  // ppid to cmajflt
  std::string skipped;
  for (int i = 0; i < kBetween; ++i) fields >> skipped;
  int64_t user = 0;
  int64_t system = 0;
  fields >> user >> system;
  stat.ticks = user + system;
  return stat;
}

// "" or why not. Everything but what this worker has mounted.
std::string ProtectFiles() {
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  if (syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &attributes,
              sizeof(attributes)) != 0) {
    return fmt::format("cannot make files read-only: {}", strerror(errno));
  }
  attributes = {};
  attributes.attr_clr = MOUNT_ATTR_RDONLY;
  for (const char* own : {"/run", "/dev/shm", harness::kScratchDirectory,
                          "/var/lib/corosync", "/var/log/corosync"}) {
    const long done = syscall(SYS_mount_setattr, AT_FDCWD, own, AT_RECURSIVE,
                              &attributes, sizeof(attributes));
    if (done != 0 && errno != EINVAL && errno != ENOENT) {
      return fmt::format("cannot write to {}: {}", own, strerror(errno));
    }
  }
  return "";
}

// The line that says most of a daemon's last words.
std::string PartOf(const std::string& words) {
  std::istringstream lines(words);
  std::string first;
  std::string line;
  std::getline(lines, first);
  while (std::getline(lines, line)) {
    const size_t found = line.find("Assertion");
    if (found != std::string::npos) return line.substr(found);
  }
  return first.substr(0, first.find(';'));
}

}  // namespace

CorosyncRequests::~CorosyncRequests() { CloseAll(); }

std::string CorosyncRequests::Folder() const { return FolderPath(); }

void CorosyncRequests::CloseAll() {
  for (int i = 0; i < kConnectionsMax; ++i) Close(i);
  if (asking_.connection != nullptr) qb_ipcc_disconnect(asking_.connection);
  asking_ = {};
}

std::string CorosyncRequests::Start() {
  CloseAll();
  loss_ = {};
  service_.Kill();
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  static const std::string protection = ProtectFiles();
  if (!protection.empty()) return protection;
  std::error_code code;
  fs::remove_all(FolderPath(), code);
  fs::create_directories(FolderPath(), code);
  if (code) return "cannot make " + FolderPath() + ": " + code.message();
  std::string error = service_.Restart(steady_clock::now() + kStartDeadline);
  if (!error.empty()) return error;
  buffer_.resize(wire::kBufferSize);
  asking_ = {.connection = ConnectTo(kAskSize), .size_max = kAskSize};
  return asking_.connection != nullptr ? "" : "corosync refuses a client";
}

CorosyncRequests::Patience CorosyncRequests::Begin() const {
  return {.deadline = steady_clock::now() + kDeadline,
          .processor_ticks = StatOf(service_.pid()).ticks};
}

void CorosyncRequests::Note(const char* damage, const std::string& part,
                            const std::string& came) {
  loss_ = {.damage = damage,
           .part = part,
           .owed = "the service goes on, whatever a client sends",
           .came = came};
}

bool CorosyncRequests::MayWait(const Patience& patience, const char* what) {
  if (lost()) return false;
  if (!service_.Alive()) {
    const std::string words = service_.Stop();  // which it cannot
    Note("the service dies", PartOf(words), words);
    return false;
  }
  const int64_t used = StatOf(service_.pid()).ticks - patience.processor_ticks;
  if (used > kSpinSeconds * sysconf(_SC_CLK_TCK)) {
    Note("the service spins", what,
         fmt::format("more than {} s of processor time, and no {}",
                     kSpinSeconds, what));
    return false;
  }
  if (steady_clock::now() > patience.deadline) {
    Note("the service hangs", what,
         fmt::format("no {} in {} s", what, kDeadline.count()));
    return false;
  }
  return true;
}

ssize_t CorosyncRequests::Insist(const char* what,
                                 const std::function<ssize_t()>& call) {
  std::optional<Patience> patience;
  for (;;) {
    const ssize_t result = call();
    if (result != -EAGAIN && result != -ETIMEDOUT) return result;
    if (!patience.has_value()) patience = Begin();
    if (!MayWait(*patience, what)) return -ENOTCONN;
  }
}

qb_ipcc_connection_t* CorosyncRequests::ConnectTo(size_t size_max) {
  qb_ipcc_connection_t* made = nullptr;
  const auto connect = [&]() -> ssize_t {
    int descriptor = -1;
    qb_ipcc_connection_t* const connection =
        qb_ipcc_connect_async("cpg", size_max, &descriptor);
    if (connection == nullptr) return errno == EAGAIN ? -EAGAIN : -ENOTCONN;
    pollfd answer{descriptor, POLLIN, 0};
    const Patience patience = Begin();
    while (poll(&answer, 1, kSliceMs) <= 0) {
      if (!MayWait(patience, "connection")) break;
    }
    const int result = qb_ipcc_connect_continue(connection);
    if (result == 0) made = connection;
    return result;
  };
  Insist("connection", connect);
  if (made == nullptr && asking_.connection != nullptr) SeeWhetherItIsThere();
  return made;
}

void CorosyncRequests::SeeWhetherItIsThere() {
  if (lost() || Ask() || lost()) return;
  // Its connections are closed before its end can be seen.
  pollfd end{service_.pidfd(), POLLIN, 0};
  const auto wait = std::chrono::milliseconds(kDeadline).count();
  poll(&end, 1, static_cast<int>(wait));
  if (MayWait(Begin(), "reply")) {
    Note("the service hangs", "reply", "it has closed every connection");
  }
}

bool CorosyncRequests::Connect(int connection, size_t size_max) {
  Close(connection);
  if (lost()) return false;
  size_max = std::clamp(size_max, kAskSize, wire::kBufferSize);
  Client& client = clients_.at(connection);
  client = {.connection = ConnectTo(size_max), .size_max = size_max};
  return client.connection != nullptr;
}

void CorosyncRequests::Close(int connection) {
  Client& client = clients_.at(connection);
  if (client.connection != nullptr) qb_ipcc_disconnect(client.connection);
  client = {};
}

bool CorosyncRequests::Ask() {
  const std::string request =
      wire::Build(wire::Request(wire::LocalGetRequest{}));
  if (asking_.connection == nullptr || lost()) return false;
  if (Insist("room for a request", [&] {
        return qb_ipcc_send(asking_.connection, request.data(), request.size());
      }) < 0) {
    return false;
  }
  return Insist("reply to local get", [&] {
           return qb_ipcc_recv(asking_.connection, buffer_.data(),
                               buffer_.size(), kSliceMs);
         }) > 0;
}

RequestService::Answer CorosyncRequests::Send(int connection,
                                              std::string_view request) {
  Client& client = clients_.at(connection);
  if (lost()) return {.outcome = Outcome::kLost};
  if (client.connection == nullptr) return {.outcome = Outcome::kClosed};
  const auto closed = [&]() -> Answer {
    SeeWhetherItIsThere();
    return {.outcome = lost() ? Outcome::kLost : Outcome::kClosed};
  };
  if (Insist("room for a request", [&] {
        return qb_ipcc_send(client.connection, request.data(), request.size());
      }) < 0) {
    return closed();
  }
  if (wire::IdOf(request) == static_cast<int>(wire::RequestId::kMulticast)) {
    return {.outcome = Outcome::kNone};
  }
  const auto take = [&](int wait_ms) {
    return qb_ipcc_recv(client.connection, buffer_.data(), buffer_.size(),
                        wait_ms);
  };
  ssize_t size = take(kQuietSliceMs);
  for (int i = 0; i < kAnswersUntilQuiet; ++i) {
    if (size != -EAGAIN && size != -ETIMEDOUT) break;
    if (!Ask()) return closed();
    size = take(0);
  }
  if (size == -EAGAIN || size == -ETIMEDOUT) {
    return {.outcome = Outcome::kNone};
  }
  if (size < 0) return closed();
  return {.outcome = Outcome::kReply,
          .reply = std::string(buffer_.data(), static_cast<size_t>(size))};
}

std::optional<std::string> CorosyncRequests::TakeEvent(int connection,
                                                       bool wait) {
  Client& client = clients_.at(connection);
  if (lost() || client.connection == nullptr) return std::nullopt;
  const auto take = [&](int wait_ms) {
    return qb_ipcc_event_recv(client.connection, buffer_.data(), buffer_.size(),
                              wait_ms);
  };
  const ssize_t size =
      wait ? Insist("event", [&] { return take(kSliceMs); }) : take(0);
  if (size < 0) {
    if (wait) SeeWhetherItIsThere();
    return std::nullopt;
  }
  return std::string(buffer_.data(), static_cast<size_t>(size));
}

void CorosyncRequests::WaitIdle() {
  if (lost()) return;
  const Patience patience = Begin();
  while (StatOf(service_.pid()).state != 'S' && MayWait(patience, "sleep")) {
    pollfd end{service_.pidfd(), POLLIN, 0};
    poll(&end, 1, 1);
  }
}

RequestService::Look CorosyncRequests::LookAtProcess() {
  Look look;
  std::error_code code;
  const std::string process = fmt::format("/proc/{}", service_.pid());
  for (auto entry = fs::directory_iterator(process + "/fd", code);
       !code && entry != fs::directory_iterator(); entry.increment(code)) {
    ++look.descriptors;
  }
  std::ifstream file(process + "/statm");
  size_t size = 0;
  size_t resident = 0;
  file >> size >> resident;
  look.resident_bytes = resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return look;
}

}  // namespace cpgcert::fuzz
