#include "cli/verify_traces.h"

#include <fmt/core.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <string_view>
#include <system_error>
#include <thread>

#include "cli/stop_signals.h"
#include "conformance/case.h"
#include "conformance/case_replay.h"
#include "harness/verdict.h"
#include "reports/text.h"

namespace cpgcert::cli {

namespace {

using conformance::CaseInfo;
using harness::Verdict;
using reports::Case;

// A verdict that a case itself gives; the others are also given about it.
bool IsOwn(Verdict verdict) {
  return verdict == Verdict::kPass || verdict == Verdict::kFail ||
         verdict == Verdict::kUnsupported;
}

std::vector<std::string> FailuresOf(const Case& each) {
  std::vector<std::string> failures;
  for (const reports::Failure& failure : each.failures) {
    failures.push_back(failure.requirement + ": " + failure.text);
  }
  return failures;
}

std::vector<std::string> FailuresOf(const conformance::CaseRun& run) {
  std::vector<std::string> failures;
  for (const conformance::CaseFailure& failure : run.outcome.failures) {
    failures.push_back(failure.requirement + ": " + failure.text);
  }
  return failures;
}

// "" or why the certificate's verdict does not follow from the trace.
std::string Compare(const CaseInfo& info, const Case& each,
                    const TraceFolder& traces, const std::string& scratch) {
  std::string trace;
  const std::string error = traces.Get(each.trace, &trace);
  if (!error.empty()) {
    return error;
  }
  const conformance::JudgedAgain judged =
      conformance::JudgeAgain(info, trace, scratch);
  if (!judged.problem.empty()) {
    return "its trace is not one of this case: " + judged.problem;
  }
  const std::string_view verdict =
      ToString(conformance::EffectiveVerdict(judged.run.outcome));
  if (verdict != each.verdict) {
    return fmt::format("it is {} by its trace, not {}", verdict, each.verdict);
  }
  if (FailuresOf(judged.run) != FailuresOf(each)) {
    return "by its trace it fails for other reasons than it says";
  }
  if (judged.run.outcome.requirements != each.requirements) {
    return "by its trace it decides other requirements than it says";
  }
  return "";
}

// What one process judges: every `shards`th case, from the `shard`th on. Writes
// a line for each: its number and what is wrong with it.
[[noreturn]] void JudgeShard(
    const std::vector<const Case*>& cases,
    const std::map<std::string_view, const CaseInfo*>& registry,
    const TraceFolder& traces, const std::string& scratch, size_t shard,
    size_t shards, int pipe) {
  FILE* out = fdopen(pipe, "w");
  if (out == nullptr) {
    _exit(1);
  }
  for (size_t i = shard; i < cases.size(); i += shards) {
    const std::string reason =
        Compare(*registry.at(cases[i]->name), *cases[i], traces, scratch);
    // One line, and without a 0, where fputs() would end it.
    std::fputs(fmt::format("{} {}\n", i,
                           reports::Visible(reason, reports::Lines::kOne))
                   .c_str(),
               out);
    std::fflush(out);
  }
  _exit(0);
}

// Reads the lines of all shards, and waits for their processes.
class Shards {
 public:
  Shards(const std::vector<const Case*>& cases, TracesVerified* verified)
      : cases_(cases), verified_(verified) {}

  void Add(pid_t process, int pipe) {
    shards_.push_back({.process = process, .pipe = pipe});
  }

  // Until all have ended, or `stop_fd` is readable: then they are killed.
  void ReadAll(int stop_fd) {
    while (!verified_->stopped && ReadSome(stop_fd)) {
      if (isatty(STDERR_FILENO) == 1) {
        std::fprintf(stderr, "\r%zu of %zu cases judged again", reasons_.size(),
                     cases_.size());
      }
    }
    if (isatty(STDERR_FILENO) == 1) {
      std::fputs("\r\033[K", stderr);
    }
    for (const Shard& shard : shards_) {
      kill(shard.process, SIGKILL);
      waitpid(shard.process, nullptr, 0);
      close(shard.pipe);
    }
    if (!verified_->stopped) {
      Take();
    }
  }

