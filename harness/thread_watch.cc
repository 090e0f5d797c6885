#include "harness/thread_watch.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "harness/trace/trace_event.h"

namespace cpgcert::harness {

namespace {

constexpr int64_t kNsPerSecond = 1'000'000'000;
constexpr int64_t kNsPerMs = 1'000'000;
// Between two looks: long enough to leave a processor to the watched thread.
constexpr int64_t kPauseNs = 40'000;

int64_t ToNs(const timespec& time) {
  return time.tv_sec * kNsPerSecond + time.tv_nsec;
}

std::string ReadFileAt(int directory, const char* name) {
  const int file = openat(directory, name, O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return "";
  }
  std::array<char, 4096> buffer{};
  const ssize_t size = read(file, buffer.data(), buffer.size() - 1);
  close(file);
  return size > 0 ? std::string(buffer.data(), size) : "";
}

// Copies `size` bytes of this process that may be unmapped by now.
bool ReadOwnMemory(uint64_t address, void* target, size_t size) {
  iovec local{target, size};
  iovec remote{reinterpret_cast<void*>(address), size};  // NOLINT
  return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) ==
         static_cast<ssize_t>(size);
}

int64_t MillisecondTimeout(uint64_t argument) {
  const auto timeout_ms = static_cast<int32_t>(argument);
  return timeout_ms < 0 ? kInfiniteNs : timeout_ms * kNsPerMs;
}

int64_t TimespecTimeout(uint64_t address) {
  timespec time{};
  if (address == 0 || !ReadOwnMemory(address, &time, sizeof(time))) {
    return kInfiniteNs;
  }
  return ToNs(time);
}

int64_t TimevalTimeout(uint64_t address) {
  timeval time{};
  if (address == 0 || !ReadOwnMemory(address, &time, sizeof(time))) {
    return kInfiniteNs;
  }
  return time.tv_sec * kNsPerSecond + time.tv_usec * 1000;
}

// The rest of a wait that ends at an absolute time of `clock`.
int64_t AbsoluteTimeout(uint64_t address, clockid_t clock) {
  const int64_t end_ns = TimespecTimeout(address);
  if (end_ns == kInfiniteNs) {
    return kInfiniteNs;
  }
  timespec now{};
  clock_gettime(clock, &now);
  return std::max<int64_t>(end_ns - ToNs(now), 0);
}

int64_t FutexTimeout(const std::array<uint64_t, 6>& arguments) {
  const auto operation = static_cast<int>(arguments[1]);
  if ((operation & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET) {
    const bool realtime = (operation & FUTEX_CLOCK_REALTIME) != 0;
    return AbsoluteTimeout(arguments[3],
                           realtime ? CLOCK_REALTIME : CLOCK_MONOTONIC);
  }
  return TimespecTimeout(arguments[3]);
}

int64_t ClockNanosleepTimeout(const std::array<uint64_t, 6>& arguments) {
  if ((arguments[1] & TIMER_ABSTIME) != 0) {
    return AbsoluteTimeout(arguments[2], static_cast<clockid_t>(arguments[0]));
  }
  return TimespecTimeout(arguments[2]);
}

Sleep DecodeSleep(int64_t number, const std::array<uint64_t, 6>& arguments) {
  switch (number) {
    case SYS_poll:
      return {"poll", MillisecondTimeout(arguments[2])};
    case SYS_ppoll:
      return {"ppoll", TimespecTimeout(arguments[2])};
    case SYS_epoll_wait:
      return {"epoll_wait", MillisecondTimeout(arguments[3])};
    case SYS_epoll_pwait:
      return {"epoll_pwait", MillisecondTimeout(arguments[3])};
    case SYS_epoll_pwait2:
      return {"epoll_pwait2", TimespecTimeout(arguments[3])};
    case SYS_select:
      return {"select", TimevalTimeout(arguments[4])};
    case SYS_pselect6:
      return {"pselect6", TimespecTimeout(arguments[4])};
    case SYS_futex:
      return {"futex", FutexTimeout(arguments)};
    case SYS_nanosleep:
      return {"nanosleep", TimespecTimeout(arguments[0])};
    case SYS_clock_nanosleep:
      return {"clock_nanosleep", ClockNanosleepTimeout(arguments)};
    case SYS_rt_sigtimedwait:
      return {"rt_sigtimedwait", TimespecTimeout(arguments[2])};
    case SYS_semtimedop:
      return {"semtimedop", TimespecTimeout(arguments[3])};
    case SYS_pause:
      return {"pause", kInfiniteNs};
    case SYS_read:
      return {"read", kInfiniteNs};
    case SYS_recvfrom:
      return {"recvfrom", kInfiniteNs};
    case SYS_recvmsg:
      return {"recvmsg", kInfiniteNs};
    case SYS_restart_syscall:
      return {"restart_syscall", kInfiniteNs};
    default:
      return {fmt::format("system call {}", number), kInfiniteNs};
  }
}

// Read when a case ends, by the thread that started the calls.
std::atomic<int> calls_under_way{0};

// The threads of watched calls, those that have ended included.
std::mutex own_threads_mutex;
std::set<pid_t> own_threads;

void NoteOwnThread(pid_t thread) {
  const std::scoped_lock lock(own_threads_mutex);
  own_threads.insert(thread);
}

bool IsOwnThread(pid_t thread) {
  const std::scoped_lock lock(own_threads_mutex);
  return thread == getpid() || thread == gettid() ||
         own_threads.contains(thread);
}

// Parses "7 0x7ffd... 0x1 0xffffffff 0x0 0x0 0x0 SP PC"; false if "running".
bool ParseSyscall(const std::string& line, Sleep* sleep) {
  if (line.empty() || line.starts_with("running")) {
    return false;
  }
  const char* at = line.c_str();
  char* end = nullptr;
  const int64_t number = std::strtoll(at, &end, 10);
  if (end == at || number < 0) {
    return false;  // blocked outside a system call, such as in a page fault
  }
  std::array<uint64_t, 6> arguments{};
  for (uint64_t& argument : arguments) {
    at = end;
    argument = std::strtoull(at, &end, 16);
  }
  *sleep = DecodeSleep(number, arguments);
  return true;
}

uint64_t ParseSwitches(const std::string& status) {
  constexpr std::string_view key = "\nvoluntary_ctxt_switches:";
  const size_t at = status.find(key);
  return at == std::string::npos
             ? 0
             : std::strtoull(status.c_str() + at + key.size(), nullptr, 10);
}

std::string DescribeTimeout(int64_t timeout_ns) {
  if (timeout_ns == kInfiniteNs) {
    return "no time-out";
  }
  return fmt::format("time-out {:.3g} ms",
                     static_cast<double>(timeout_ns) / kNsPerMs);
}

}  // namespace

std::string Describe(const CallState& state) {
  const Sleep& sleep = state.sample.sleep;
  switch (state.kind) {
    case CallState::Kind::kReturned:
      return "returned";
    case CallState::Kind::kAsleep:
      return fmt::format("asleep in {}, {}", sleep.call,
                         DescribeTimeout(sleep.timeout_ns));
    case CallState::Kind::kPolling:
      return fmt::format("polling: wakes again and again from {}, {}",
                         sleep.call, DescribeTimeout(sleep.timeout_ns));
    case CallState::Kind::kSpinning:
      return "spinning: uses the processor and does not return";
    case CallState::Kind::kEnded:
      return "not returned, and its thread has ended";
    case CallState::Kind::kUndecided:
      break;
  }
  return "neither returned nor at rest before the deadline";
}

namespace {

trace::Json ToJson(const CallState& state) {
  return {{"state", static_cast<int>(state.kind)},
          {"described", Describe(state)},
          {"asleep", state.sample.asleep},
          {"call", state.sample.sleep.call},
          {"timeout_ns", state.sample.sleep.timeout_ns},
          {"switches", state.sample.switches},
          {"processor_ns", state.sample.processor_ns},
          {"proof_ns", state.proof_ns}};
}

CallState FromJson(const trace::Json& json) {
  CallState state;
  state.kind = static_cast<CallState::Kind>(json.at("state").get<int>());
  state.sample.exists = true;
  state.sample.asleep = json.at("asleep").get<bool>();
  state.sample.sleep.call = json.at("call").get<std::string>();
  state.sample.sleep.timeout_ns = json.at("timeout_ns").get<int64_t>();
  state.sample.switches = json.at("switches").get<uint64_t>();
  state.sample.processor_ns = json.at("processor_ns").get<int64_t>();
  state.proof_ns = json.at("proof_ns").get<int64_t>();
  return state;
}

}  // namespace

WatchedCall::WatchedCall(std::function<void()> call)
    : thread_([this, call = std::move(call)] { Run(call); }) {
  WaitStarted();
}

WatchedCall::~WatchedCall() {
  if (thread_.joinable()) {
    thread_.join();
  }
  if (directory_ >= 0) {
    close(directory_);
  }
}

void WatchedCall::Run(const std::function<void()>& call) {
  ticket_.Begin();
  {
    const std::scoped_lock lock(mutex_);
    directory_ = open("/proc/thread-self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    NoteOwnThread(gettid());
    pthread_getcpuclockid(pthread_self(), &clock_);
    begin_ = std::chrono::steady_clock::now();
    started_ = true;
    ++calls_under_way;
  }
  changed_.notify_all();
  call();
  --calls_under_way;
  {
    const std::scoped_lock lock(mutex_);
    returned_ = true;
  }
  changed_.notify_all();
}

void WatchedCall::WaitStarted() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return started_; });
}

