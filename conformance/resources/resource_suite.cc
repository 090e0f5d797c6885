#include "conformance/resources/resource_suite.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <vector>

#include "conformance/case.h"
#include "conformance/resources/operations.h"
#include "conformance/resources/probe.h"
#include "conformance/resources/shortage.h"
#include "conformance/resources/smallest_stack.h"
#include "conformance/resources/sweep.h"
#include "conformance/resources/zero_copy_room.h"

namespace cpgcert::conformance::resources {

namespace {

using resources::Aspect;
using resources::Operation;
using resources::Resource;

void RegisterSweep(const Operation& operation, Resource resource,
                   Aspect aspect) {
  std::vector<std::string> requirements;
  if (aspect != Aspect::kAftermath) {
    requirements.push_back(resources::RequirementOf(resource));
  }
  if (aspect != Aspect::kSurvival) {
    requirements.insert(requirements.end(), {"RES-04", "ERR-06"});
  }
  RegisterCase(
      {.name = fmt::format("{}/{}/{}", requirements.front(), operation.name,
                           resources::NameOf(resource)),
       .requirements = requirements,
       .profile = "faults",
       .needs_capability =
           operation.name.starts_with("Zcb") || aspect == Aspect::kAftermath},
      [&operation, resource, aspect](CaseContext& context) {
        resources::Sweep(context, operation, resource, aspect);
      });
}

// "RES-01/Join/Allocation"; for what gets the resource by its nature also
// "RES-04/Initialize/Allocation".
void RegisterSweeps(const Operation& operation, Resource resource) {
  if (std::ranges::find(operation.gets, resource) == operation.gets.end()) {
    RegisterSweep(operation, resource, Aspect::kBoth);
    return;
  }
  RegisterSweep(operation, resource, Aspect::kSurvival);
  RegisterSweep(operation, resource, Aspect::kAftermath);
}

}  // namespace

void RegisterResourceSuite() {
  for (const Operation& operation : resources::Operations()) {
    for (const Resource resource :
         {Resource::kMemory, Resource::kDescriptors, Resource::kSharedMemory}) {
      RegisterSweeps(operation, resource);
    }
  }
  RegisterCase({.name = "ZCB-02/ImpossibleSize",
                .requirements = {"ZCB-02"},
                .profile = "faults"},
               resources::AllocateImpossibleSizes);
  RegisterCase({.name = "ZCB-02/FullSharedMemory/LargeBuffer",
                .requirements = {"ZCB-02"},
                .profile = "faults"},
               [](CaseContext& context) {
                 resources::AllocateInFullSharedMemory(
                     context, {5000, 8192, size_t{1} << 20});
               });
  // Less than a page, of which an implementation may forget that it is there
  // only once it is written.
  RegisterCase({.name = "ZCB-02/FullSharedMemory/SmallBuffer",
                .requirements = {"ZCB-02"},
                .profile = "faults"},
               [](CaseContext& context) {
                 resources::AllocateInFullSharedMemory(context, {1, 100, 3000});
               });
  RegisterCase({.name = "DISPATCH-13/SmallestStack",
                .requirements = {"DISPATCH-13"},
                .profile = "api"},
               resources::DispatchOnSmallStacks);
}

}  // namespace cpgcert::conformance::resources
