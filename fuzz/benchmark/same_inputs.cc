// Runs a fuzz target on the same inputs again and again, without libFuzzer, and
// prints how long each pass took: "PASS EXECUTIONS SECONDS CPU_SECONDS" a line.
// Coverage is counted all the same.
//
// usage: same_inputs PASSES FILE [OPTION...]
//
// FILE holds the inputs one after the other, each behind its size in 8 bytes.
// The first pass includes what the target does at its start.

#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" {
int LLVMFuzzerInitialize(int* argc, char*** argv);
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

// Where there is none, nobody looks at coverage, and the target counts none.
size_t LLVMFuzzerMutate(uint8_t* /*data*/, size_t size, size_t /*size_max*/) {
  return size;
}
}

namespace {

std::vector<std::string> ReadInputs(const char* path) {
  std::ifstream file(path, std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(file), {}};
  std::vector<std::string> inputs;
  for (size_t at = 0; at + sizeof(uint64_t) <= all.size();) {
    uint64_t size = 0;
    std::memcpy(&size, &all[at], sizeof(size));
    at += sizeof(size);
    inputs.push_back(all.substr(at, size));
    at += inputs.back().size();
  }
  return inputs;
}

double CpuSeconds() {
  constexpr double kMicro = 1e-6;
  double seconds = 0;
  // Of this process; a server that it has started is not waited for yet.
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  for (const timeval& time : {usage.ru_utime, usage.ru_stime}) {
    seconds += static_cast<double>(time.tv_sec) +
               kMicro * static_cast<double>(time.tv_usec);
  }
  return seconds;
}

}  // namespace

int main(int argc, char** argv) {
  using Clock = std::chrono::steady_clock;
  if (argc < 3) return 2;
  const int passes = std::atoi(argv[1]);
  const std::vector<std::string> inputs = ReadInputs(argv[2]);
  argv[2] = argv[0];
  argc -= 2;
  argv += 2;
  auto begin = Clock::now();
  double cpu_begin = CpuSeconds();
  LLVMFuzzerInitialize(&argc, &argv);
  for (int i = 0; i < passes; ++i) {
    for (const std::string& input : inputs) {
      LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()),
                             input.size());
    }
    const std::chrono::duration<double> taken = Clock::now() - begin;
    std::printf("PASS %zu %.6f %.6f\n", inputs.size(), taken.count(),
                CpuSeconds() - cpu_begin);
    begin = Clock::now();
    cpu_begin = CpuSeconds();
  }
  return 0;
}
