// Cases about groups: names, joining, leaving, and the changes that tell of it.

#ifndef CPGCERT_CONFORMANCE_GROUPS_GROUPS_SUITE_H_
#define CPGCERT_CONFORMANCE_GROUPS_GROUPS_SUITE_H_

namespace cpgcert::conformance::groups {

void RegisterGroupsSuite();

}  // namespace cpgcert::conformance::groups

#endif  // CPGCERT_CONFORMANCE_GROUPS_GROUPS_SUITE_H_
