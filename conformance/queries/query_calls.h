// Queries as plain values: members and items are texts that can be compared.

#ifndef CPGCERT_CONFORMANCE_QUERIES_QUERY_CALLS_H_
#define CPGCERT_CONFORMANCE_QUERIES_QUERY_CALLS_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/case.h"
#include "harness/client.h"

namespace cpgcert::conformance::queries {

// "1:4711".
std::string AddressText(uint32_t node_id, uint32_t process);
// "1:4711 in g", an item of an iteration.
std::string ItemText(uint32_t node_id, uint32_t process,
                     std::string_view group);

// The identifier of the local node; ends the case as untested without it.
uint32_t LocalNode(harness::Client& client);

// What cpg_membership_get said of `group`, sorted.
struct MembersAnswer {
  cs_error_t code = CS_OK;
  int count = 0;  // as the call left it
  std::vector<std::string> members{};
};
MembersAnswer GetMembers(harness::Client& client, std::string_view group);
// Asks until the group has so many members; ends the case as untested if that
// does not come about.
void NeedMemberCount(harness::Client& client, std::string_view group,
                     size_t count);

// The types of the header, and those that it does not know.
struct IterationType {
  std::string name;
  int value = 0;
};
const std::vector<IterationType>& IterationTypes();
const std::vector<IterationType>& UnknownIterationTypes();

// An iterator. Does not finalize at its end. Copies stand for the same one.
class Iteration {
 public:
  Iteration(CaseContext& context, cpg_handle_t connection);

  // A type that the header does not know is the point of some cases.
  cs_error_t Initialize(int type, std::optional<std::string_view> group);
  // `*item`, unless null, is set after CS_OK only.
  cs_error_t Next(std::string* item);
  cs_error_t Finalize();

  // All items up to the first answer that is not CS_OK.
  struct Rest {
    std::vector<std::string> items{};
    cs_error_t end = CS_OK;
  };
  Rest ReadRest();

  cpg_iteration_handle_t handle() const { return handle_; }
  void set_handle(cpg_iteration_handle_t handle) { handle_ = handle; }

  // Begins an iteration over `group`, or over everything with a type that
  // takes no group; ends the case as untested if that is refused.
  static Iteration Begin(CaseContext& context, harness::Client& client,
                         int type, std::string_view group);

 private:
  const harness::CpgApi* api_;
  cpg_handle_t connection_;
  cpg_iteration_handle_t handle_ = 0;
};

// Fails `requirement` unless the items of `came` that belong to one of `groups`
// are `owed`, in any order, and the end is CS_ERR_NO_SECTIONS. What others did
// with groups of theirs is not looked at.
void ExpectItems(CaseContext& context, std::string_view requirement,
                 std::string_view call, const Iteration::Rest& came,
                 const std::vector<std::string>& groups,
                 std::vector<std::string> owed);

}  // namespace cpgcert::conformance::queries

#endif  // CPGCERT_CONFORMANCE_QUERIES_QUERY_CALLS_H_
