#include "fuzz/support/target_options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <vector>

#include "harness/qb_in_process/library_binding.h"

namespace cpgcert::fuzz {

namespace {

constexpr int kBadUsage = 2;
constexpr char kLibraryVariable[] = "CPGCERT_FUZZ_LIBCPG";
constexpr char kTrustVariable[] = "CPGCERT_FUZZ_TRUST";
constexpr char kMutateVariable[] = "CPGCERT_FUZZ_MUTATE";
constexpr std::array<std::string_view, 3> kTrusts = {"conformant", "consistent",
                                                     "hostile"};

[[noreturn]] void Exit(const std::string& problem) {
  std::fprintf(stderr, "%s\n", problem.c_str());
  std::exit(kBadUsage);
}

Trust ParseTrust(std::string_view text) {
  for (size_t i = 0; i < kTrusts.size(); ++i) {
    if (kTrusts.at(i) == text) {
      return static_cast<Trust>(i);
    }
  }
  Exit(fmt::format("--trust {}: not one of {}, {}, {}", text, kTrusts[0],
                   kTrusts[1], kTrusts[2]));
}

bool ParseMutate(std::string_view text) {
  if (text != "structure" && text != "bytes") {
    Exit(fmt::format("--mutate {}: not one of structure, bytes", text));
  }
  return text == "structure";
}

// The option's value, which is *at or the next argument.
std::optional<std::string> ValueOf(std::string_view option, int argc,
                                   char** argv, int* at) {
  const std::string_view argument = argv[*at];
  if (argument == option && *at + 1 < argc) {
    return argv[++*at];
  }
  if (argument == option) {
    Exit(fmt::format("{}: its value is missing", option));
  }
  const std::string begin = fmt::format("{}=", option);
  if (argument.starts_with(begin)) {
    return std::string(argument.substr(begin.size()));
  }
  return std::nullopt;
}

void TakeFrom(const char* variable, std::string* value) {
  if (const char* const text = std::getenv(variable); text != nullptr) {
    *value = text;
  }
}

}  // namespace

TargetOptions TakeTargetOptions(int* argc, char*** argv) {
  if (const char* const caller = std::getenv("BUILD_WORKING_DIRECTORY");
      caller != nullptr && chdir(caller) != 0) {
    Exit(fmt::format("cannot go to {}", caller));
  }
  TargetOptions options;
  std::string trust = std::string(kTrusts.back());
  std::string mutate = "structure";
  TakeFrom(kLibraryVariable, &options.library);
  TakeFrom(kTrustVariable, &trust);
  TakeFrom(kMutateVariable, &mutate);
  int kept = 0;
  for (int i = 0; i < *argc; ++i) {
    if (const auto library = ValueOf("--libcpg", *argc, *argv, &i)) {
      options.library = *library;
    } else if (const auto tier = ValueOf("--trust", *argc, *argv, &i)) {
      trust = *tier;
    } else if (const auto how = ValueOf("--mutate", *argc, *argv, &i)) {
      mutate = *how;
    } else {
      (*argv)[kept++] = (*argv)[i];
    }
  }
  *argc = kept;
  (*argv)[kept] = nullptr;
  options.trust = ParseTrust(trust);
  options.mutate_structure = ParseMutate(mutate);
  setenv(kLibraryVariable, options.library.c_str(), 1);
  setenv(kTrustVariable, trust.c_str(), 1);
  setenv(kMutateVariable, mutate.c_str(), 1);
  return options;
}

std::unique_ptr<harness::CpgApi> LoadTarget(const TargetOptions& options) {
  std::string error;
  std::unique_ptr<harness::CpgApi> api =
      harness::LoadCpgApi(options.library, &error);
  if (api == nullptr) {
    Exit(fmt::format("--libcpg {}: {}", options.library, error));
  }
  error = harness::WhyLibraryDoesNotBindHere(*api);
  if (!error.empty()) {
    Exit(fmt::format("--libcpg {}: {}", options.library, error));
  }
  return api;
}

}  // namespace cpgcert::fuzz