 private:
  struct Shard {
    pid_t process;
    int pipe;
    bool open = true;
    std::string text{};  // that is no whole line yet
  };

  // Waits for lines of any; false once none can come.
  bool ReadSome(int stop_fd) {
    std::vector<pollfd> watched = {{stop_fd, POLLIN, 0}};
    for (const Shard& shard : shards_) {
      watched.push_back({shard.open ? shard.pipe : -1, POLLIN, 0});
    }
    if (poll(watched.data(), watched.size(), -1) < 0) {
      return true;  // a signal
    }
    verified_->stopped = watched[0].revents != 0;
    bool any_open = false;
    for (size_t i = 0; i < shards_.size(); ++i) {
      if (watched[i + 1].revents != 0) {
        Read(&shards_[i]);
      }
      any_open = any_open || shards_[i].open;
    }
    return any_open;
  }

  void Read(Shard* shard) {
    std::array<char, 65536> part{};
    const ssize_t size = read(shard->pipe, part.data(), part.size());
    shard->open = size > 0 || (size < 0 && errno == EINTR);
    shard->text.append(part.data(), std::max<ssize_t>(size, 0));
    size_t end = 0;
    while ((end = shard->text.find('\n')) != std::string::npos) {
      char* reason = nullptr;
      const size_t index = std::strtoul(shard->text.c_str(), &reason, 10);
      const size_t begin = reason - shard->text.c_str() + 1;
      reasons_[index] = shard->text.substr(begin, end - begin);
      shard->text.erase(0, end + 1);
    }
  }

  void Take() {
    for (size_t i = 0; i < cases_.size(); ++i) {
      const auto found = reasons_.find(i);
      ++verified_->judged_again;
      if (found == reasons_.end()) {
        verified_->reasons.push_back(cases_[i]->name +
                                     ": it could not be judged again");
      } else if (!found->second.empty()) {
        verified_->reasons.push_back(cases_[i]->name + ": " + found->second);
      }
    }
  }

  const std::vector<const Case*>& cases_;
  TracesVerified* verified_;
  std::vector<Shard> shards_{};
  std::map<size_t, std::string> reasons_{};  // by case; empty: none
};

}  // namespace

TracesVerified VerifyTraces(const reports::Certificate& certificate,
                            const TraceFolder& traces) {
  TracesVerified verified;
  std::map<std::string_view, const CaseInfo*> registry;
  for (const CaseInfo& info : conformance::AllCases()) {
    registry.emplace(info.name, &info);
  }
  std::vector<const Case*> cases;
  for (const Case& each : certificate.cases) {
    const auto info = registry.find(each.name);
    if (info == registry.end()) {
      continue;  // that is refused elsewhere
    }
    const auto verdict = harness::FromString(each.verdict);
    if (info->second->is_search) {
      ++verified.searches;
    } else if (!each.trace.empty()) {
      cases.push_back(&each);
    } else if (!verdict || IsOwn(*verdict)) {
      verified.reasons.push_back(each.name + ": it has no trace");
    } else {
      ++verified.without_trace;
    }
  }
  std::string scratch = "/tmp/cpgcert-verify-XXXXXX";
  if (mkdtemp(scratch.data()) == nullptr) {
    verified.reasons.push_back("no case can be judged again: cannot make " +
                               scratch + ": " + std::strerror(errno));
    return verified;
  }
  const StopSignals stop;
  Shards shards(cases, &verified);
  const size_t count = std::max(1U, std::thread::hardware_concurrency());
  for (size_t shard = 0; shard < count; ++shard) {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) {
      break;
    }
    const pid_t process = fork();
    if (process == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      JudgeShard(cases, registry, traces, scratch, shard, count, ends[1]);
    }
    close(ends[1]);
    shards.Add(process, ends[0]);
  }
  shards.ReadAll(stop.descriptor());
  // A process that was lost leaves something behind.
  std::error_code ignored;
  std::filesystem::remove_all(scratch, ignored);
  return verified;
}

}  // namespace cpgcert::cli
