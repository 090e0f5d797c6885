#include "conformance/resources/sweep.h"

#include <fmt/core.h>

#include <climits>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/resources/probe.h"
#include "harness/cpg_api.h"
#include "harness/disturbances/allocation_faults.h"
#include "harness/disturbances/resource_limits.h"

namespace cpgcert::conformance::resources {

namespace {

// Steps that a report shows of a promise.
constexpr size_t kLinesMax = 12;

// Of every operation; see connection.cc.
const std::vector<std::string_view> kSymbols = {
    "cpg_initialize", "cpg_finalize",     "cpg_fd_get",   "cpg_dispatch",
    "cpg_join",       "cpg_mcast_joined", "cpg_local_get"};

std::string Owed(const std::string& requirement) {
  if (requirement == "RES-04") {
    return "nothing left behind, nothing of others taken away, and CS_OK when "
           "it is called again with the resource there";
  }
  if (requirement == "ERR-06") {
    return "a failed call without effect, and one effect of the next that "
           "answers CS_OK";
  }
  return "CS_OK or a documented error, and a process and a service that live";
}

class Findings {
 public:
  void Add(const std::string& requirement, const std::string& line) {
    lines_[requirement].push_back(line);
  }

  bool empty() const { return lines_.empty(); }

  void Fail(CaseContext& context, std::string_view call) const {
    for (const auto& [requirement, lines] : lines_) {
      std::string came;
      for (size_t i = 0; i < lines.size() && i < kLinesMax; ++i) {
        came += "\n  " + lines[i];
      }
      if (lines.size() > kLinesMax) {
        came += fmt::format("\n  and {} more", lines.size() - kLinesMax);
      }
      context.Fail(requirement, fmt::format("call: {}\nowed: {}\ncame:{}", call,
                                            Owed(requirement), came));
    }
  }

 private:
  std::map<std::string, std::vector<std::string>> lines_;
};

// What the failed calls answered, for the notes.
class Answers {
 public:
  void Add(const ProbeResult& result) {
    if (result.returned && result.answer != CS_OK) {
      ++counts_[harness::ErrorName(result.answer)];
    }
  }

  void Note(CaseContext& context) const {
    for (const auto& [name, count] : counts_) {
      context.Note(fmt::format("{} times {}", count, name));
    }
  }

 private:
  std::map<std::string, int> counts_;
};

bool ServiceHasEnded(const CaseContext& context) {
  return context.service().allowed() && !context.service().Resume().empty();
}

// Whether a milder shortage would still be one.
bool IsFelt(Resource resource, const ProbeResult& result) {
  return resource == Resource::kMemory
             ? result.noticed
             : !result.returned || result.answer != CS_OK;
}

// The control: makes the call once with all there is.
Kept KeptWithoutShortage(CaseContext& context, const ProbeRequest& request,
                         harness::SharedMemorySize* shared_memory) {
  constexpr Kept kAnything{SIZE_MAX, INT_MAX};
  ProbeRequest control = request;
  control.aspect = Aspect::kBoth;
  control.allowed = kAnything;
  context.Step(fmt::format("{}; without a shortage", request.operation.text));
  const ProbeResult result = Probe(control, shared_memory);
  const bool answered =
      result.answer == CS_OK || result.answer == CS_ERR_TRY_AGAIN;
  if (!result.returned || !result.unprepared.empty() || !answered) {
    CaseContext::Untested(fmt::format(
        "without a shortage {}: {}", request.operation.text,
        !result.findings.empty()     ? result.findings.front().text
        : !result.unprepared.empty() ? result.unprepared
                                     : harness::ErrorName(result.answer)));
  }
  return result.kept;
}

}  // namespace

void Sweep(CaseContext& context, const Operation& operation, Resource resource,
           Aspect aspect) {
  std::vector<std::string_view> symbols = kSymbols;
  symbols.insert(symbols.end(), operation.symbols.begin(),
                 operation.symbols.end());
  const harness::CpgApi& api = context.Api(symbols);
  if (resource == Resource::kMemory && !harness::AllocationWatch::Available()) {
    CaseContext::Unsupported(
        "this build has a sanitizer: requests for memory cannot be made to "
        "fail");
  }
  harness::SharedMemorySize shared_memory;
  if (resource == Resource::kSharedMemory && !shared_memory.error().empty()) {
    CaseContext::Untested(shared_memory.error());
  }
  ProbeRequest request{api, operation, resource, 0, aspect};
  request.allowed = KeptWithoutShortage(context, request, &shared_memory);
  Findings findings;
  Answers answers;
  bool failed = false;
  bool felt = true;
  while (felt && ++request.step <= StepsMax(resource)) {
    const std::string shortage = Describe(resource, request.step);
    context.Step(fmt::format("{}; {}", operation.text, shortage));
    const ProbeResult result = Probe(request, &shared_memory);
    answers.Add(result);
    for (const Finding& finding : result.findings) {
      findings.Add(finding.requirement,
                   fmt::format("{}: {}", shortage, finding.text));
    }
    if (ServiceHasEnded(context)) {
      if (aspect != Aspect::kAftermath) {
        findings.Add(RequirementOf(resource), shortage + ": the service died");
      }
      break;
    }
    if (!result.unprepared.empty()) {
      if (findings.empty()) {
        CaseContext::Untested(
            fmt::format("{}: {}", shortage, result.unprepared));
      }
      break;
    }
    failed = failed || (result.returned && result.answer != CS_OK);
    felt = IsFelt(resource, result) && !result.stuck;
  }
  answers.Note(context);
  findings.Fail(context, operation.text);
  if (operation.needs_memory && resource == Resource::kMemory &&
      request.step == 1 && !felt) {
    CaseContext::Untested(
        "no request for memory was seen: the library has ways of its own to "
        "get it");
  }
  if (aspect == Aspect::kAftermath && !failed) {
    CaseContext::Unsupported(
        "the call did not fail for want of it, or not with an error");
  }
}

}  // namespace cpgcert::conformance::resources
