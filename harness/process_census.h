// What a process holds: descriptors, shared mappings, threads.
//
// Taken before and after, it shows what a library left behind. Source:
// proc(5), /proc/[pid]/fd, /proc/[pid]/maps, /proc/[pid]/task.

#ifndef CPGCERT_HARNESS_PROCESS_CENSUS_H_
#define CPGCERT_HARNESS_PROCESS_CENSUS_H_

#include <map>
#include <string>
#include <vector>

namespace cpgcert::harness {

struct ProcessCensus {
  // Number to what it refers to, such as "socket:[4711]".
  std::map<int, std::string> descriptors{};
  // Mappings that are shared with others (MAP_SHARED): path to how many.
  std::map<std::string, int> shared_mappings{};
  int threads = 0;
};

// Of the calling process.
ProcessCensus TakeProcessCensus();

// What is there in `after` and was not in `before`, a text each: "descriptor 7
// (socket:[4711])", "shared mapping /dev/shm/qb-1-2-3/event-data".
struct CensusGrowth {
  std::vector<std::string> descriptors{};
  std::vector<std::string> shared_mappings{};
  int threads = 0;
  bool empty() const {
    return descriptors.empty() && shared_mappings.empty() && threads <= 0;
  }
};
CensusGrowth Growth(const ProcessCensus& before, const ProcessCensus& after);

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_PROCESS_CENSUS_H_
