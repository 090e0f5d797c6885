// Whether the fuzz targets find faults that are known to be there, and how
// soon, beside plain mutation of bytes without structure and coverage.
//
//   bazel run -c opt //fuzz/benchmark:ground_truth [-- --seeds 5 --seconds 20]
//
//   --seeds N    runs of each kind for each fault, with libFuzzer's seeds 1..N
//   --seconds S  of CPU time for a run, --plain-seconds S for a plain one
//   --control S  seconds for the clean reference, on which nothing may be found
//   --only TEXT  the faults whose names have it
//
// Each fault is a variant of the reference that decodes something wrong
// (conformance/faults/reference). Both kinds of run begin with the same seeds.
// Exit status: 0 all were found, and nothing in the clean reference; 1 not.

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/benchmark/target_run.h"

namespace cpgcert::fuzz {
namespace {

namespace fs = std::filesystem;

struct Target {
  fs::path program;
  std::vector<fs::path> seeds;
  std::vector<fs::path> faults;
};

struct Options {
  Target events;
  Target replies;
  fs::path reference;
  unsigned seeds = 5;
  unsigned seconds = 20;
  unsigned plain_seconds = 20;
  unsigned control_seconds = 600;
  std::string only;
};

// Of some runs on one fault.
struct Result {
  unsigned found = 0;
  unsigned runs = 0;
  bool in_seeds = false;        // a seed shows it as it is
  std::vector<double> seconds;  // of CPU time, infinite where it was not found

  std::string Describe(unsigned seconds_max) const {
    const double median = Median(seconds);
    return fmt::format("{:>5}/{:<3}{:>12}", found, runs,
                       in_seeds               ? "in a seed"
                       : median > seconds_max ? fmt::format("> {}", seconds_max)
                                              : fmt::format("{:.2f}", median));
  }
};

class GroundTruth {
 public:
  explicit GroundTruth(const Options& options) : options_(options) {}

  // True if all were found by the target as it is shipped.
  bool Run() {
    fmt::print("{:40}{:>21}{:>21}\n{:40}{:>9}{:>12}{:>9}{:>12}\n", "",
               "as shipped", "plain bytes", "fault", "found", "median s",
               "found", "median s");
    RunAll(options_.events);
    RunAll(options_.replies);
    fmt::print("{:40}{:>5}/{:<3}{:>12}{:>5}/{:<3}\n", "all", shipped_.found,
               shipped_.runs, "", plain_.found, plain_.runs);
    return shipped_.found == shipped_.runs;
  }

  // True if nothing is found in the clean reference. Both targets at once.
  bool RunControl() {
    const auto start = [this](const Target& target) {
      return std::async(std::launch::async, [&] { return Control(target); });
    };
    Pending events = start(options_.events);
    Pending replies = start(options_.replies);
    const bool clean_events = Report("events", events.get());
    const bool clean_replies = Report("replies", replies.get());
    return clean_events && clean_replies;
  }

 private:
  using Pending = std::future<TargetRun>;

  void RunAll(const Target& target) {
    for (const fs::path& fault : target.faults) {
      const std::string name = fault.stem();
      if (name.find(options_.only) == std::string::npos) continue;
      const Result shipped = RunOn(target, fault, {}, options_.seconds);
      const Result plain = RunOn(
          target, fault, {"--mutate=bytes", "--coverage=none", "-keep_seed=1"},
          options_.plain_seconds);
      fmt::print("{:40}{}{}\n", name, shipped.Describe(options_.seconds),
                 plain.Describe(options_.plain_seconds));
      std::fflush(stdout);
      Count(shipped, &shipped_);
      Count(plain, &plain_);
    }
  }

  static void Count(const Result& result, Result* all) {
    all->found += result.found;
    all->runs += result.runs;
  }

