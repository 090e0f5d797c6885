// How fast inputs are mutated, and how many of their events stay whole.
//
// usage: mutator_benchmark [MUTATIONS]
//
// Prints a line for each tier. An input is mutated five times in a row, as
// libFuzzer does it, before it begins anew.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "fuzz/events/mutator.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {
namespace {

namespace wire = harness::wire;
constexpr size_t kSizeMax = 4096;
constexpr unsigned kEvents = 8;
constexpr unsigned kDepth = 5;

struct Figures {
  size_t bytes = 0;
  size_t events = 0;
  size_t whole = 0;
  double seconds = 0;
};

Figures Run(Tier limit, unsigned mutations) {
  using Clock = std::chrono::steady_clock;
  std::string seed;
  for (unsigned i = 0; i < kEvents; ++i) {
    seed += MutateInput("", {.size_max = kSizeMax / kEvents, .seed = i}).input;
  }
  std::string input;
  Figures figures;
  for (unsigned i = 0; i < mutations; ++i) {
    if (i % kDepth == 0) input = seed;
    const auto begin = Clock::now();
    input =
        MutateInput(input, {.size_max = kSizeMax, .seed = i, .limit = limit})
            .input;
    const std::chrono::duration<double> taken = Clock::now() - begin;
    figures.seconds += taken.count();
    figures.bytes += input.size();
    for (const EventRecord& record : ParseEventInput(input)) {
      ++figures.events;
      figures.whole += wire::ParseEvent(record.event).message.has_value();
    }
  }
  return figures;
}

void Print(const char* tier, const Figures& figures, unsigned mutations) {
  std::printf(
      "%-10s %8.0f mutations/s, %5.0f bytes on average, %3.0f %% of the events "
      "whole\n",
      tier, mutations / figures.seconds,
      static_cast<double>(figures.bytes) / mutations,
      100.0 * static_cast<double>(figures.whole) /
          static_cast<double>(figures.events));
}

}  // namespace
}  // namespace cpgcert::fuzz

int main(int argc, char** argv) {
  using namespace cpgcert::fuzz;  // NOLINT(google-build-using-namespace)
  constexpr unsigned kMutations = 100000;
  const unsigned mutations =
      argc > 1 ? static_cast<unsigned>(std::strtoul(argv[1], nullptr, 10))
               : kMutations;
  Print("conformant", Run(Tier::kConformant, mutations), mutations);
  Print("consistent", Run(Tier::kConsistent, mutations), mutations);
  Print("hostile", Run(Tier::kHostile, mutations), mutations);
  return 0;
}
