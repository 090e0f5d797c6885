#include "fuzz/benchmark/target_run.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>

namespace cpgcert::fuzz {

namespace {

namespace fs = std::filesystem;

// libFuzzer's exit statuses for what it has found.
constexpr int kTimeout = 70;
constexpr int kOutOfMemory = 71;
constexpr int kCrash = 77;
constexpr int kCannotRun = 2;

[[noreturn]] void Fail(const std::string& problem) {
  fmt::print(stderr, "{}\n", problem);
  std::exit(kCannotRun);
}

[[noreturn]] void Become(const fs::path& program,
                         const std::vector<std::string>& arguments,
                         unsigned cpu_seconds_max, const fs::path& folder,
                         const fs::path& output) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The target would go there.
  unsetenv("BUILD_WORKING_DIRECTORY");
  const int file = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file < 0 || dup2(file, STDOUT_FILENO) < 0 ||
      dup2(file, STDERR_FILENO) < 0 || chdir(folder.c_str()) != 0) {
    _exit(kCannotRun);
  }
  const rlimit no_core{.rlim_cur = 0, .rlim_max = 0};
  setrlimit(RLIMIT_CORE, &no_core);
  if (cpu_seconds_max > 0) {
    const rlimit limit{.rlim_cur = cpu_seconds_max,
                       .rlim_max = cpu_seconds_max + 1};
    setrlimit(RLIMIT_CPU, &limit);
  }
  std::vector<char*> pointers = {const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) {
    pointers.push_back(const_cast<char*>(argument.c_str()));
  }
  pointers.push_back(nullptr);
  execv(program.c_str(), pointers.data());
  _exit(kCannotRun);
}

std::string ReadAndRemove(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  std::error_code ignored;
  fs::remove(path, ignored);
  return text;
}

double Seconds(const timeval& time) {
  constexpr double kMicro = 1e-6;
  return static_cast<double>(time.tv_sec) +
         kMicro * static_cast<double>(time.tv_usec);
}

// Ends the program if the target could not run.
TargetRun::End Decode(int status, const fs::path& program,
                      const std::string& output) {
  if (WIFSIGNALED(status)) {
    const int number = WTERMSIG(status);
    return number == SIGXCPU || number == SIGKILL ? TargetRun::End::kOutOfTime
                                                  : TargetRun::End::kFound;
  }
  // A sanitizer's own exit status is that of a bad usage, too.
  if (output.find("Sanitizer: ") != std::string::npos) {
    return TargetRun::End::kFound;
  }
  switch (WEXITSTATUS(status)) {
    case 0:
      return TargetRun::End::kDone;
    case kTimeout:
    case kOutOfMemory:
    case kCrash:
      return TargetRun::End::kFound;
    default:
      Fail(fmt::format("{} ended with status {}:\n{}", program.string(),
                       WEXITSTATUS(status), output));
  }
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  std::string name = fs::temp_directory_path() / "cpgcert_benchmark_XXXXXX";
  if (mkdtemp(name.data()) == nullptr) Fail("cannot make " + name);
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path TemporaryFolder::Add(const std::string& name) const {
  fs::create_directories(path_ / name);
  return path_ / name;
}

TargetRun RunTarget(const fs::path& program,
                    const std::vector<std::string>& arguments,
                    unsigned cpu_seconds_max, const fs::path& folder) {
  using Clock = std::chrono::steady_clock;
  const fs::path output = folder / "output";
  const auto begin = Clock::now();
  const pid_t process = fork();
  if (process < 0) Fail("cannot fork");
  if (process == 0) {
    Become(program, arguments, cpu_seconds_max, folder, output);
  }
  int status = 0;
  rusage usage{};
  wait4(process, &status, 0, &usage);
  const std::chrono::duration<double> wall = Clock::now() - begin;
  TargetRun run;
  run.wall_seconds = wall.count();
  run.cpu_seconds = Seconds(usage.ru_utime) + Seconds(usage.ru_stime);
  run.output = ReadAndRemove(output);
  run.end = Decode(status, program, run.output);
  run.in_seeds = run.end == TargetRun::End::kFound &&
                 run.output.find("INITED") == std::string::npos;
  return run;
}

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle]
                                : (values[middle - 1] + values[middle]) / 2;
}

std::string DescribeLoad() {
  double load = 0;
  if (getloadavg(&load, 1) != 1) return "";
  return fmt::format("load {:.1f} on {} processors", load,
                     std::thread::hardware_concurrency());
}

}  // namespace cpgcert::fuzz
