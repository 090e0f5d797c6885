// A case: one check, named, deciding one or more requirements.
//
// Each runs as a GoogleTest test in a process of its own, made by
// case_runner.h, in which the implementation may do anything.

#ifndef CPGCERT_CONFORMANCE_CASE_H_
#define CPGCERT_CONFORMANCE_CASE_H_

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/certification.h"
#include "harness/cpg_api.h"
#include "harness/isolated_run.h"
#include "harness/process_census.h"
#include "harness/service_choice.h"
#include "harness/service_control.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance {

struct CaseInfo {
  // Requirement first, then one CamelCase value per axis, parted by slashes.
  std::string name;
  std::vector<std::string> requirements;
  // The profile with which it is run: that of one of its requirements.
  std::string profile;
  // It ends as unsupported where the implementation lacks a capability that
  // it may lack; the other cases of its requirements decide then.
  bool needs_capability = false;
  // Beyond the deadline that every case has: a campaign's own duration.
  std::chrono::seconds extra_time{0};
  // A campaign: it makes more calls than a trace could hold, and what it finds
  // is its attachment. There is no trace of it.
  bool is_search = false;
};

// What a case may use, and where it says what it found. One per process.
class CaseContext {
 public:
  CaseContext(std::string library, harness::ServiceControl service,
              harness::ReportWriter writer, harness::ServiceChoice choice = {})
      : library_(std::move(library)),
        service_(service),
        writer_(writer),
        service_choice_(std::move(choice)) {}

  const std::string& library() const { return library_; }
  const harness::ServiceControl& service() const { return service_; }
  // Of which kind it is, to start another.
  const harness::ServiceChoice& service_choice() const {
    return service_choice_;
  }

  // Loads the library on the first call. Ends the case as unsupported if one
  // of `symbols` is absent; fails it if the library does not load.
  const harness::CpgApi& Api(const std::vector<std::string_view>& symbols);

  // The promise `requirement` is broken; the case goes on. The text says the
  // call, what was owed and what came.
  void Fail(std::string_view requirement, const std::string& text);
  // The same for a promise that the case was not made for.
  void FailAlso(std::string_view requirement, const std::string& text);
  // Something seen that no page promises: reported, never judged.
  void Note(const std::string& text) { notes_.push_back(text); }
  // A figure for the report, such as "sleep_proof_us": the median over all
  // cases, or their sum if the name ends in "_count".
  void Measure(const std::string& name, double value) {
    figures_[name] = value;
  }
  // Data for the certificate beyond a verdict, as JSON: what a campaign has
  // done and found.
  void Attach(const std::string& json) { attachment_ = json; }
  // What is about to happen, for the case that the process dies of it.
  void Step(std::string_view what) {
    writer_.Step(what);
    harness::trace::Note("step", what);
  }

  // No census is taken after the case (case_census.h): it leaves behind what
  // it judges itself.
  void SkipCensus(const std::string& reason) { no_census_reason_ = reason; }
  const std::string& no_census_reason() const { return no_census_reason_; }
  // What the process held when the library had been loaded; null before.
  const harness::ProcessCensus* before() const { return before_.get(); }

  // End the case by an exception.
  [[noreturn]] static void Untested(const std::string& reason);
  [[noreturn]] static void Unsupported(const std::string& reason);

  const std::vector<CaseFailure>& failures() const { return failures_; }
  // The requirements of FailAlso.
  const std::vector<std::string>& also() const { return also_; }
  const std::vector<std::string>& notes() const { return notes_; }
  const std::map<std::string, double>& figures() const { return figures_; }
  const std::string& attachment() const { return attachment_; }

 private:
  std::string library_;
  harness::ServiceControl service_;
  harness::ReportWriter writer_;
  harness::ServiceChoice service_choice_;
  std::unique_ptr<harness::CpgApi> api_;
  std::unique_ptr<harness::ProcessCensus> before_;
  std::string no_census_reason_;
  std::vector<std::string> also_;
  std::vector<CaseFailure> failures_;
  std::vector<std::string> notes_;
  std::map<std::string, double> figures_;
  std::string attachment_;
};

// Thrown by CaseContext::Untested and Unsupported; the runner catches it.
class CaseEnd : public std::exception {
 public:
  CaseEnd(harness::Verdict verdict, std::string reason)
      : verdict_(verdict), reason_(std::move(reason)) {}
  harness::Verdict verdict() const { return verdict_; }
  const std::string& reason() const { return reason_; }
  const char* what() const noexcept override { return reason_.c_str(); }

 private:
  harness::Verdict verdict_;
  std::string reason_;
};

using CaseBody = std::function<void(CaseContext& context)>;

// Adds a case to the suite. A name that is taken, or a name that does not begin
// with the first requirement, is fatal.
void RegisterCase(CaseInfo info, CaseBody body);

// All registered cases, in the order of registration.
const std::vector<CaseInfo>& AllCases();

// The body of a registered case. REQUIRES: the name is registered.
const CaseBody& BodyOf(std::string_view name);

}  // namespace cpgcert::conformance

#endif  // CPGCERT_CONFORMANCE_CASE_H_