  Result RunOn(const Target& target, const fs::path& fault,
               const std::vector<std::string>& arguments, unsigned seconds) {
    Result result;
    for (unsigned seed = 1; seed <= options_.seeds; ++seed) {
      const TargetRun run = Fuzz(target, fault, arguments, seed, seconds);
      const bool found = run.end == TargetRun::End::kFound;
      result.found += found ? 1 : 0;
      ++result.runs;
      result.in_seeds = result.in_seeds || run.in_seeds;
      result.seconds.push_back(found ? run.cpu_seconds
                                     : std::numeric_limits<double>::infinity());
    }
    return result;
  }

  // `seconds` of CPU time; on a busy machine that takes longer, and so may an
  // input.
  static TargetRun Fuzz(const Target& target, const fs::path& library,
                        std::vector<std::string> arguments, unsigned seed,
                        unsigned seconds) {
    const TemporaryFolder folder;
    const fs::path seeds = folder.Add("seeds");
    for (const fs::path& file : target.seeds) {
      fs::copy_file(file, seeds / file.filename());
    }
    constexpr unsigned kSlowdownMax = 30;
    arguments.insert(
        arguments.end(),
        {"--libcpg=" + library.string(), fmt::format("-seed={}", seed),
         fmt::format("-max_total_time={}", kSlowdownMax * seconds),
         "-timeout=100", folder.Add("corpus").string(), seeds.string()});
    return RunTarget(target.program, arguments, seconds, folder.path());
  }

  TargetRun Control(const Target& target) const {
    return Fuzz(target, options_.reference, {}, 1, options_.control_seconds);
  }

  static bool Report(const char* what, const TargetRun& run) {
    const bool found = run.end == TargetRun::End::kFound;
    fmt::print("clean reference, {}: {:.0f} s of CPU time, {}\n{}", what,
               run.cpu_seconds, found ? "FOUND" : "nothing found",
               found ? run.output : "");
    return !found;
  }

  Options options_;
  Result shipped_;
  Result plain_;
};

Options Parse(int argc, char** argv) {
  Options options;
  std::vector<fs::path>* files = nullptr;
  const auto value = [&](int* at) -> std::string {
    if (*at + 1 >= argc) {
      fmt::print(stderr, "{}: its value is missing\n", argv[*at]);
      std::exit(2);
    }
    return argv[++*at];
  };
  const auto number = [&](int* at) {
    return static_cast<unsigned>(std::atoi(value(at).c_str()));
  };
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--events" || argument == "--replies") {
      Target& target =
          argument == "--events" ? options.events : options.replies;
      target.program = fs::absolute(value(&i));
      files = &target.seeds;
    } else if (argument == "--faults") {
      files = files == &options.events.seeds ? &options.events.faults
                                             : &options.replies.faults;
    } else if (argument == "--reference") {
      options.reference = fs::absolute(value(&i));
    } else if (argument == "--seeds") {
      options.seeds = number(&i);
    } else if (argument == "--seconds") {
      options.seconds = number(&i);
    } else if (argument == "--plain-seconds") {
      options.plain_seconds = number(&i);
    } else if (argument == "--control") {
      options.control_seconds = number(&i);
    } else if (argument == "--only") {
      options.only = value(&i);
    } else if (files != nullptr) {
      files->push_back(fs::absolute(argument));
    }
  }
  return options;
}

}  // namespace
}  // namespace cpgcert::fuzz

int main(int argc, char** argv) {
  using namespace cpgcert::fuzz;  // NOLINT(google-build-using-namespace)
  const Options options = Parse(argc, argv);
  fmt::print("{} runs of at most {} s of CPU time each, plain ones {} s, {}\n",
             options.seeds, options.seconds, options.plain_seconds,
             DescribeLoad());
  GroundTruth truth(options);
  const bool all_found = truth.Run();
  const bool is_clean = truth.RunControl();
  fmt::print("{}\n", DescribeLoad());
  return all_found && is_clean ? 0 : 1;
}
