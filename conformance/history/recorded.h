// The histories of the groups of a swarm.

#ifndef CPGCERT_CONFORMANCE_HISTORY_RECORDED_H_
#define CPGCERT_CONFORMANCE_HISTORY_RECORDED_H_

#include <string>
#include <vector>

#include "conformance/history/history.h"
#include "harness/swarm/swarm.h"

namespace cpgcert::conformance::history {

// What the members recorded about `group`, the first member as the witness. A
// program that completes while it is a member must have waited for a message
// that is ordered after all messages and departures.
History FromRecords(const std::vector<harness::SwarmMember>& members,
                    const std::string& group);

}  // namespace cpgcert::conformance::history

#endif  // CPGCERT_CONFORMANCE_HISTORY_RECORDED_H_
