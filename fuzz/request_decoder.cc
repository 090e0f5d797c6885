// What a service decodes: requests as clients could send them, of any kind and
// length, on several connections (fuzz/requests/request_input.h).
//
//   --service scripted   the harness's own service of one node, in this process
//                        (the default)
//   --service corosync   a real corosync, in namespaces of its own
//   --trust TIER         conformant, consistent or hostile (the default): how
//                        far the clients are to be trusted
//
// Both as "--name VALUE" or "--name=VALUE". Processes that libFuzzer starts get
// them through CPGCERT_FUZZ_SERVICE and CPGCERT_FUZZ_TRUST.
//
// Must hold: what fuzz/requests/request_session.h says. A service has no
// coverage here; what leads to another kind of answer is new to libFuzzer.

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "fuzz/mutation/random_choice.h"
#include "fuzz/requests/request_flaws.h"
#include "fuzz/requests/request_input.h"
#include "fuzz/requests/request_mutator.h"
#include "fuzz/requests/request_target.h"
#include "fuzz/support/trust.h"

namespace cpgcert::fuzz {
namespace {

constexpr int kBadUsage = 2;
constexpr int kNoSpares = 0;  // the first damage is the last
constexpr size_t kBehaviours = 1 << 14;
__attribute__((used, section("__libfuzzer_extra_counters"))) uint8_t
    behaviours[kBehaviours];

Trust trust_max = Trust::kHostile;
std::unique_ptr<RequestTarget> target;

[[noreturn]] void ExitWith(const std::string& line) {
  std::fprintf(stderr, "%s\n", line.c_str());
  std::exit(kBadUsage);
}

// Takes the option out of the command line, and hands it down.
std::string TakeOption(const std::string& name, const char* variable,
                       const char* otherwise, int* argc, char** argv) {
  const char* const given = std::getenv(variable);
  std::string value = given != nullptr ? given : otherwise;
  int kept = 0;
  for (int i = 0; i < *argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == name && i + 1 < *argc) {
      value = argv[++i];
    } else if (argument.starts_with(name + "=")) {
      value = argument.substr(name.size() + 1);
    } else {
      argv[kept++] = argv[i];
    }
  }
  *argc = kept;
  argv[kept] = nullptr;
  setenv(variable, value.c_str(), 1);
  return value;
}

Trust ParseTier(const std::string& text) {
  if (const auto tier = TrustNamed(text)) return *tier;
  ExitWith("--trust " + text + ": not one of " + kTrustNames);
}

[[noreturn]] void Object(const RequestRecords& records,
                         const RequestDamage& damage) {
  std::fprintf(stderr, "%s: %s\nowed: %s\ncame: %s\nrequests:\n%s",
               damage.damage.c_str(), damage.part.c_str(), damage.owed.c_str(),
               damage.came.c_str(), DescribeRequestInput(records).c_str());
  std::abort();
}

}  // namespace
}  // namespace cpgcert::fuzz

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  using namespace cpgcert::fuzz;  // NOLINT(google-build-using-namespace)
  const char* const caller = std::getenv("BUILD_WORKING_DIRECTORY");
  if (caller != nullptr && chdir(caller) != 0) {
    ExitWith(std::string("cannot go to ") + caller);
  }
  trust_max = ParseTier(
      TakeOption("--trust", "CPGCERT_FUZZ_TRUST", "hostile", argc, *argv));
  std::string error;
  target = MakeRequestTarget(
      TakeOption("--service", "CPGCERT_FUZZ_SERVICE", "scripted", argc, *argv),
      kNoSpares, &error);
  if (target == nullptr) ExitWith(error);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cpgcert::fuzz;  // NOLINT(google-build-using-namespace)
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const RequestRecords records = ParseRequestInput(input);
  if (TierOf(records) > trust_max) return -1;
  const PlayedInput played = target->Play(input);
  if (!played.damage.ok()) Object(records, played.damage);
  for (const uint16_t behaviour : played.behaviours) {
    behaviours[behaviour % kBehaviours] = 1;
  }
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size,
                                          size_t size_max, unsigned seed) {
  using namespace cpgcert::fuzz;  // NOLINT(google-build-using-namespace)
  RandomChoice choice(seed);
  const std::string input = BuildRequestInput(MutateRequests(
      ParseRequestInput({reinterpret_cast<const char*>(data), size}), trust_max,
      &choice));
  if (input.size() > size_max) return size;
  input.copy(reinterpret_cast<char*>(data), input.size());
  return input.size();
}
