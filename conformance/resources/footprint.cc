#include "conformance/resources/footprint.h"

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <vector>

#include "conformance/resources/connection.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance::resources {

namespace {

namespace fs = std::filesystem;

// The limit that a case's process has, see isolated_run.h.
constexpr int kDescriptorsMax = 1024;
// A later connection is as good as an earlier one; some more against doubt.
constexpr int kLaterConnections = 3;

std::string TargetOf(int descriptor) {
  std::error_code error;
  const fs::path target =
      fs::read_symlink(fmt::format("/proc/self/fd/{}", descriptor), error);
  return error ? "unknown" : target.string();
}

std::vector<std::string> Without(const std::set<std::string>& names,
                                 const std::set<std::string>& others) {
  std::vector<std::string> rest;
  std::ranges::set_difference(names, others, std::back_inserter(rest));
  return rest;
}

bool HasAny(const std::set<std::string>& names,
            const std::vector<std::string>& wanted) {
  return std::ranges::any_of(wanted, [&names](const std::string& name) {
    return names.contains(name);
  });
}

}  // namespace

Descriptors OpenDescriptors() {
  Descriptors open;
  for (int descriptor = 0; descriptor < kDescriptorsMax; ++descriptor) {
    struct stat status{};
    if (fstat(descriptor, &status) == 0) {
      open[descriptor] = {status.st_dev, status.st_ino};
    }
  }
  return open;
}

std::vector<std::string> Closed(const Descriptors& before,
                                const Descriptors& after) {
  std::vector<std::string> texts;
  for (const auto& [descriptor, file] : before) {
    const auto found = after.find(descriptor);
    if (found == after.end()) {
      texts.push_back(fmt::format("descriptor {} was closed", descriptor));
    } else if (found->second != file) {
      texts.push_back(fmt::format("descriptor {} was closed and is now {}",
                                  descriptor, TargetOf(descriptor)));
    }
  }
  return texts;
}

std::vector<std::string> LeftOpen(const Descriptors& before,
                                  const Descriptors& after) {
  std::vector<std::string> texts;
  for (const auto& [descriptor, file] : after) {
    if (!before.contains(descriptor)) {
      texts.push_back(fmt::format("descriptor {} ({}) was left open",
                                  descriptor, TargetOf(descriptor)));
    }
  }
  return texts;
}

int SharedMappings() {
  std::ifstream maps("/proc/self/maps");
  int count = 0;
  for (std::string line; std::getline(maps, line);) {
    count += line.find(" /dev/shm/") != std::string::npos ? 1 : 0;
  }
  return count;
}

std::set<std::string> SharedMemoryFiles() {
  std::set<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry("/dev/shm", error), end;
       !error && entry != end; entry.increment(error)) {
    names.insert(entry->path().filename());
  }
  return names;
}

void WaitSharedMemoryQuiet(const harness::CpgApi& api) {
  const std::set<std::string> before = SharedMemoryFiles();
  Connection connection(api, "later", "");
  if (!connection.Connect().empty()) {
    return;
  }
  const std::vector<std::string> own = Without(SharedMemoryFiles(), before);
  connection.Finalize();
  harness::trace::Deadline end(kDeadline);
  while (HasAny(SharedMemoryFiles(), own) && !end.Passed()) {
    poll(nullptr, 0, 1);  // sleep: a pause between two looks
  }
}

std::string LeftInSharedMemory(const harness::CpgApi& api,
                               const std::set<std::string>& before) {
  std::vector<std::string> left = Without(SharedMemoryFiles(), before);
  for (int i = 0; i < kLaterConnections && !left.empty(); ++i) {
    WaitSharedMemoryQuiet(api);
    left = Without(SharedMemoryFiles(), before);
  }
  return fmt::format("{}", fmt::join(left, ", "));
}

}  // namespace cpgcert::conformance::resources
