#include "conformance/resources/smallest_stack.h"

#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>

#include "conformance/resources/connection.h"
#include "harness/client.h"
#include "harness/disturbances/resource_limits.h"
#include "harness/forked_call.h"

namespace cpgcert::conformance::resources {

namespace {

constexpr size_t kMessageSize = size_t{3} << 19;  // goes in fragments
// The last one is what a thread gets by default on Linux, pthread_create(3).
constexpr std::array kStacksKib = {64,   128,  256,  512,  768,  1024,
                                   1152, 1280, 1536, 2048, 4096, 8192};

// What a child says that could not make the call.
constexpr std::string_view kUnprepared = "unprepared: ";

// The own configuration change, a large message and a mark wait. "" or why
// not.
std::string Prepare(Connection& connection) {
  std::string error = connection.Connect();
  if (error.empty()) {
    error =
        Answer("cpg_join", harness::RetryWhileTryAgain(
                               [&] { return connection.Join(); }, kDeadline));
  }
  // A change in the middle of a large message would interrupt it.
  if (error.empty() && !connection.WaitReadable()) {
    error = "the own configuration change did not come";
  }
  if (error.empty()) {
    error = Answer("cpg_mcast_joined",
                   harness::RetryWhileTryAgain(
                       [&] { return connection.Multicast(); }, kDeadline));
  }
  return error.empty() ? connection.SendMark() : error;
}

// In the child: "" or what came.
std::string DispatchOnStack(const harness::CpgApi& api, int stack_kib) {
  const std::string message(kMessageSize, 'm');
  Connection connection(api, fmt::format("stack{}", getpid()), message);
  std::string error = Prepare(connection);
  cs_error_t answer = CS_ERR_INIT;
  if (error.empty()) {
    error = harness::RunOnStack(static_cast<size_t>(stack_kib) << 10, [&] {
      answer = connection.DispatchToMark(CS_DISPATCH_ALL);
    });
  }
  if (!error.empty()) {
    return std::string(kUnprepared) + error;
  }
  const Seen& seen = connection.seen();
  return answer == CS_OK && seen.whole == 1 && seen.own_joins == 1
             ? ""
             : fmt::format("{}, {} messages of 1, {} changes of 1",
                           harness::ErrorName(answer), seen.whole,
                           seen.own_joins);
}

}  // namespace

void DispatchOnSmallStacks(CaseContext& context) {
  const harness::CpgApi& api =
      context.Api({"cpg_initialize", "cpg_fd_get", "cpg_dispatch", "cpg_join",
                   "cpg_mcast_joined"});
  std::string came;
  std::string smaller;
  for (const int stack_kib : kStacksKib) {
    context.Step(fmt::format("dispatches on a stack of {} KiB", stack_kib));
    const harness::ForkedCallResult child = harness::RunInForkedChild(
        [&] { return DispatchOnStack(api, stack_kib); }, 2 * kDeadline);
    came = child.returned ? child.text : "the process " + child.end;
    if (came.starts_with(kUnprepared)) {
      CaseContext::Untested(came);
    }
    if (came.empty()) {
      context.Note(fmt::format(
          "the smallest stack on which cpg_dispatch works: {} KiB{}", stack_kib,
          smaller));
      context.Measure("dispatch_stack_kib", stack_kib);
      return;
    }
    smaller = fmt::format("; on {} KiB: {}", stack_kib, came);
  }
  context.Fail("DISPATCH-13",
               fmt::format("call: cpg_dispatch in a thread with a stack of {} "
                           "KiB\nowed: CS_OK and each callback once\ncame: {}",
                           kStacksKib.back(), came));
}

}  // namespace cpgcert::conformance::resources
