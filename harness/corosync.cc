#include "harness/corosync.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string_view>
#include <utility>

#include "harness/namespaces.h"

namespace cpgcert::harness {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Until `corosync -v` has spoken.
constexpr milliseconds kVersionLimit{10'000};
constexpr size_t kVersionBytes = 65'536;

std::string ErrnoText(const std::string& what) {
  return what + ": " + strerror(errno);
}

bool IsExecutable(const std::string& path) {
  struct stat status;
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         access(path.c_str(), X_OK) == 0;
}

// "" or why not.
std::string WriteFile(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::trunc);
  file << text;
  file.close();
  return file ? "" : ErrnoText("cannot write " + path);
}

// A user id that is not root's, in a user namespace of our own: for the daemon
// there, our clients have that id too.
bool LeaveRoot() {
  std::string uid_map = "1 " + std::to_string(geteuid()) + " 1";
  std::string gid_map = "1 " + std::to_string(getegid()) + " 1";
  if (unshare(CLONE_NEWUSER) != 0) return false;
  for (const auto& [path, text] :
       {std::pair<const char*, std::string>{"/proc/self/setgroups", "deny"},
        {"/proc/self/uid_map", uid_map},
        {"/proc/self/gid_map", gid_map}}) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return false;
    ssize_t size = write(fd, text.data(), text.size());
    close(fd);
    if (size != static_cast<ssize_t>(text.size())) return false;
  }
  return true;
}

std::string DefaultDirectory() {
  return std::string(kScratchDirectory) + "/corosync";
}

}  // namespace

Corosync::Corosync(CorosyncOptions options)
    : Service("corosync", options.run_directory.empty()
                              ? DefaultDirectory()
                              : options.run_directory),
      options_(std::move(options)) {}

Corosync::Found Corosync::FindCorosync() {
  const char* path = getenv("PATH");
  std::string folders = std::string(path != nullptr ? path : "") + ":/usr/sbin";
  for (size_t begin = 0; begin <= folders.size();) {
    size_t end = std::min(folders.find(':', begin), folders.size());
    std::string candidate = folders.substr(begin, end - begin) + "/corosync";
    if (candidate[0] == '/' && IsExecutable(candidate)) return {candidate, ""};
    begin = end + 1;
  }
  return {"", "no corosync on this machine: install the package corosync"};
}

std::string Corosync::Configuration() const {
  std::string text;
  auto line = [&text](const std::string& item) { text += item + "\n"; };
  auto number = [&line](const char* key, int64_t value) {
    line("  " + std::string(key) + ": " + std::to_string(value));
  };
  line("totem {");
  line("  version: 2");
  line("  cluster_name: cpgcert");
  line(options_.transport == CorosyncTransport::kKnet ? "  transport: knet"
                                                      : "  transport: udpu");
  line("  crypto_cipher: none");
  line("  crypto_hash: none");
  bool alone = options_.nodes.size() == 1;
  if (alone && options_.transport == CorosyncTransport::kUdpu) {
    // Loopback takes large packets: a message of 3 MB is sent in half the
    // time, and the sender rarely meets a full queue.
    number("netmtu", 60000);
  }
  auto timer = [&](const char* key, milliseconds wanted, int one, int many) {
    number(key, wanted.count() > 0 ? wanted.count() : alone ? one : many);
  };
  timer("token", options_.token, 3000, 300);
  timer("consensus", options_.consensus, 3600, 400);
  timer("join", options_.join, 50, 30);
  line("}");
  line("nodelist {");
  for (const CorosyncNode& node : options_.nodes) {
    line("  node {");
    number("nodeid", node.id);
    line("  ring0_addr: " + node.address);
    line("  }");
  }
  line("}");
  line("logging {");
  line("  to_stderr: yes");
  line("  to_syslog: no");
  line("  timestamp: off");
  line("  blackbox: off");  // 7 ms and 8 MB of /dev/shm
  line("}");
  // Nothing that needs privileges, or that reaches beyond this daemon.
  line("system {");
  line("  sched_rr: no");
  line("  move_to_root_cgroup: no");
  line("  allow_knet_handle_fallback: yes");
  line("  state_dir: " + run_directory());
  line("}");
  text += options_.extra_configuration;
  return text;
}

std::string Corosync::Prepare() {
  executable_ = options_.executable;
  if (executable_.empty()) {
    Found found = FindCorosync();
    if (!found.error.empty()) return found.error;
    executable_ = found.path;
  }
  return WriteFile(ConfigurationPath(), Configuration());
}

std::string Corosync::ConfigurationPath() const {
  return run_directory() + "/corosync.conf";
}

void Corosync::ChangeCredentials() {
  if (!options_.admit_clients && !LeaveRoot()) DieInChild("cannot leave root");
}

void Corosync::Become() {
  const std::string configuration = ConfigurationPath();
  const char* arguments[] = {executable_.c_str(), "-f", "-c",
                             configuration.c_str(), nullptr};
  const char* environment[] = {
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "LC_ALL=C", nullptr};
  execve(executable_.c_str(), const_cast<char**>(arguments),
         const_cast<char**>(environment));
  DieInChild("cannot execute " + executable_);
}

std::string Corosync::Version() const {
  std::string executable = options_.executable;
  if (executable.empty()) executable = FindCorosync().path;
  if (executable.empty()) return "";
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return "";
  pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(ends[1], STDOUT_FILENO);
    execl(executable.c_str(), executable.c_str(), "-v", nullptr);
    _exit(1);
  }
  close(ends[1]);
  std::string text;
  auto deadline = steady_clock::now() + kVersionLimit;
  while (pid > 0 && text.size() < kVersionBytes) {
    pollfd entry = {.fd = ends[0], .events = POLLIN, .revents = 0};
    const auto left = std::chrono::duration_cast<milliseconds>(
        deadline - steady_clock::now());
    poll(&entry, 1, std::max(0, static_cast<int>(left.count())));
    char chunk[4096];
    if (entry.revents == 0 && steady_clock::now() < deadline) continue;
    ssize_t size = entry.revents ? read(ends[0], chunk, sizeof(chunk)) : 0;
    if (size <= 0) break;
    text.append(chunk, static_cast<size_t>(size));
  }
  close(ends[0]);
  if (pid > 0) {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
  constexpr std::string_view kBefore = "version '";
  size_t begin = text.find(kBefore);
  if (begin == std::string::npos) return "";
  begin += kBefore.size();
  return text.substr(begin, text.find('\'', begin) - begin);
}

}  // namespace cpgcert::harness
