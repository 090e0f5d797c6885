#include "harness/isolated_run.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <system_error>

#include "harness/process_tree.h"

namespace cpgcert::harness {

namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kStepsSize = 4096;
constexpr size_t kOutputEdgeSize = 2048;
// Our own status for "the report is complete"; the report decides, this only
// tells a late crash from a clean end.
constexpr int kFinishedStatus = 0;

// What parent and child share. The nonce is written last.
struct SharedReport {
  std::atomic<uint64_t> nonce_complement;
  uint64_t size;
  uint64_t checksum;
  std::atomic<uint64_t> steps_written;
  std::array<char, kStepsSize> steps;
  std::array<char, kReportSizeMax> body;
};

uint64_t Checksum(std::string_view bytes) {
  return std::hash<std::string_view>{}(bytes);
}

// The shared memory of a run.
class SharedMapping {
 public:
  SharedMapping() {
    void* memory = mmap(nullptr, sizeof(SharedReport), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    report_ = memory == MAP_FAILED ? nullptr : memory;
  }
  ~SharedMapping() {
    if (report_ != nullptr) {
      munmap(report_, sizeof(SharedReport));
    }
  }
  SharedMapping(const SharedMapping&) = delete;
  SharedMapping& operator=(const SharedMapping&) = delete;

  SharedReport* get() const { return static_cast<SharedReport*>(report_); }

 private:
  void* report_ = nullptr;
};

uint64_t NewNonce() {
  uint64_t nonce = 0;
  while (getrandom(&nonce, sizeof(nonce), 0) != sizeof(nonce) || nonce == 0) {
  }
  return nonce;
}

// Keeps the beginning and the end of what it is fed.
class OutputEdges {
 public:
  void Append(std::string_view text) {
    const size_t room =
        kOutputEdgeSize - std::min(kOutputEdgeSize, head_.size());
    head_ += text.substr(0, room);
    text.remove_prefix(std::min(room, text.size()));
    if (text.size() > kOutputEdgeSize) {
      dropped_ += text.size() - kOutputEdgeSize;
      text.remove_prefix(text.size() - kOutputEdgeSize);
    }
    tail_ += text;
    if (tail_.size() > kOutputEdgeSize) {
      dropped_ += tail_.size() - kOutputEdgeSize;
      tail_.erase(0, tail_.size() - kOutputEdgeSize);
    }
  }

  std::string Text() const {
    if (dropped_ == 0) {
      return head_ + tail_;
    }
    return fmt::format("{}\n[{} bytes left out]\n{}", head_, dropped_, tail_);
  }

