// One call while a resource runs out, in a process of its own.

#ifndef CPGCERT_CONFORMANCE_RESOURCES_PROBE_H_
#define CPGCERT_CONFORMANCE_RESOURCES_PROBE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "conformance/resources/operations.h"
#include "conformance/resources/shortage.h"
#include "harness/cpg_api.h"
#include "harness/disturbances/resource_limits.h"

namespace cpgcert::conformance::resources {

// A promise that was broken.
struct Finding {
  std::string requirement;
  std::string text;  // what came
};

// What a library keeps for the whole process once it has been used. Nobody
// forbids that.
struct Kept {
  size_t descriptors = 0;
  int mappings = 0;  // of files of /dev/shm
};

struct ProbeResult {
  std::string unprepared;  // why the call could not be made; else empty
  bool returned = false;   // the process lived to tell the rest
  cs_error_t answer = CS_OK;
  bool noticed = false;  // see Shortage::noticed()
  bool stuck = false;    // it hung
  Kept kept;             // what was there after the end
  std::vector<Finding> findings;
};

// What a probe looks at: whether the call survives, or what a failure has left
// and whether it can be repeated, or both.
enum class Aspect { kSurvival, kAftermath, kBoth };

struct ProbeRequest {
  const harness::CpgApi& api;
  const Operation& operation;
  Resource resource;
  int step;  // 0 for a call without a shortage
  Aspect aspect = Aspect::kBoth;
  Kept allowed{};  // no finding if it stays
};

// An error that says, or may say, that a resource is missing: what the pages
// list as common errors, and CS_ERR_NO_SPACE and CS_ERR_NO_RESOURCES.
bool IsAdmitted(cs_error_t error);

// Makes the call in a forked child; then, if it failed and the aftermath
// matters, once more with the resource there again. For memory the child has
// not used the library before; for the others it has, so that shared memory is
// quiet, and what the library keeps open is open. A child that dies is a
// finding, and shared memory has its size again in any case.
// REQUIRES: one thread in the calling process.
ProbeResult Probe(const ProbeRequest& request,
                  harness::SharedMemorySize* shared_memory);

}  // namespace cpgcert::conformance::resources

#endif  // CPGCERT_CONFORMANCE_RESOURCES_PROBE_H_
