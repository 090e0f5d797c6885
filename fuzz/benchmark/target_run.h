// Runs a fuzz target with libFuzzer as a process of its own, for figures.

#ifndef CPGCERT_FUZZ_BENCHMARK_TARGET_RUN_H_
#define CPGCERT_FUZZ_BENCHMARK_TARGET_RUN_H_

#include <filesystem>
#include <string>
#include <vector>

namespace cpgcert::fuzz {

// A folder that is gone with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  // A new folder in it.
  std::filesystem::path Add(const std::string& name) const;

 private:
  std::filesystem::path path_;
};

struct TargetRun {
  enum class End {
    kDone,       // all that was asked for, and nothing was found
    kFound,      // the target objects, the library crashes or hangs
    kOutOfTime,  // nothing was found
  };
  End end = End::kDone;
  bool in_seeds = false;  // found before anything was mutated
  double wall_seconds = 0;
  double cpu_seconds = 0;  // of the process and those it waited for
  std::string output{};    // stdout and stderr
};

// `cpu_seconds_max` bounds the CPU time; none: 0. The process runs in `folder`,
// whose files are its artifacts. Exits with status 2, and what the target
// printed, if it cannot be run or says that it cannot run.
TargetRun RunTarget(const std::filesystem::path& program,
                    const std::vector<std::string>& arguments,
                    unsigned cpu_seconds_max,
                    const std::filesystem::path& folder);

double Median(std::vector<double> values);

// "load 3.1 on 2 processors".
std::string DescribeLoad();

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_BENCHMARK_TARGET_RUN_H_