bool WatchedCall::PauseOrReturned(int64_t pause_ns) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::nanoseconds(pause_ns),
                           [this] { return returned_; });
}

bool WatchedCall::WaitReturned(std::chrono::milliseconds deadline) {
  const bool came = returned_seen_.See([&] {
    return PauseOrReturned(
        std::chrono::duration_cast<std::chrono::nanoseconds>(deadline).count());
  });
  return came && AwaitReturn();
}

bool WatchedCall::returned() {
  const bool came = returned_seen_.See([this] { return HasReturned(); });
  return came && AwaitReturn();
}

// What has been seen is waited for in a replay, whose thread comes to it.
bool WatchedCall::AwaitReturn() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return returned_; });
  return true;
}

bool WatchedCall::HasReturned() {
  const std::scoped_lock lock(mutex_);
  return returned_;
}

ThreadSample WatchedCall::Sample() {
  ThreadSample sample;
  // The switches before and after the call: if they are the same, the thread
  // was in that call's sleep when they were read; if they are also the same at
  // the next look, everything between the two looks was one sleep.
  const std::string status = ReadFileAt(directory_, "status");
  sample.exists = !status.empty();
  sample.switches = ParseSwitches(status);
  // Not state D: that is a wait for memory or a disk, which ends by itself.
  sample.asleep =
      status.find("\nState:\tS") != std::string::npos &&
      ParseSyscall(ReadFileAt(directory_, "syscall"), &sample.sleep) &&
      ParseSwitches(ReadFileAt(directory_, "status")) == sample.switches;
  timespec processor{};
  if (!HasReturned() && clock_gettime(clock_, &processor) == 0) {
    sample.processor_ns = ToNs(processor);
  }
  return sample;
}

