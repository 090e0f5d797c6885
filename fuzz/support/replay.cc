#include "fuzz/support/replay.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <fmt/core.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
// Of the sanitizers, which have a heap of their own.
extern "C" __attribute__((weak)) size_t
__sanitizer_get_current_allocated_bytes();

namespace cpgcert::fuzz {

namespace {

constexpr int kProcessorSeconds = 2;
constexpr int kAsleepSeconds = 30;
constexpr rlim_t kRoom = rlim_t{1} << 30;
constexpr size_t kErrorsMax = 8192;

// What a child has to say, in memory that its parent sees.
struct Note {
  bool passed;   // the target returned
  bool objects;  // abort(3) was called by this executable
  size_t kept;   // bytes by each run
};

bool IsSanitized() {
  return __sanitizer_get_current_allocated_bytes != nullptr;
}

// The heap's memory that is in use.
size_t HeapSize() {
  if (IsSanitized()) return __sanitizer_get_current_allocated_bytes();
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

rlim_t AddressSpace() {
  rlim_t pages = 0;
  if (FILE* const file = std::fopen("/proc/self/statm", "r")) {
    unsigned long long read = 0;
    if (std::fscanf(file, "%llu", &read) == 1) pages = read;
    std::fclose(file);
  }
  return pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE));
}

const void* ModuleOf(const void* address) {
  Dl_info info{};
  return dladdr(address, &info) == 0 ? nullptr : info.dli_fbase;
}

// Whether the caller of abort(3) on this stack is in this executable: the
// target, and not the library nor libc, which found its heap broken.
bool ThisExecutableAborts() {
  constexpr int kFrames = 16;
  std::array<void*, kFrames> stack{};
  const int frames = backtrace(stack.data(), kFrames);
  for (int i = 0; i + 1 < frames; ++i) {
    Dl_info info{};
    if (dladdr(stack.at(i), &info) != 0 && info.dli_sname != nullptr &&
        std::strcmp(info.dli_sname, "abort") == 0) {
      return ModuleOf(stack.at(i + 1)) ==
             ModuleOf(reinterpret_cast<void*>(&LLVMFuzzerTestOneInput));
    }
  }
  return false;
}

Note* note = nullptr;

void OnAbort(int /*signal*/) {
  note->objects = ThisExecutableAborts();
  // Back to abort(3), which then ends the process.
}

void SetClocks() {
  itimerval processor{};
  processor.it_value.tv_sec = kProcessorSeconds;
  setitimer(ITIMER_VIRTUAL, &processor, nullptr);
  alarm(kAsleepSeconds);
}

void BecomeChild(FILE* errors) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(fileno(errors), STDOUT_FILENO);
  dup2(fileno(errors), STDERR_FILENO);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  if (!IsSanitized()) {
    const rlim_t room = AddressSpace() + kRoom;
    const rlimit memory{room, room};
    setrlimit(RLIMIT_AS, &memory);
  }
  struct sigaction action{};
  action.sa_handler = OnAbort;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGABRT, &action, nullptr);
}

void RunOnce(std::string_view input) {
  SetClocks();
  // A copy of exactly its size: one byte too far is a sanitizer's finding.
  const auto copy = std::make_unique<uint8_t[]>(input.size());
  std::ranges::copy(input, copy.get());
  LLVMFuzzerTestOneInput(copy.get(), input.size());
}

// The least that a run more leaves in use, in bytes.
size_t KeptByEachRun(std::string_view input) {
  // More than the seven blocks of one size that the heap counts as in use
  // when they have been freed.
  constexpr int kRuns = 16;
  size_t least = SIZE_MAX;
  size_t before = HeapSize();
  for (int i = 0; i < kRuns && least > 0; ++i) {
    RunOnce(input);
    const size_t size = HeapSize();
    least = std::min(least, size > before ? size - before : 0);
    before = size;
  }
  return least;
}

ReplayEnd Ended(int status) {
  if (note->passed && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    if (note->kept == 0) return {.comes_to = "pass", .how = "it passed"};
    return {
        .comes_to = "leak",
        .how = fmt::format("{} bytes more in use after each run", note->kept)};
  }
  if (!WIFSIGNALED(status)) {
    return {.comes_to = "crash",
            .how = fmt::format("the process exited with status {}",
                               WEXITSTATUS(status))};
  }
  const int signal = WTERMSIG(status);
  const std::string how = fmt::format("SIG{}", sigabbrev_np(signal));
  if (signal == SIGVTALRM || signal == SIGALRM) {
    return {.comes_to = "hang", .how = how};
  }
  if (signal == SIGABRT && note->objects) {
    return {.comes_to = "wrong", .how = "the target objects"};
  }
  return {.comes_to = "crash", .how = how};
}

std::string ReadErrors(FILE* errors) {
  std::rewind(errors);
  std::string text(kErrorsMax, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), errors));
  if (!text.empty() && text.back() != '\n') text += '\n';
  return text;
}

[[noreturn]] void Die(const char* what) {
  std::perror(what);
  std::exit(2);
}

}  // namespace

ReplayEnd RunInChild(std::string_view input) {
  if (note == nullptr) {
    void* const memory = mmap(nullptr, sizeof(Note), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) Die("mmap");
    note = static_cast<Note*>(memory);
    // The first call loads what it needs.
    std::array<void*, 1> stack{};
    backtrace(stack.data(), 1);
  }
  std::memset(note, 0, sizeof(Note));
  FILE* const errors = std::tmpfile();
  if (errors == nullptr) Die("tmpfile");
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child < 0) Die("fork");
  if (child == 0) {
    BecomeChild(errors);
    RunOnce(input);
    note->kept = KeptByEachRun(input);
    note->passed = true;
    _exit(0);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  ReplayEnd end = Ended(status);
  end.errors = ReadErrors(errors);
  std::fclose(errors);
  return end;
}

std::string ReadExpectations(const std::string& path, Expectations* table) {
  constexpr std::array<std::string_view, 5> kKnown = {"pass", "wrong", "leak",
                                                      "hang", "crash"};
  toml::parse_result parsed;
  try {
    parsed = toml::parse_file(path);
  } catch (const toml::parse_error& error) {
    return fmt::format("{}:{}: {}", path, error.source().begin.line,
                       error.description());
  }
  const toml::table* const lines = parsed["comes_to"].as_table();
  if (lines == nullptr || lines->empty()) {
    return fmt::format("{}: nothing below [comes_to]", path);
  }
  for (const auto& [name, value] : *lines) {
    std::string_view rest = value.value_or(std::string_view());
    std::set<std::string>& ends = (*table)[std::string(name.str())];
    while (true) {
      const std::string_view end = rest.substr(0, rest.find('|'));
      if (std::ranges::find(kKnown, end) == kKnown.end()) {
        return fmt::format("{}: {} comes to \"{}\": not one of {}", path,
                           name.str(), end, "pass, wrong, leak, hang, crash");
      }
      ends.insert(std::string(end));
      if (end.size() == rest.size()) break;
      rest.remove_prefix(end.size() + 1);
    }
  }
  return "";
}

}  // namespace cpgcert::fuzz
