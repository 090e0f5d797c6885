#include "fuzz/support/target_options.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include "fuzz/support/trust.h"
#include "harness/qb_in_process/libqb_forwarding.h"
#include "harness/qb_in_process/library_binding.h"

namespace cpgcert::fuzz {

namespace {

constexpr int kBadUsage = 2;
constexpr char kLibraryVariable[] = "CPGCERT_FUZZ_LIBCPG";
constexpr char kTrustVariable[] = "CPGCERT_FUZZ_TRUST";
constexpr char kMutateVariable[] = "CPGCERT_FUZZ_MUTATE";
constexpr char kCoverageVariable[] = "CPGCERT_FUZZ_COVERAGE";
constexpr char kTransportVariable[] = "CPGCERT_FUZZ_TRANSPORT";

// What a library that does not bind is told of.
constexpr char kNotLookedAt[] =
    "its events go through a libqb server in a process of its own, which is "
    "slower; not looked at: whether it matters what lies behind an event in "
    "memory, requests beyond their end, and more events at once than libqb "
    "carries";

[[noreturn]] void Exit(const std::string& problem) {
  std::fprintf(stderr, "%s\n", problem.c_str());
  std::exit(kBadUsage);
}

Trust ParseTrust(std::string_view text) {
  if (const auto tier = TrustNamed(text)) return *tier;
  Exit(fmt::format("--trust {}: not one of {}", text, kTrustNames));
}

// True if it is the first of the two.
bool ParseOneOf(std::string_view option, std::string_view text,
                std::string_view first, std::string_view second) {
  if (text != first && text != second) {
    Exit(fmt::format("{} {}: not one of {}, {}", option, text, first, second));
  }
  return text == first;
}

std::optional<Transport> ParseTransport(std::string_view text) {
  if (text.empty()) return std::nullopt;
  return ParseOneOf("--transport", text, "in-process", "server")
             ? Transport::kInProcess
             : Transport::kServer;
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

// A libcpg.so.4 in this program's folder, as where OSS-Fuzz runs it.
std::optional<std::string> LibraryBesideThisProgram() {
  std::error_code error;
  const std::filesystem::path program =
      std::filesystem::read_symlink("/proc/self/exe", error);
  const std::filesystem::path library =
      program.parent_path() / TargetOptions().library;
  if (error || !std::filesystem::exists(library, error)) return std::nullopt;
  return library.string();
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
  options.library = LibraryBesideThisProgram().value_or(options.library);
  std::string trust = NameOf(options.trust);
  std::string mutate = "structure";
  std::string coverage = "blocks";
  std::string transport;
  TakeFrom(kLibraryVariable, &options.library);
  TakeFrom(kTrustVariable, &trust);
  TakeFrom(kMutateVariable, &mutate);
  TakeFrom(kCoverageVariable, &coverage);
  TakeFrom(kTransportVariable, &transport);
  int kept = 0;
  for (int i = 0; i < *argc; ++i) {
    if (const auto library = ValueOf("--libcpg", *argc, *argv, &i)) {
      options.library = *library;
    } else if (const auto tier = ValueOf("--trust", *argc, *argv, &i)) {
      trust = *tier;
    } else if (const auto how = ValueOf("--mutate", *argc, *argv, &i)) {
      mutate = *how;
    } else if (const auto what = ValueOf("--coverage", *argc, *argv, &i)) {
      coverage = *what;
    } else if (const auto over = ValueOf("--transport", *argc, *argv, &i)) {
      transport = *over;
    } else {
      (*argv)[kept++] = (*argv)[i];
    }
  }
  *argc = kept;
  (*argv)[kept] = nullptr;
  options.trust = ParseTrust(trust);
  options.mutate_structure =
      ParseOneOf("--mutate", mutate, "structure", "bytes");
  options.cover_blocks = ParseOneOf("--coverage", coverage, "blocks", "none");
  options.transport = ParseTransport(transport);
  setenv(kLibraryVariable, options.library.c_str(), 1);
  setenv(kTrustVariable, trust.c_str(), 1);
  setenv(kMutateVariable, mutate.c_str(), 1);
  setenv(kCoverageVariable, coverage.c_str(), 1);
  setenv(kTransportVariable, transport.c_str(), 1);
  return options;
}

namespace {

std::unique_ptr<harness::CpgApi> Load(const TargetOptions& options) {
  std::string error;
  std::unique_ptr<harness::CpgApi> api =
      harness::LoadCpgApi(options.library, &error);
  if (api == nullptr) {
    Exit(fmt::format("--libcpg {}: {}", options.library, error));
  }
  return api;
}

// "" if the library speaks with the server.
std::string WhyNotServed(const harness::CpgApi& api) {
  cpg_handle_t handle = 0;
  unsigned int node = 0;
  const cs_error_t connected = api.initialize(&handle, nullptr);
  if (connected != CS_OK) {
    return fmt::format("cpg_initialize: {}", harness::ErrorName(connected));
  }
  const cs_error_t answer = api.local_get(handle, &node);
  api.finalize(handle);
  return answer == CS_OK && node == EventServer::kNode
             ? ""
             : fmt::format("cpg_local_get: {}, node {} instead of {}",
                           harness::ErrorName(answer), node,
                           EventServer::kNode);
}

}  // namespace

std::unique_ptr<harness::CpgApi> LoadTarget(const TargetOptions& options) {
  if (options.transport == Transport::kServer) {
    Exit("--transport server: not for this target");
  }
  std::unique_ptr<harness::CpgApi> api = Load(options);
  const std::string why_not = harness::WhyLibraryDoesNotBindHere(*api);
  if (!why_not.empty()) {
    Exit(fmt::format("--libcpg {}: {}", options.library, why_not));
  }
  return api;
}

ServedTarget LoadServedTarget(const TargetOptions& options) {
  ServedTarget target{.api = Load(options)};
  std::string why = options.transport == Transport::kServer
                        ? "--transport server"
                        : harness::WhyLibraryDoesNotBindHere(*target.api);
  if (why.empty()) return target;
  if (options.transport == Transport::kInProcess) {
    Exit(fmt::format("--libcpg {}: {}", options.library, why));
  }
  std::string error = harness::ForwardToLibqb();
  if (error.empty()) target.server = EventServer::Start(&error);
  if (error.empty()) error = WhyNotServed(*target.api);
  if (!error.empty()) {
    Exit(fmt::format("--libcpg {}: {}; and over a libqb server: {}",
                     options.library, why, error));
  }
  std::fprintf(stderr, "%s: %s: %s\n", options.library.c_str(), why.c_str(),
               kNotLookedAt);
  return target;
}

}  // namespace cpgcert::fuzz