 private:
  std::string head_;
  std::string tail_;
  size_t dropped_ = 0;
};

// Reads what the pipe holds without waiting; false at its end. A pipe holds
// 1 MB at most (fcntl(2), F_SETPIPE_SZ): a flood cannot keep us here.
bool ReadAvailable(int pipe, OutputEdges* output) {
  constexpr int kReadsMax = 16;
  std::array<char, 65536> buffer{};
  for (int i = 0; i < kReadsMax; ++i) {
    const ssize_t size = read(pipe, buffer.data(), buffer.size());
    if (size > 0) {
      output->Append({buffer.data(), static_cast<size_t>(size)});
      if (static_cast<size_t>(size) < buffer.size()) {
        return true;
      }
      continue;
    }
    return size < 0 && (errno == EAGAIN || errno == EINTR);
  }
  return true;
}

void SetLimits() {
  rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  rlimit descriptors{1024, 4096};
  setrlimit(RLIMIT_NOFILE, &descriptors);
}

void ResetSignals() {
  for (int number = 1; number < NSIG; ++number) {
    if (number != SIGKILL && number != SIGSTOP) {
      signal(number, SIG_DFL);
    }
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

struct ChildSetting {
  int output = -1;  // the pipe's writing end
  std::string scratch;
  pid_t parent = 0;
};

// An exception that leaves the body must not unwind into the parent's code.
[[noreturn]] void RunChild(const ChildSetting& setting,
                           const IsolatedBody& body, SharedReport* shared,
                           uint64_t nonce) noexcept {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != setting.parent) {
    _exit(kFinishedStatus + 1);  // the parent died before the line above
  }
  prctl(PR_SET_CHILD_SUBREAPER, 0);
  setpgid(0, 0);
  ResetSignals();
  SetLimits();
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  dup2(null, STDIN_FILENO);
  dup2(setting.output, STDOUT_FILENO);
  dup2(setting.output, STDERR_FILENO);
  close_range(STDERR_FILENO + 1, ~0U, 0);
  umask(077);
  if (chdir(setting.scratch.c_str()) != 0) {
    _exit(kFinishedStatus + 1);
  }
  ReportWriter writer(shared);
  body(writer, nonce);
  _exit(kFinishedStatus);
}

std::string ReadSteps(const SharedReport& shared) {
  const uint64_t written = shared.steps_written.load();
  std::string steps;
  const uint64_t begin = written > kStepsSize ? written - kStepsSize : 0;
  for (uint64_t at = begin; at < written; ++at) {
    steps += shared.steps[at % kStepsSize];
  }
  const size_t cut_end = steps.find('\n') + 1;
  if (begin > 0 && cut_end < steps.size()) {
    steps.erase(0, cut_end);
  }
  return steps;
}

bool ReportIsComplete(const SharedReport& shared, uint64_t nonce) {
  if (shared.nonce_complement.load() != ~nonce ||
      shared.size > shared.body.size()) {
    return false;
  }
  return Checksum({shared.body.data(), shared.size}) == shared.checksum;
}

// Decides from what the kernel and the child say; see IsolatedResult.
void Decide(const SharedReport& shared, uint64_t nonce, int status,
            bool timed_out, IsolatedResult* result) {
  result->steps = ReadSteps(shared);
  if (timed_out) {
    result->verdict = Verdict::kHang;
    result->end = "still running at the deadline";
    return;
  }
  result->end = DescribeEnd(status);
  const bool clean =
      WIFEXITED(status) && WEXITSTATUS(status) == kFinishedStatus;
  if (!clean || !ReportIsComplete(shared, nonce)) {
    result->verdict = Verdict::kCrash;
    if (clean) {
      result->end += " before the case had ended";
    }
    return;
  }
  result->verdict = Verdict::kPass;
  result->report.assign(shared.body.data(), shared.size);
}

// Waits for the end of the child while its output is drained; false if the
// deadline passed first.
bool WaitForEnd(int pidfd, int pipe, Clock::time_point end,
                OutputEdges* output) {
  bool pipe_open = true;
  while (true) {
    const auto now = Clock::now();
    if (now >= end) {
      return false;
    }
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(end - now);
    std::array<pollfd, 2> watched{
        {{pidfd, POLLIN, 0}, {pipe_open ? pipe : -1, POLLIN, 0}}};
    if (poll(watched.data(), watched.size(),
             static_cast<int>(left.count()) + 1) < 0) {
      continue;
    }
    if (watched[1].revents != 0) {
      pipe_open = ReadAvailable(pipe, output);
    }
    if (watched[0].revents != 0) {
      return true;
    }
  }
}

struct Descriptors {
  int output_read = -1;
  int output_write = -1;
  int pidfd = -1;
  ~Descriptors() {
    for (const int descriptor : {output_read, output_write, pidfd}) {
      if (descriptor >= 0) {
        close(descriptor);
      }
    }
  }
};

IsolatedResult Failed(const std::string& what) {
  IsolatedResult result;
  result.end = fmt::format("{}: {}", what, std::strerror(errno));
  return result;
}

}  // namespace

void ReportWriter::Step(std::string_view what) {
  auto* shared = static_cast<SharedReport*>(shared_);
  const uint64_t at = shared->steps_written.fetch_add(what.size() + 1);
  for (size_t i = 0; i <= what.size(); ++i) {
    shared->steps[(at + i) % kStepsSize] = i < what.size() ? what[i] : '\n';
  }
}

void ReportWriter::Finish(std::string_view body, uint64_t nonce) {
  auto* shared = static_cast<SharedReport*>(shared_);
  const std::string_view kept = body.substr(0, kReportSizeMax);
  std::memcpy(shared->body.data(), kept.data(), kept.size());
  shared->size = kept.size();
  shared->checksum = Checksum(kept);
  shared->nonce_complement.store(~nonce);
}

IsolatedResult RunIsolated(const IsolatedOptions& options,
                           const IsolatedBody& body) {
  const SharedMapping mapping;
  if (mapping.get() == nullptr) {
    return Failed("cannot map memory for the report");
  }
  Descriptors descriptors;
  std::array<int, 2> pipes{};
  if (pipe2(pipes.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    return Failed("cannot make a pipe");
  }
  descriptors.output_read = pipes[0];
  descriptors.output_write = pipes[1];
  // The child's end must block, or a library's prints would fail.
  fcntl(pipes[1], F_SETFL, 0);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  std::string scratch = options.scratch_root + "/case-XXXXXX";
  if (mkdtemp(scratch.data()) == nullptr) {
    return Failed("cannot make a scratch directory in " + options.scratch_root);
  }
  const uint64_t nonce = NewNonce();
  const auto begin = Clock::now();
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) {
    RunChild({pipes[1], scratch, parent}, body, mapping.get(), nonce);
  }
  if (child < 0) {
    IsolatedResult failed = Failed("cannot fork");
    rmdir(scratch.c_str());
    return failed;
  }
  close(descriptors.output_write);
  descriptors.output_write = -1;
  descriptors.pidfd = static_cast<int>(syscall(SYS_pidfd_open, child, 0));

  IsolatedResult result;
  result.process = child;
  OutputEdges output;
  const bool ended = WaitForEnd(descriptors.pidfd, descriptors.output_read,
                                begin + options.deadline, &output);
  if (!ended) {
    result.threads = DescribeThreads(child);
    kill(child, SIGKILL);
  }
  int status = 0;
  waitpid(child, &status, 0);
  result.duration = Clock::now() - begin;
  result.strays = KillChildrenExcept(options.keep);
  ReadAvailable(descriptors.output_read, &output);
  result.output = output.Text();
  Decide(*mapping.get(), nonce, status, !ended, &result);
  if (rmdir(scratch.c_str()) != 0) {
    std::error_code ignored;
    std::filesystem::remove_all(scratch, ignored);
  }
  return result;
}

}  // namespace cpgcert::harness
