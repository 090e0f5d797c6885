// The cases about groups, by topic.

#ifndef CPGCERT_CONFORMANCE_GROUPS_TOPICS_H_
#define CPGCERT_CONFORMANCE_GROUPS_TOPICS_H_

namespace cpgcert::conformance::groups {

void RegisterNameCases();       // names of any length and any bytes
void RegisterEmptyNameCases();  // a name of no bytes
void RegisterJoinCases();
void RegisterRejoinCases();
void RegisterLeaveCases();
void RegisterLeaveNameCases();  // the name given to cpg_leave
void RegisterChangeCases();     // configuration changes and their order
void RegisterTotemCases();

}  // namespace cpgcert::conformance::groups

#endif  // CPGCERT_CONFORMANCE_GROUPS_TOPICS_H_
