// The words of the cases about groups: names of any bytes, members, changes.

#ifndef CPGCERT_CONFORMANCE_GROUPS_WORDS_H_
#define CPGCERT_CONFORMANCE_GROUPS_WORDS_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/case.h"
#include "conformance/support/support.h"
#include "harness/client.h"
#include "harness/peer.h"

namespace cpgcert::conformance::groups {

// Connect() for a case that iterates, too.
std::unique_ptr<harness::Client> ConnectForQueries(CaseContext& context);

// A name of these bytes; what lies behind them in cpg_name is `behind`.
// REQUIRES: at most 128 bytes.
cpg_name RawName(std::string_view bytes, char behind = '\0');
// A name whose length field says `length`, whatever the bytes hold.
cpg_name NameOfLength(uint32_t length);

// cpg_join and cpg_leave with such a name; retried while CS_ERR_TRY_AGAIN.
cs_error_t JoinRaw(harness::Client& client, const cpg_name& name);
cs_error_t LeaveRaw(harness::Client& client, const cpg_name& name);

// cpg_local_get. Needs CS_OK.
uint32_t LocalNode(harness::Client& client);
// Of this process, as callbacks spell it.
uint32_t SelfProcess();
// Of the other process, likewise.
uint32_t ProcessOf(const harness::Peer& peer);
// "1:4711".
std::string Address(uint32_t node, uint32_t process);
std::string SelfAddress(harness::Client& client);

// The members that cpg_membership_get tells, as addresses, sorted. Needs CS_OK.
std::vector<std::string> MembersOf(harness::Client& asker,
                                   const cpg_name& group);
std::vector<std::string> MembersOf(harness::Client& asker,
                                   std::string_view group);

// One step of an iteration.
struct Iterated {
  std::string group;
  std::string address;
};
// All that an iteration tells; `group` is null unless `type` is ONE_GROUP.
// Needs the calls to work.
std::vector<Iterated> Iterate(harness::Client& asker, cpg_iteration_type_t type,
                              const cpg_name* group);

// True for any configuration change.
bool IsChange(const harness::CallbackRecord& record);
// True for a configuration change with this process in its joined, or left,
// list.
RecordTest JoinOf(uint32_t process);
RecordTest LeaveOf(uint32_t process);

// A process in the joined or left list.
struct Moved {
  uint32_t process;
  cpg_reason_t reason;
};
// A configuration change on one node as DescribeRecord tells it, each list in
// the order of the processes.
std::string ChangeText(uint32_t node, std::string_view group,
                       const std::vector<Moved>& joined,
                       const std::vector<Moved>& left,
                       std::vector<uint32_t> members);
// DescribeRecord of the records after the first `seen`, lists likewise.
std::vector<std::string> OrderedTexts(harness::Client& client, size_t seen = 0);
// Those that begin with "change of ".
std::vector<std::string> ChangesIn(const std::vector<std::string>& texts);

// Fails `requirement` unless both are the same.
void ExpectTexts(CaseContext& context, std::string_view requirement,
                 std::string_view call, const std::vector<std::string>& owed,
                 const std::vector<std::string>& came);

// Asks `holds` again and again, with `round` in between: an event that the
// service brings about after whatever it was to do before. True as soon as it
// holds; false once it did not hold after many rounds.
bool HoldsAfterRounds(const std::function<bool()>& holds,
                      const std::function<void()>& round);

// Such a round: `helper` joins `group` and finalizes, and `witness`, a settled
// member of it, has seen that.
void DepartureRound(harness::Peer& helper, harness::Client& witness,
                    std::string_view group);

// Multicasts as much as is taken at once. A service that keeps one order
// delivers what is asked of it next behind all that, so that what lies between
// a request and its effect is long. REQUIRES: a settled member of a group.
void QueueMessages(harness::Client& writer);

// A member that no process is any more would stay with some services for as
// long as they run: this one is ended, if it may be.
void EndServiceWithGhosts(CaseContext& context);

}  // namespace cpgcert::conformance::groups

#endif  // CPGCERT_CONFORMANCE_GROUPS_WORDS_H_
