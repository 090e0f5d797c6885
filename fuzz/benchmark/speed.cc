// Executions per second of event_decoder on the system's libcpg, all oracles
// on.
//
//   bazel run -c opt //fuzz/benchmark:speed [-- --rounds N] [--libcpg FILE]
//
// First the target by itself: the same inputs again and again, mutated from the
// seeds, with and without coverage, and through a real libqb server with a
// connection for each. Then in libFuzzer's loop, with its mutations, beside an
// empty target; all begin with the corpus that a run with coverage has found.
// Inputs are those that a correct service could send: on others the system's
// libcpg would not survive.
//
// Rounds alternate; a figure is the median over them. Times are those of the
// clock, and of the processors beside them: what else the machine does counts
// in the first only. The server's own is counted with its client's.

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/benchmark/target_run.h"
#include "fuzz/events/mutator.h"

namespace cpgcert::fuzz {
namespace {

namespace fs = std::filesystem;

struct Options {
  fs::path target;       // with libFuzzer
  fs::path same_inputs;  // without
  fs::path empty;
  std::string library = "libcpg.so.4";
  int rounds = 5;
  std::vector<fs::path> seeds;
};

constexpr char kAlone[] = "no coverage";
constexpr char kCold[] = "breakpoints, cold";
constexpr char kWarm[] = "breakpoints, warm";
constexpr char kServer[] = "through a libqb server";
constexpr char kEmpty[] = "empty target";
constexpr char kLoopAlone[] = "no coverage, in the loop";
constexpr char kLoop[] = "breakpoints, in the loop";

constexpr char kNoCoverage[] = "--coverage=none";

struct Taken {
  double executions = 0;
  double wall = 0;  // seconds
  double cpu = 0;
};

// Executions per second, of each round.
struct Rates {
  std::vector<double> wall;
  std::vector<double> cpu;
};

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// As same_inputs.cc wants them.
void WriteInputs(const std::vector<fs::path>& seeds, unsigned count,
                 const fs::path& path) {
  constexpr unsigned kDepth = 5;
  std::ofstream file(path, std::ios::binary);
  std::string input;
  for (unsigned i = 0; i < count; ++i) {
    if (i % kDepth == 0) input = ReadFile(seeds[i / kDepth % seeds.size()]);
    input =
        MutateInput(input, {.size_max = std::max<size_t>(4096, input.size()),
                            .seed = i,
                            .limit = Tier::kConformant})
            .input;
    const uint64_t size = input.size();
    file.write(reinterpret_cast<const char*>(&size), sizeof(size));
    file << input;
  }
}

class Speed {
 public:
  explicit Speed(const Options& options) : options_(options) {
    constexpr unsigned kMany = 2000;
    WriteInputs(options_.seeds, kMany, folder_.path() / "many");
    WriteInputs(options_.seeds, kSome, folder_.path() / "some");
    const fs::path seeds = folder_.Add("seeds");
    for (const fs::path& seed : options_.seeds) {
      fs::copy_file(seed, seeds / seed.filename());
    }
    corpus_ = folder_.Add("corpus");
    Run(options_.target,
        {corpus_.string(), seeds.string(), "-runs=100000", "-seed=1"});
  }

  void Round() {
    constexpr size_t kPasses = 21;
    std::vector<Taken> passes = Passes("many", kPasses, {kNoCoverage});
    Add(kAlone, MedianPass(passes));
    passes = Passes("many", kPasses, {});
    Add(kCold, passes[0]);
    Add(kWarm, MedianPass(passes));
    Add(kServer, Served());
    Add(kEmpty, Loop(options_.empty, 1000000, {}));
    Add(kLoopAlone, Loop(options_.target, 100000, {kNoCoverage}));
    Add(kLoop, Loop(options_.target, 100000, {}));
  }

  void Print() const {
    PrintRates("the target alone, the same inputs",
               {kAlone, kCold, kWarm, kServer});
    PrintRates("in libFuzzer's loop, which mutates",
               {kEmpty, kLoopAlone, kLoop});
    PrintRatio("breakpoints cost, once warm (%; aim: 20 or less)",
               100 * (Wall(kAlone) / Wall(kWarm) - 1),
               100 * (Cpu(kAlone) / Cpu(kWarm) - 1));
    PrintRatio("times the libqb server (aim: 200 or more)",
               Wall(kWarm) / Wall(kServer), Cpu(kWarm) / Cpu(kServer));
    PrintRatio("of the empty target (aim: 0.1 or more)",
               Wall(kLoop) / Wall(kEmpty), Cpu(kLoop) / Cpu(kEmpty));
  }

 private:
  static constexpr unsigned kSome = 200;

  // Without the first.
  static Taken MedianPass(const std::vector<Taken>& passes) {
    std::vector<double> wall;
    std::vector<double> cpu;
    for (size_t i = 1; i < passes.size(); ++i) {
      wall.push_back(passes[i].wall);
      cpu.push_back(passes[i].cpu);
    }
    return {passes[0].executions, Median(wall), Median(cpu)};
  }