CallState WatchedCall::Settled(CallState::Kind kind,
                               const ThreadSample& sample) const {
  const auto elapsed = std::chrono::steady_clock::now() - begin_;
  return {
      kind, sample,
      std::chrono::duration_cast<std::chrono::nanoseconds>(elapsed).count()};
}

CallState WatchedCall::Settle(std::chrono::milliseconds deadline) {
  const CallState state = trace::ObserveAs(
      "thread", [&] { return Look(deadline); }, ToJson, FromJson);
  if (state.kind == CallState::Kind::kReturned) {
    AwaitReturn();
  }
  return state;
}

CallState WatchedCall::Look(std::chrono::milliseconds deadline) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  const int64_t begin_processor_ns = Sample().processor_ns;
  ThreadSample previous;
  int short_sleeps = 0;
  uint64_t short_sleep_switches = 0;
  while (!HasReturned()) {
    const ThreadSample sample = Sample();
    if (!sample.exists && !HasReturned()) {
      return Settled(CallState::Kind::kEnded, sample);
    }
    const bool same = sample.asleep && previous.asleep &&
                      sample.switches == previous.switches;
    const bool is_short = sample.asleep &&
                          sample.sleep.timeout_ns != kInfiniteNs &&
                          sample.sleep.timeout_ns < kLongSleepNs;
    if (same && !is_short) {
      return Settled(CallState::Kind::kAsleep, sample);
    }
    if (is_short &&
        (short_sleeps == 0 || sample.switches != short_sleep_switches)) {
      short_sleep_switches = sample.switches;
      if (++short_sleeps >= kShortSleepsMax) {
        return Settled(CallState::Kind::kPolling, sample);
      }
    }
    if (!sample.asleep &&
        sample.processor_ns - begin_processor_ns > kSpinProcessorNs) {
      return Settled(CallState::Kind::kSpinning, sample);
    }
    if (std::chrono::steady_clock::now() > end) {
      return Settled(CallState::Kind::kUndecided, sample);
    }
    previous = sample;
    PauseOrReturned(kPauseNs);
  }
  return Settled(CallState::Kind::kReturned, {});
}

