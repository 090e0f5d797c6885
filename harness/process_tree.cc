#include "harness/process_tree.h"

#include <fmt/core.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <system_error>

namespace cpgcert::harness {

namespace {

constexpr int kRoundsMax = 1000;

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string FirstLine(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

// The state letter of /proc/[pid]/stat, which follows the last ')'.
std::string State(const std::string& stat) {
  const size_t at = stat.rfind(") ");
  return at == std::string::npos ? "?" : stat.substr(at + 2, 1);
}

bool IsZombie(pid_t process) {
  return State(ReadFile(fmt::format("/proc/{}/stat", process))) == "Z";
}

}  // namespace

std::string DescribeThreads(pid_t process) {
  std::string text;
  std::error_code error;
  const std::filesystem::path tasks = fmt::format("/proc/{}/task", process);
  for (const auto& task : std::filesystem::directory_iterator(tasks, error)) {
    text += fmt::format("thread {} ({}): state {}, system call {}\n",
                        task.path().filename().string(),
                        FirstLine(ReadFile(task.path() / "comm")),
                        State(ReadFile(task.path() / "stat")),
                        FirstLine(ReadFile(task.path() / "syscall")));
  }
  return text;
}

std::string DescribeEnd(int status) {
  if (WIFEXITED(status)) {
    return fmt::format("exited with status {}", WEXITSTATUS(status));
  }
  const int number = WTERMSIG(status);
  const char* name = sigabbrev_np(number);
  return fmt::format("killed by signal {} (SIG{})", number,
                     name != nullptr ? name : "?");
}

ThreadCounts CountThreads(pid_t process) {
  ThreadCounts counts;
  std::error_code error;
  const std::filesystem::path tasks = fmt::format("/proc/{}/task", process);
  for (const auto& task : std::filesystem::directory_iterator(tasks, error)) {
    ++counts.all;
    counts.stopped += State(ReadFile(task.path() / "stat")) == "T" ? 1 : 0;
  }
  return counts;
}

std::vector<pid_t> Children() {
  std::vector<pid_t> children;
  std::ifstream list("/proc/thread-self/children");
  for (pid_t child = 0; list >> child;) {
    children.push_back(child);
  }
  return children;
}

int KillChildrenExcept(const std::vector<pid_t>& keep) {
  int killed = 0;
  for (int round = 0; round < kRoundsMax; ++round) {
    bool found = false;
    for (const pid_t child : Children()) {
      if (std::ranges::find(keep, child) != keep.end()) {
        continue;
      }
      found = true;
      killed += IsZombie(child) ? 0 : 1;
      kill(child, SIGKILL);
      waitpid(child, nullptr, 0);
    }
    if (!found) {
      break;
    }
  }
  return killed;
}

}  // namespace cpgcert::harness
