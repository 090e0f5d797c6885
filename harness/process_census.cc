#include "harness/process_census.h"

#include <dirent.h>
#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <climits>
#include <cstring>
#include <fstream>
#include <functional>
#include <optional>
#include <sstream>

#include "harness/trace/trace_event.h"

namespace cpgcert::harness {

namespace {

std::optional<int> Number(const char* name) {
  int number = 0;
  const char* end = name + std::strlen(name);
  const auto parsed = std::from_chars(name, end, number);
  return parsed.ec == std::errc() && parsed.ptr == end
             ? std::optional<int>(number)
             : std::nullopt;
}

// Calls `visit` for every entry of `path` that is a number, with the descriptor
// that the walk itself holds.
void ForEachNumber(const char* path,
                   const std::function<void(int number, int own)>& visit) {
  DIR* directory = opendir(path);
  if (directory == nullptr) {
    return;
  }
  while (const dirent* entry = readdir(directory)) {
    const std::optional<int> number = Number(entry->d_name);
    if (number.has_value()) {
      visit(*number, dirfd(directory));
    }
  }
  closedir(directory);
}

std::string Target(int descriptor) {
  std::array<char, PATH_MAX> target{};
  const std::string link = fmt::format("/proc/self/fd/{}", descriptor);
  const ssize_t size = readlink(link.c_str(), target.data(), target.size());
  return size < 0 ? "?" : std::string(target.data(), static_cast<size_t>(size));
}

// The paths of the shared mappings; one that is anonymous is "(anonymous)".
std::map<std::string, int> SharedMappings() {
  std::map<std::string, int> mappings;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::istringstream columns(line);
    std::string range;
    std::string flags;
    std::string offset;
    std::string device;
    std::string inode;
    columns >> range >> flags >> offset >> device >> inode >> std::ws;
    if (flags.size() == 4 && flags[3] == 's') {
      std::string path;
      std::getline(columns, path);
      ++mappings[path.empty() ? "(anonymous)" : path];
    }
  }
  return mappings;
}

ProcessCensus LookAtProcess() {
  ProcessCensus census;
  ForEachNumber("/proc/self/fd", [&census](int descriptor, int own) {
    if (descriptor != own) {
      census.descriptors[descriptor] = Target(descriptor);
    }
  });
  census.shared_mappings = SharedMappings();
  ForEachNumber("/proc/self/task",
                [&census](int /*thread*/, int /*own*/) { ++census.threads; });
  return census;
}

trace::Json ToJson(const ProcessCensus& census) {
  trace::Json json{{"descriptors", trace::Json::array()},
                   {"shared_mappings", census.shared_mappings},
                   {"threads", census.threads}};
  for (const auto& [descriptor, target] : census.descriptors) {
    json["descriptors"].push_back({descriptor, target});
  }
  return json;
}

ProcessCensus FromJson(const trace::Json& json) {
  ProcessCensus census;
  for (const trace::Json& entry : json.at("descriptors")) {
    census.descriptors.emplace(entry.at(0).get<int>(),
                               entry.at(1).get<std::string>());
  }
  census.shared_mappings =
      json.at("shared_mappings").get<std::map<std::string, int>>();
  census.threads = json.at("threads").get<int>();
  return census;
}

}  // namespace

ProcessCensus TakeProcessCensus() {
  return trace::ObserveAs("census", LookAtProcess, ToJson, FromJson);
}

CensusGrowth Growth(const ProcessCensus& before, const ProcessCensus& after) {
  CensusGrowth growth;
  for (const auto& [descriptor, target] : after.descriptors) {
    const auto known = before.descriptors.find(descriptor);
    if (known == before.descriptors.end() || known->second != target) {
      growth.descriptors.push_back(
          fmt::format("descriptor {} ({})", descriptor, target));
    }
  }
  for (const auto& [path, count] : after.shared_mappings) {
    const auto known = before.shared_mappings.find(path);
    const int more =
        count - (known == before.shared_mappings.end() ? 0 : known->second);
    for (int i = 0; i < more; ++i) {
      growth.shared_mappings.push_back("shared mapping " + path);
    }
  }
  growth.threads = after.threads - before.threads;
  return growth;
}

}  // namespace cpgcert::harness
