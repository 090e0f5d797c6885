// What a process holds that a connection may have left there.

#ifndef CPGCERT_CONFORMANCE_RESOURCES_FOOTPRINT_H_
#define CPGCERT_CONFORMANCE_RESOURCES_FOOTPRINT_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "harness/cpg_api.h"

namespace cpgcert::conformance::resources {

// The open descriptors of this process, each with the device and inode that it
// stands for.
using Descriptors = std::map<int, std::pair<uint64_t, uint64_t>>;
Descriptors OpenDescriptors();

// "descriptor 0 was closed" for each that is not there any more, or stands for
// something else.
std::vector<std::string> Closed(const Descriptors& before,
                                const Descriptors& after);
// "descriptor 5 (socket:[17]) was left open" for each that is new.
std::vector<std::string> LeftOpen(const Descriptors& before,
                                  const Descriptors& after);

// Mappings of files of /dev/shm in this process.
int SharedMappings();

// The names in /dev/shm.
std::set<std::string> SharedMemoryFiles();

// Waits until what connections have left in /dev/shm that have ended is gone.
// The service removes it, some time after their end: it has had that time once
// a connection that was made later has gone. Makes that connection with `api`.
void WaitSharedMemoryQuiet(const harness::CpgApi& api);

// Waits until nothing is in /dev/shm that is not in `before`, as long as some
// later connections need to come and go. Returns "" or what stayed.
std::string LeftInSharedMemory(const harness::CpgApi& api,
                               const std::set<std::string>& before);

}  // namespace cpgcert::conformance::resources

#endif  // CPGCERT_CONFORMANCE_RESOURCES_FOOTPRINT_H_