bool WatchedCall::SleptSince(const CallState& state) {
  return trace::Observe("slept_on", [&] {
    if (HasReturned()) {
      return false;
    }
    const ThreadSample now = Sample();
    return now.asleep && now.switches == state.sample.switches &&
           now.processor_ns == state.sample.processor_ns;
  });
}

int WatchedCall::CallsUnderWay() {
  return trace::Observe("calls_under_way",
                        [] { return calls_under_way.load(); });
}

void WatchedCall::Abandon() { thread_.detach(); }

namespace {

// Whether all threads of the library rest, and how often each has been switched
// away from by now.
struct LibraryLook {
  bool at_rest = true;
  std::map<std::string, uint64_t> switches{};
};

LibraryLook LookAtLibrary() {
  LibraryLook look;
  DIR* tasks = opendir("/proc/self/task");
  if (tasks == nullptr) {
    return look;  // no descriptor is left
  }
  while (const dirent* task = readdir(tasks)) {
    const std::string name = task->d_name;
    if (name.starts_with('.') || IsOwnThread(std::stoi(name))) {
      continue;
    }
    const std::string status =
        ReadFileAt(dirfd(tasks), (name + "/status").c_str());
    if (status.empty()) {
      continue;  // it has ended
    }
    look.switches[name] = ParseSwitches(status);
    Sleep sleep;
    const bool asleep =
        status.find("\nState:\tS") != std::string::npos &&
        ParseSyscall(ReadFileAt(dirfd(tasks), (name + "/syscall").c_str()),
                     &sleep);
    look.at_rest = look.at_rest && asleep &&
                   (sleep.timeout_ns == kInfiniteNs ||
                    sleep.timeout_ns >= WatchedCall::kLongSleepNs);
  }
  closedir(tasks);
  return look;
}

}  // namespace

namespace {

bool RestsBefore(std::chrono::milliseconds deadline) {
  // A directory for each thread, beside "." and "..".
  constexpr nlink_t kLinksOfOneThread = 3;
  struct stat tasks = {};
  if (stat("/proc/self/task", &tasks) == 0 &&
      tasks.st_nlink == kLinksOfOneThread) {
    return true;
  }
  const auto end = std::chrono::steady_clock::now() + deadline;
  LibraryLook before = LookAtLibrary();
  while (true) {
    const timespec pause = {0, kPauseNs};
    nanosleep(&pause, nullptr);  // sleep: between two looks
    LibraryLook now = LookAtLibrary();
    // Two looks: one may have handed its work to another between them.
    if (before.at_rest && now.at_rest && before.switches == now.switches) {
      return true;
    }
    if (std::chrono::steady_clock::now() > end) {
      return false;
    }
    before = std::move(now);
  }
}

}  // namespace

bool WaitLibraryAtRest(std::chrono::milliseconds deadline) {
  return trace::Observe("library_at_rest",
                        [deadline] { return RestsBefore(deadline); });
}

}  // namespace cpgcert::harness
