#include "conformance/case.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <unordered_map>
#include <utility>

#include "harness/trace/traced_api.h"

namespace cpgcert::conformance {

namespace {

struct Registry {
  std::vector<CaseInfo> cases;
  std::unordered_map<std::string, CaseBody> bodies;
};

Registry& TheRegistry() {
  static Registry registry;
  return registry;
}

[[noreturn]] void Fatal(const std::string& text) {
  std::fputs((text + "\n").c_str(), stderr);
  std::abort();
}

}  // namespace

const harness::CpgApi& CaseContext::Api(
    const std::vector<std::string_view>& symbols) {
  if (api_ == nullptr) {
    Step("loads the library");
    std::string error;
    api_ = harness::trace::LoadTracedApi(library_, &error);
    if (api_ == nullptr) {
      throw CaseEnd(harness::Verdict::kUntested,
                    "the library does not load: " + error);
    }
    before_ =
        std::make_unique<harness::ProcessCensus>(harness::TakeProcessCensus());
  }
  for (const std::string_view symbol : symbols) {
    if (!api_->Has(symbol)) {
      Unsupported(fmt::format("the library does not export {}", symbol));
    }
  }
  return *api_;
}

void CaseContext::Fail(std::string_view requirement, const std::string& text) {
  failures_.push_back({std::string(requirement), text});
  harness::trace::Note("fails", fmt::format("{}: {}", requirement, text));
  ADD_FAILURE() << requirement << ": " << text;
}

void CaseContext::FailAlso(std::string_view requirement,
                           const std::string& text) {
  also_.emplace_back(requirement);
  Fail(requirement, text);
}

void CaseContext::Untested(const std::string& reason) {
  throw CaseEnd(harness::Verdict::kUntested, reason);
}

void CaseContext::Unsupported(const std::string& reason) {
  throw CaseEnd(harness::Verdict::kUnsupported, reason);
}

void RegisterCase(CaseInfo info, CaseBody body) {
  const size_t slash = info.name.find('/');
  if (slash == std::string::npos || info.requirements.empty() ||
      info.name.substr(0, slash) != info.requirements.front()) {
    Fatal("a case's name must begin with its first requirement: " + info.name);
  }
  Registry& registry = TheRegistry();
  if (!registry.bodies.emplace(info.name, std::move(body)).second) {
    Fatal("two cases have the name " + info.name);
  }
  registry.cases.push_back(std::move(info));
}

const std::vector<CaseInfo>& AllCases() { return TheRegistry().cases; }

const CaseBody& BodyOf(std::string_view name) {
  return TheRegistry().bodies.at(std::string(name));
}

}  // namespace cpgcert::conformance
