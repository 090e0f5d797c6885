// Runs one piece of work in a child process that may crash, hang, exit, close
// every descriptor or leave processes behind, and says how it ended.
//
// The one place that turns a wait status into a verdict. A result counts only
// if the child's own report arrived, complete and carrying the nonce that the
// parent chose for this run: an implementation that calls exit(0) in the
// middle, or prints what a passing test prints, has no report.

#ifndef CPGCERT_HARNESS_ISOLATED_RUN_H_
#define CPGCERT_HARNESS_ISOLATED_RUN_H_

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/verdict.h"

namespace cpgcert::harness {

// The child's end of the report. It lies in memory shared with the parent, so
// it works without a descriptor. One per process; valid inside the body only.
class ReportWriter {
 public:
  explicit ReportWriter(void* shared) : shared_(shared) {}

  // Notes what is about to happen, for the case that the process does not
  // survive it. The last few KB are kept. Safe from several threads.
  void Step(std::string_view what);

  // Completes the report; the process must end without running more of the
  // implementation. `body` is cut at kReportSizeMax bytes.
  void Finish(std::string_view body, uint64_t nonce);

 private:
  void* shared_;
};

inline constexpr size_t kReportSizeMax = size_t{4} << 20;

struct IsolatedOptions {
  // A hang is declared after this much time. It bounds the wait and is never
  // evidence for anything but a hang.
  std::chrono::milliseconds deadline{30000};
  // A scratch directory for the child is made below this one, and removed.
  std::string scratch_root = "/tmp";
  // Children of the calling process that are not strays of the run.
  std::vector<pid_t> keep;
};

struct IsolatedResult {
  // kPass: the body ended and its report arrived; what it says is not looked
  // at here. kCrash: the process ended in any other way, exit(0) included.
  // kHang: the deadline passed. kError: the run could not be made.
  Verdict verdict = Verdict::kError;
  // What the body handed to Finish(); empty unless kPass.
  std::string report;
  // One line: how the process ended, such as "killed by signal 11 (SIGSEGV)".
  std::string end;
  // The last steps that the child noted, newest last, each on its own line.
  std::string steps;
  // For a hang: what each thread was doing, a line each.
  std::string threads;
  // Standard output and error together: the first and the last KB.
  std::string output;
  pid_t process = 0;  // the child's id
  // Processes that outlived the child; they were killed.
  int strays = 0;
  std::chrono::nanoseconds duration{0};
};

// The body gets the nonce with the writer and ends with Finish(body, nonce).
using IsolatedBody = std::function<void(ReportWriter& writer, uint64_t nonce)>;

// Forks, runs `body` and decides. The child has a process group, a scratch
// directory as working directory, no descriptor but 0 (/dev/null), 1 and 2 (a
// pipe to the parent), default signal dispositions and no core file; it dies
// with the parent. The caller becomes a child subreaper (prctl(2)), so that
// everything that the run leaves behind is found and killed.
// REQUIRES: one thread in the calling process; SIGCHLD not ignored.
IsolatedResult RunIsolated(const IsolatedOptions& options,
                           const IsolatedBody& body);

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_ISOLATED_RUN_H_
