#include "conformance/case_test.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>

#include "harness/peer.h"
#include "harness/scripted_service/scripted_service.h"
#include "harness/swarm/swarm.h"

namespace cpgcert::conformance {

namespace {

using Json = nlohmann::json;

// Collects what GoogleTest says of the one test that runs.
class Listener : public testing::EmptyTestEventListener {
 public:
  void OnTestStart(const testing::TestInfo& /*test*/) override { ++started_; }
  void OnTestPartResult(const testing::TestPartResult& part) override {
    const char* file = part.file_name() == nullptr ? "?" : part.file_name();
    const std::string text =
        fmt::format("{}:{}: {}", file, part.line_number(), part.message());
    if (part.failed()) {
      failures_.push_back(text);
    } else if (part.skipped()) {
      skipped_ = text;
    }
  }
  int started() const { return started_; }
  const std::vector<std::string>& failures() const { return failures_; }
  const std::string& skipped() const { return skipped_; }

 private:
  int started_ = 0;
  std::vector<std::string> failures_;
  std::string skipped_;
};

// The GoogleTest test of a case. It is registered in the child, where it is
// the only one that runs: going through a whole suite would cost more than most
// cases.
class CaseTest : public testing::Test {
 public:
  CaseTest(const CaseBody& body, CaseContext* context,
           const KeptForProcess& kept)
      : body_(body), context_(context), kept_(kept) {}
  void TestBody() override {
    body_(*context_);
    EndHelpers();
    if (TakeCensus(*context_, kept_)) {
      context_->Measure("census_count", 1);
    }
  }

 private:
  const CaseBody& body_;
  CaseContext* context_;
  KeptForProcess kept_;
};

void RegisterWithGoogleTest(const CaseInfo& info, CaseContext* context,
                            const KeptForProcess& kept) {
  const size_t slash = info.name.find('/');
  const CaseBody& body = BodyOf(info.name);
  testing::RegisterTest(info.name.substr(0, slash).c_str(),
                        info.name.substr(slash + 1).c_str(), nullptr, nullptr,
                        __FILE__, __LINE__,
                        [&body, context, kept]() -> testing::Test* {
                          return new CaseTest(body, context, kept);
                        });
}

// GoogleTest's filter for exactly one name: '-' and ':' have a meaning there.
std::string FilterFor(const CaseInfo& info) {
  std::string filter = info.name;
  filter.at(filter.find('/')) = '.';
  std::ranges::replace(filter, '-', '?');
  std::ranges::replace(filter, ':', '?');
  return filter;
}

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Leaves one way for GoogleTest to run: just this test, silently, whatever its
// flags and environment variables (sharding, XML output) say.
Listener* PrepareGoogleTest(const CaseInfo& info) {
  for (const char* name :
       {"GTEST_TOTAL_SHARDS", "GTEST_SHARD_INDEX", "GTEST_SHARD_STATUS_FILE",
        "TEST_PREMATURE_EXIT_FILE"}) {
    unsetenv(name);
  }
  GTEST_FLAG_SET(filter, FilterFor(info));
  GTEST_FLAG_SET(catch_exceptions, false);
  GTEST_FLAG_SET(repeat, 1);
  GTEST_FLAG_SET(shuffle, false);
  GTEST_FLAG_SET(also_run_disabled_tests, false);
  GTEST_FLAG_SET(break_on_failure, false);
  GTEST_FLAG_SET(throw_on_failure, false);
  auto& listeners = testing::UnitTest::GetInstance()->listeners();
  delete listeners.Release(listeners.default_result_printer());
  delete listeners.Release(listeners.default_xml_generator());
  auto* listener = new Listener;
  listeners.Append(listener);
  return listener;
}

// An assertion that failed without CaseContext::Fail speaks against everything
// that the case decides.
void AddBareAssertions(const std::vector<std::string>& assertions,
                       CaseOutcome* outcome) {
  const std::vector<CaseFailure> named = outcome->failures;
  for (const std::string& assertion : assertions) {
    const bool is_named =
        std::ranges::any_of(named, [&assertion](const CaseFailure& failure) {
          return assertion.ends_with(failure.requirement + ": " + failure.text);
        });
    for (const std::string& id : outcome->requirements) {
      if (!is_named) {
        outcome->failures.push_back({id, assertion});
      }
    }
  }
}

}  // namespace

void InitializeCases() {
  std::string program = "certify";
  std::array<char*, 2> arguments = {program.data(), nullptr};
  int count = 1;
  testing::InitGoogleTest(&count, arguments.data());
}

void EndHelpers() {
  harness::Peer::EndAll();
  harness::Swarm::EndAll();
  harness::ScriptedService::EndAll();
}

std::string RunTest(const CaseInfo& info, CaseContext* context,
                    const KeptForProcess& kept) {
  const Listener* listener = PrepareGoogleTest(info);
  RegisterWithGoogleTest(info, context, kept);
  Json report;
  try {
    (void)RUN_ALL_TESTS();
    report["verdict"] = listener->failures().empty() ? "pass" : "fail";
    if (listener->failures().empty() && !listener->skipped().empty()) {
      // What was skipped has shown nothing.
      report["verdict"] = "untested";
      report["reason"] = listener->skipped();
    }
  } catch (const CaseEnd& end) {
    report["verdict"] = std::string(ToString(end.verdict()));
    report["reason"] = end.reason();
  } catch (const std::exception& error) {
    report["verdict"] = "crash";
    report["reason"] =
        std::string("an exception left the case: ") + error.what();
  }
  report["started"] = listener->started();
  report["assertions"] = listener->failures();
  report["also"] = context->also();
  report["notes"] = context->notes();
  report["figures"] = context->figures();
  report["attachment"] = context->attachment();
  report["failures"] = Json::array();
  for (const CaseFailure& failure : context->failures()) {
    report["failures"].push_back({failure.requirement, failure.text});
  }
  return Dump(report);
}

void ReadReport(const std::string& text, CaseRun* run, std::string* reason) {
  const Json report = Json::parse(text, nullptr, false);
  if (report.is_discarded() || report.value("started", 0) != 1) {
    run->outcome.verdict = harness::Verdict::kError;
    *reason = "the case did not run exactly once";
    return;
  }
  run->outcome.verdict = harness::FromString(report.value("verdict", ""))
                             .value_or(harness::Verdict::kError);
  *reason = report.value("reason", "");
  for (const Json& failure : report.at("failures")) {
    run->outcome.failures.push_back(
        {failure.at(0).get<std::string>(), failure.at(1).get<std::string>()});
  }
  AddBareAssertions(report.at("assertions"), &run->outcome);
  for (const Json& id : report.at("also")) {
    run->outcome.requirements.push_back(id.get<std::string>());
  }
  run->notes = report.at("notes").get<std::vector<std::string>>();
  run->figures = report.at("figures").get<std::map<std::string, double>>();
  run->attachment = report.at("attachment").get<std::string>();
}

}  // namespace cpgcert::conformance
