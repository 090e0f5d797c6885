// Cases about memory, descriptors, shared memory and stack that run out.

#ifndef CPGCERT_CONFORMANCE_RESOURCES_RESOURCE_SUITE_H_
#define CPGCERT_CONFORMANCE_RESOURCES_RESOURCE_SUITE_H_

namespace cpgcert::conformance::resources {

void RegisterResourceSuite();

}  // namespace cpgcert::conformance::resources

#endif  // CPGCERT_CONFORMANCE_RESOURCES_RESOURCE_SUITE_H_
