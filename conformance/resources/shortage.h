// A resource of which only so much is left.

#ifndef CPGCERT_CONFORMANCE_RESOURCES_SHORTAGE_H_
#define CPGCERT_CONFORMANCE_RESOURCES_SHORTAGE_H_

#include <optional>
#include <string>

#include "harness/disturbances/allocation_faults.h"
#include "harness/disturbances/resource_limits.h"

namespace cpgcert::conformance::resources {

enum class Resource { kMemory, kDescriptors, kSharedMemory };

// "Allocation", "Descriptors" or "SharedMemory", as part of a case's name.
std::string NameOf(Resource resource);
// The requirement that such a shortage tries: "RES-01", ...
std::string RequirementOf(Resource resource);

// A shortage gets milder with each step, from 1 to StepsMax(). Of memory, the
// step is the number of the one request that fails. Step 0 is no shortage.
int StepsMax(Resource resource);
// "request 3 for memory fails", "2 descriptors left", "64 KiB left".
std::string Describe(Resource resource, int step);

class Shortage {
 public:
  // The watch must be of the calling thread. Both must outlive this.
  Shortage(Resource resource, int step, harness::AllocationWatch* watch,
           harness::SharedMemorySize* shared_memory);

  // Each returns "" or why it cannot.
  std::string Begin();
  std::string End();

  // False if the call that came between cannot have noticed: then a milder
  // shortage is none. But for step 0 it knows that of memory only.
  bool noticed() const { return noticed_; }
  // The same between Begin() and End(): false if the resource has not been
  // refused to anybody yet, which it knows of memory only.
  bool MayHaveActed() const;

 private:
  const Resource resource_;
  const int step_;
  harness::AllocationWatch* const watch_;
  harness::SharedMemorySize* const shared_memory_;
  std::optional<harness::DescriptorLimit> descriptors_;
  bool noticed_ = true;
};

}  // namespace cpgcert::conformance::resources

#endif  // CPGCERT_CONFORMANCE_RESOURCES_SHORTAGE_H_
