#include "conformance/service/death_words.h"

#include <fmt/core.h>

#include <utility>

#include "conformance/support/support.h"

namespace cpgcert::conformance::service {

namespace {

constexpr std::chrono::milliseconds kRetryDeadline{5000};

}  // namespace

std::function<cs_error_t()> Persistent(std::function<cs_error_t()> call) {
  return [call = std::move(call)] {
    return harness::RetryWhileTryAgain(call, kRetryDeadline);
  };
}

bool ExpectDeathAnswer(CaseContext& context, std::string_view requirement,
                       const std::string& call, WatchedAnswer& answer) {
  const bool returned = answer.WaitReturned();
  const std::string came = answer.Came();
  const bool known = !came.starts_with("cs_error_t(");
  if (returned && known && answer.answer() != CS_OK &&
      answer.answer() != CS_ERR_TRY_AGAIN) {
    context.Note(fmt::format("{}: {}", call, came));
    return true;
  }
  context.Fail(requirement,
               Report(call, "a return with an error that lasts", came));
  return false;
}

void ExpectBadHandle(CaseContext& context, std::string_view requirement,
                     const harness::CpgApi& api, cpg_handle_t handle,
                     const std::string& when) {
  WatchedAnswer answer([&api, handle] {
    unsigned int node = 0;
    return api.local_get(handle, &node);
  });
  if (!answer.WaitReturned() || answer.answer() != CS_ERR_BAD_HANDLE) {
    context.Fail(requirement, Report("cpg_local_get, " + when,
                                     "CS_ERR_BAD_HANDLE", answer.Came()));
  }
}

void ExpectFreed(CaseContext& context, std::string_view requirement,
                 const std::shared_ptr<CallStage>& stage) {
  if (stage->client() == nullptr) {
    return;
  }
  WatchedAnswer finalize([stage] { return stage->client()->Finalize(); });
  if (!finalize.WaitReturned()) {
    context.Fail(requirement, Report("cpg_finalize, the service is dead",
                                     "a return", finalize.Came()));
    return;
  }
  ExpectBadHandle(context, requirement, stage->client()->api(),
                  stage->client()->handle(),
                  "after cpg_finalize, which answered " + finalize.Came());
}

}  // namespace cpgcert::conformance::service
