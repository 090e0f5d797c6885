#include "fuzz/coverage/coverage.h"

#include <dlfcn.h>
#include <fmt/core.h>
#include <link.h>

#include <chrono>
#include <cstdint>
#include <vector>

#include "fuzz/coverage/basic_blocks.h"
#include "fuzz/coverage/breakpoints.h"
#include "fuzz/coverage/library_image.h"

// Of libFuzzer, and absent without it.
extern "C" {
__attribute__((weak)) void __sanitizer_cov_8bit_counters_init(char* start,
                                                              char* stop);
__attribute__((weak)) void __sanitizer_cov_pcs_init(const uintptr_t* begin,
                                                    const uintptr_t* end);
}

namespace cpgcert::fuzz::coverage {

namespace {

struct State {
  std::string path;
  std::string error;  // why there is no coverage
  bool instrumented = false;
  Breakpoints* breakpoints = nullptr;
  BasicBlocks blocks;
  double milliseconds = 0;
  bool each_input = false;
  bool warm = false;
  bool repeating = false;  // the run that ends now was a repetition
  size_t known = 0;        // blocks seen in earlier runs
  std::vector<uintptr_t> addresses;
};

State& TheState() {
  static State* const state = new State;  // NOLINT: as long as the process
  return *state;
}

// In libFuzzer's table each block is an address and 1 if a function starts
// there.
void Register(State& state) {
  Breakpoints& breakpoints = *state.breakpoints;
  for (size_t i = 0; i < breakpoints.size(); ++i) {
    state.addresses.push_back(breakpoints.address(i));
    state.addresses.push_back(breakpoints.is_function(i) ? 1 : 0);
  }
  if (__sanitizer_cov_8bit_counters_init == nullptr ||
      __sanitizer_cov_pcs_init == nullptr) {
    return;
  }
  char* counters = reinterpret_cast<char*>(breakpoints.counters().data());
  __sanitizer_cov_8bit_counters_init(counters, counters + breakpoints.size());
  __sanitizer_cov_pcs_init(state.addresses.data(),
                           state.addresses.data() + state.addresses.size());
}

std::string Plant(void* library, State& state) {
  const auto begin = std::chrono::steady_clock::now();
  LibraryImage image;
  std::string error = ReadLibrary(state.path, &image);
  if (!error.empty()) {
    return error;
  }
  state.instrumented = image.instrumented;
  if (state.instrumented) {
    return "";
  }
  state.blocks = FindBasicBlocks(image);
  error = Breakpoints::Ready(library, state.blocks, &state.breakpoints);
  if (!error.empty()) {
    return error;
  }
  Register(state);
  state.breakpoints->ArmAll();
  state.milliseconds = std::chrono::duration<double, std::milli>(
                           std::chrono::steady_clock::now() - begin)
                           .count();
  return "";
}

}  // namespace

std::string Start(const std::string& path) {
  // Kept open: the breakpoints must not outlive the library.
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_NOLOAD);
  if (library == nullptr) {
    return path + ": not loaded";
  }
  return Start(library);
}

std::string Start(void* library) {
  State& state = TheState();
  if (state.breakpoints != nullptr || state.instrumented) {
    return "coverage has been started for " + state.path;
  }
  link_map* map = nullptr;
  if (dlinfo(library, RTLD_DI_LINKMAP, &map) != 0) {
    return "not a loaded library";
  }
  state.path = map->l_name;
  const std::string why = Plant(library, state);
  state.error = why.empty() ? "" : fmt::format("{}: {}", state.path, why);
  return state.error;
}

bool RunAgain() {
  State& state = TheState();
  if (state.breakpoints == nullptr) {
    return false;
  }
  Breakpoints& breakpoints = *state.breakpoints;
  const bool is_new = breakpoints.seen() > state.known;
  if (!state.warm) {
    state.warm = true;
    breakpoints.ForgetSeen();
    state.known = 0;
    breakpoints.ArmAll();
    return true;
  }
  state.known = breakpoints.seen();
  if (state.each_input) {
    breakpoints.ArmAll();
    return false;
  }
  if (is_new && !state.repeating) {
    state.repeating = true;
    breakpoints.ArmAll();
    return true;
  }
  if (state.repeating) {
    state.repeating = false;
    breakpoints.ArmUnseen();
  }
  return false;
}

void ArmBeforeEachInput() { TheState().each_input = true; }

Summary Describe() {
  const State& state = TheState();
  Summary summary;
  summary.instrumented = state.instrumented;
  if (state.instrumented) {
    summary.text = state.path + ": counts its blocks itself";
  } else if (state.breakpoints == nullptr) {
    summary.text =
        "no coverage: " + (state.error.empty() ? "not started" : state.error);
  } else {
    summary.blocks = state.breakpoints->size();
    summary.seen = state.breakpoints->seen();
    summary.text = fmt::format(
        "{}: {} of {} blocks reached, by breakpoints ({} instructions, {} "
        "functions of which {} left alone, {} jump tables; ready in {:.1f} ms)",
        state.path, summary.seen, summary.blocks, state.blocks.instructions,
        state.blocks.functions, state.blocks.contradictory,
        state.blocks.jump_tables, state.milliseconds);
  }
  return summary;
}

}  // namespace cpgcert::fuzz::coverage
