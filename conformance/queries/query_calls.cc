#include "conformance/queries/query_calls.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include "conformance/support/support.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance::queries {

namespace {

using harness::Client;
using harness::ErrorName;

constexpr size_t kMembersMax = 1024;
// No iteration of a case has as many items.
constexpr size_t kItemsMax = 1000;
constexpr uint32_t kUnset = 0xA5A5A5A5;

bool BelongsTo(const std::string& item,
               const std::vector<std::string>& groups) {
  return std::ranges::any_of(groups, [&item](const std::string& group) {
    return item.ends_with(" in " + group);
  });
}

}  // namespace

std::string AddressText(uint32_t node_id, uint32_t process) {
  return fmt::format("{}:{}", node_id, process);
}

std::string ItemText(uint32_t node_id, uint32_t process,
                     std::string_view group) {
  return fmt::format("{} in {}", AddressText(node_id, process), group);
}

uint32_t LocalNode(Client& client) {
  unsigned int node_id = 0;
  NeedOk("cpg_local_get", client.api().local_get(client.handle(), &node_id));
  return node_id;
}

MembersAnswer GetMembers(Client& client, std::string_view group) {
  MembersAnswer answer;
  std::vector<cpg_address> entries(kMembersMax);
  cpg_name name = harness::MakeGroupName(group);
  answer.code = harness::RetryWhileTryAgain(
      [&] {
        answer.count = kMembersMax;
        return client.api().membership_get(client.handle(), &name,
                                           entries.data(), &answer.count);
      },
      kWaitDeadline);
  const bool usable = answer.code == CS_OK && answer.count >= 0 &&
                      answer.count <= static_cast<int>(kMembersMax);
  for (int i = 0; usable && i < answer.count; ++i) {
    answer.members.push_back(
        AddressText(entries.at(i).nodeid, entries.at(i).pid));
  }
  std::ranges::sort(answer.members);
  return answer;
}

void NeedMemberCount(Client& client, std::string_view group, size_t count) {
  harness::trace::Deadline end(kWaitDeadline);
  size_t came = 0;
  while (!end.Passed()) {
    came = GetMembers(client, group).members.size();
    if (came == count) {
      return;
    }
    std::this_thread::yield();
  }
  CaseContext::Untested(fmt::format(
      "a group was to have {} members, and cpg_membership_get gives {}", count,
      came));
}

const std::vector<IterationType>& IterationTypes() {
  static const std::vector<IterationType> types = {
      {"NameOnly", CPG_ITERATION_NAME_ONLY},
      {"OneGroup", CPG_ITERATION_ONE_GROUP},
      {"All", CPG_ITERATION_ALL}};
  return types;
}

const std::vector<IterationType>& UnknownIterationTypes() {
  static const std::vector<IterationType> types = {
      {"TypeZero", 0}, {"TypeFour", 4}, {"TypeNegative", -1}};
  return types;
}

Iteration::Iteration(CaseContext& context, cpg_handle_t connection)
    : api_(&context.Api({"cpg_iteration_initialize", "cpg_iteration_next",
                         "cpg_iteration_finalize"})),
      connection_(connection) {}

__attribute__((no_sanitize("enum"))) cs_error_t
Iteration::Initialize(int type, std::optional<std::string_view> group) {
  const cpg_name name = harness::MakeGroupName(group.value_or(""));
  return harness::RetryWhileTryAgain(
      [&] {
        return api_->iteration_initialize(
            connection_, static_cast<cpg_iteration_type_t>(type),
            group.has_value() ? &name : nullptr, &handle_);
      },
      kWaitDeadline);
}

cs_error_t Iteration::Next(std::string* item) {
  cpg_iteration_description_t description{};
  const cs_error_t code = harness::RetryWhileTryAgain(
      [&] {
        description.nodeid = kUnset;
        description.pid = kUnset;
        description.group.length = 0;
        return api_->iteration_next(handle_, &description);
      },
      kWaitDeadline);
  if (code == CS_OK && item != nullptr) {
    const size_t length =
        std::min<size_t>(description.group.length, CPG_MAX_NAME_LENGTH);
    *item = ItemText(description.nodeid, description.pid,
                     {description.group.value, length});
  }
  return code;
}

cs_error_t Iteration::Finalize() { return api_->iteration_finalize(handle_); }

Iteration::Rest Iteration::ReadRest() {
  Rest rest;
  while (rest.items.size() < kItemsMax) {
    std::string item;
    rest.end = Next(&item);
    if (rest.end != CS_OK) {
      break;
    }
    rest.items.push_back(item);
  }
  return rest;
}

Iteration Iteration::Begin(CaseContext& context, Client& client, int type,
                           std::string_view group) {
  Iteration iteration(context, client.handle());
  std::optional<std::string_view> only;
  if (type == CPG_ITERATION_ONE_GROUP) {
    only = group;
  }
  NeedOk("cpg_iteration_initialize", iteration.Initialize(type, only));
  return iteration;
}

void ExpectItems(CaseContext& context, std::string_view requirement,
                 std::string_view call, const Iteration::Rest& came,
                 const std::vector<std::string>& groups,
                 std::vector<std::string> owed) {
  std::vector<std::string> items;
  for (const std::string& item : came.items) {
    if (BelongsTo(item, groups)) {
      items.push_back(item);
    }
  }
  std::ranges::sort(items);
  std::ranges::sort(owed);
  if (items != owed) {
    context.Fail(requirement, Report(call, Join(owed), Join(items)));
  }
  if (came.end != CS_ERR_NO_SECTIONS) {
    context.Fail("ITER-03", Report(fmt::format("{}, after {} items", call,
                                               came.items.size()),
                                   "CS_ERR_NO_SECTIONS", ErrorName(came.end)));
  }
}

}  // namespace cpgcert::conformance::queries
