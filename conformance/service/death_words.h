// What is asked of a call, and of its handle, when the service has died.

#ifndef CPGCERT_CONFORMANCE_SERVICE_DEATH_WORDS_H_
#define CPGCERT_CONFORMANCE_SERVICE_DEATH_WORDS_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "conformance/case.h"
#include "conformance/support/service_calls.h"
#include "conformance/support/watched_answer.h"

namespace cpgcert::conformance::service {

// The call, repeated while it answers CS_ERR_TRY_AGAIN: that answer stands for
// something temporary, and a death is not.
std::function<cs_error_t()> Persistent(std::function<cs_error_t()> call);

// Fails `requirement` unless the call returns, with an error that
// <corosync/corotypes.h> knows. False if it failed.
bool ExpectDeathAnswer(CaseContext& context, std::string_view requirement,
                       const std::string& call, WatchedAnswer& answer);

// Finalizes the connection; fails `requirement` unless that returns, with
// whatever answer, and the handle is a bad one afterwards.
void ExpectFreed(CaseContext& context, std::string_view requirement,
                 const std::shared_ptr<CallStage>& stage);

// Fails `requirement` unless the handle is a bad one.
void ExpectBadHandle(CaseContext& context, std::string_view requirement,
                     const harness::CpgApi& api, cpg_handle_t handle,
                     const std::string& when);

}  // namespace cpgcert::conformance::service

#endif  // CPGCERT_CONFORMANCE_SERVICE_DEATH_WORDS_H_