  // What two more passes take: the processor time of the server is known once
  // it has ended.
  Taken Served() {
    const auto times = [this](const char* passes) {
      return Run(options_.same_inputs, {passes, folder_.path() / "some",
                                        kNoCoverage, "--transport=server"});
    };
    const TargetRun less = times("1");
    const TargetRun more = times("3");
    return {2.0 * kSome, more.wall_seconds - less.wall_seconds,
            more.cpu_seconds - less.cpu_seconds};
  }

  std::vector<Taken> Passes(const char* inputs, size_t count,
                            std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {fmt::format("{}", count), folder_.path() / inputs});
    const TargetRun run = Run(options_.same_inputs, arguments);
    std::istringstream lines(run.output);
    std::vector<Taken> passes;
    for (std::string line; std::getline(lines, line);) {
      Taken pass;
      if (std::sscanf(line.c_str(), "PASS %lf %lf %lf", &pass.executions,
                      &pass.wall, &pass.cpu) == 3) {
        passes.push_back(pass);
      }
    }
    if (passes.size() != count) Fail(run.output);
    return passes;
  }

  // What a long run does more than a short one.
  Taken Loop(const fs::path& program, size_t runs,
             std::vector<std::string> arguments) {
    const fs::path found = folder_.Add("found");
    arguments.insert(arguments.end(), {found.string(), corpus_.string(),
                                       "-keep_seed=1", "-seed=1"});
    const size_t first = runs / 20;
    const auto times = [&](size_t count) {
      std::vector<std::string> all = arguments;
      all.push_back(fmt::format("-runs={}", count));
      return Run(program, all);
    };
    const TargetRun less = times(first);
    const TargetRun more = times(runs);
    fs::remove_all(found);
    return {static_cast<double>(runs - first),
            more.wall_seconds - less.wall_seconds,
            more.cpu_seconds - less.cpu_seconds};
  }

  TargetRun Run(const fs::path& program, std::vector<std::string> arguments) {
    if (program != options_.empty) {
      arguments.insert(arguments.end(),
                       {"--libcpg=" + options_.library, "--trust=conformant"});
    }
    const TargetRun run = RunTarget(program, arguments, 0, folder_.path());
    if (run.end != TargetRun::End::kDone) Fail(run.output);
    return run;
  }

  [[noreturn]] static void Fail(const std::string& output) {
    fmt::print(stderr, "{}\nthe target did not run to its end\n", output);
    std::exit(1);
  }

  void Add(const char* name, const Taken& taken) {
    rates_[name].wall.push_back(taken.executions / taken.wall);
    rates_[name].cpu.push_back(taken.executions / taken.cpu);
  }

  double Wall(const char* name) const { return Median(rates_.at(name).wall); }
  double Cpu(const char* name) const { return Median(rates_.at(name).cpu); }

  void PrintRates(const char* title,
                  const std::vector<const char*>& names) const {
    fmt::print("{:36}{:>12}{:>20}\n", title, "per second", "per CPU second");
    for (const char* name : names) {
      fmt::print("  {:34}{:>12.0f}{:>20.0f}\n", name, Wall(name), Cpu(name));
    }
  }

  static void PrintRatio(const char* what, double wall, double cpu) {
    fmt::print("{:52}{:8.2f}, by CPU time {:8.2f}\n", what, wall, cpu);
  }

  Options options_;
  TemporaryFolder folder_;
  fs::path corpus_;
  std::map<std::string_view, Rates> rates_;
};

Options Parse(int argc, char** argv) {
  Options options;
  const auto value = [&](int* at) -> std::string {
    if (*at + 1 >= argc) {
      fmt::print(stderr, "{}: its value is missing\n", argv[*at]);
      std::exit(2);
    }
    return argv[++*at];
  };
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--target") {
      options.target = fs::absolute(value(&i));
    } else if (argument == "--same-inputs") {
      options.same_inputs = fs::absolute(value(&i));
    } else if (argument == "--empty") {
      options.empty = fs::absolute(value(&i));
    } else if (argument == "--libcpg") {
      options.library = value(&i);
    } else if (argument == "--rounds") {
      options.rounds = std::max(1, std::atoi(value(&i).c_str()));
    } else {
      options.seeds.push_back(fs::absolute(argument));
    }
  }
  return options;
}

}  // namespace
}  // namespace cpgcert::fuzz

int main(int argc, char** argv) {
  using namespace cpgcert::fuzz;  // NOLINT(google-build-using-namespace)
  const Options options = Parse(argc, argv);
  fmt::print("{}: {} rounds, {} at the begin\n", options.library,
             options.rounds, DescribeLoad());
  Speed speed(options);
  for (int i = 0; i < options.rounds; ++i) speed.Round();
  speed.Print();
  fmt::print("{} at the end\n", DescribeLoad());
  return 0;
}
