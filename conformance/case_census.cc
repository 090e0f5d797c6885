#include "conformance/case_census.h"

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <vector>

#include "harness/client.h"
#include "harness/isolated_run.h"
#include "harness/process_census.h"
#include "harness/thread_watch.h"
#include "harness/trace/trace.h"

namespace cpgcert::conformance {

namespace {

using harness::CensusGrowth;
using harness::Client;
using harness::ProcessCensus;

constexpr std::chrono::milliseconds kMeasureDeadline{10000};
constexpr std::chrono::milliseconds kEndOfThreads{5000};

KeptForProcess Kept(const CensusGrowth& first, const CensusGrowth& second) {
  const auto kept = [](auto once, auto more) {
    return more > 0 ? 0 : static_cast<int>(once);
  };
  return {
      .descriptors = kept(first.descriptors.size(), second.descriptors.size()),
      .shared_mappings =
          kept(first.shared_mappings.size(), second.shared_mappings.size()),
      .threads = kept(first.threads, second.threads)};
}

std::string MeasureInChild(const std::string& library) {
  std::string error;
  const auto api = harness::LoadCpgApi(library, &error);
  if (api == nullptr) {
    return "";
  }
  std::array<ProcessCensus, 3> census{harness::TakeProcessCensus()};
  for (int i = 1; i < 3; ++i) {
    Client client(*api, {});
    if (client.Initialize() != CS_OK || client.RoundTrip() != CS_OK ||
        client.Finalize() != CS_OK) {
      return "";
    }
    census.at(i) = harness::TakeProcessCensus();
  }
  const KeptForProcess kept = Kept(harness::Growth(census[0], census[1]),
                                   harness::Growth(census[1], census[2]));
  return fmt::format("{} {} {}", kept.descriptors, kept.shared_mappings,
                     kept.threads);
}

void FailFor(CaseContext& context, const char* requirement,
             const std::string& what, const std::vector<std::string>& left) {
  context.FailAlso(
      requirement,
      fmt::format("call: cpg_finalize of every connection of this process\n"
                  "owed: no {} is left of them\ncame: {} left: {}",
                  what, left.size(), fmt::join(left, ", ")));
}

// What has grown. A thread that has done its work may still be on its way out,
// and is waited for.
CensusGrowth GrowthAtRest(const ProcessCensus& before,
                          const KeptForProcess& kept) {
  harness::trace::Deadline end(kEndOfThreads);
  while (true) {
    CensusGrowth growth = harness::Growth(before, harness::TakeProcessCensus());
    if (growth.threads <= kept.threads || end.Passed()) {
      // A WatchedCall that was not destroyed holds its thread's directory.
      std::erase_if(growth.descriptors, [](const std::string& text) {
        return text.find(fmt::format("(/proc/{}/task/",
                                     harness::trace::ProcessId())) !=
               std::string::npos;
      });
      return growth;
    }
    poll(nullptr, 0, 1);  // sleep: looks again for the end of a thread
  }
}

// False if cpg_finalize would meet a call, or wait for ever.
bool CanBeTaken(const CaseContext& context) {
  return context.before() != nullptr && context.no_census_reason().empty() &&
         harness::WatchedCall::CallsUnderWay() == 0 &&
         !context.service().IsStopped();
}

}  // namespace

KeptForProcess MeasureKept(const std::string& library,
                           const std::string& scratch_root,
                           pid_t service_process) {
  harness::IsolatedOptions isolation;
  isolation.deadline = kMeasureDeadline;
  isolation.scratch_root = scratch_root;
  if (service_process > 0) {
    isolation.keep.push_back(service_process);
  }
  const harness::IsolatedResult result = harness::RunIsolated(
      isolation, [&library](harness::ReportWriter& writer, uint64_t nonce) {
        writer.Finish(MeasureInChild(library), nonce);
      });
  std::array<int, 3> numbers{};
  const char* at = result.report.data();
  const char* end = at + result.report.size();
  for (int& number : numbers) {
    const auto parsed = std::from_chars(at, end, number);
    if (parsed.ec != std::errc()) {
      return {};
    }
    at = std::min(parsed.ptr + 1, end);
  }
  return {.descriptors = numbers[0],
          .shared_mappings = numbers[1],
          .threads = numbers[2]};
}

bool TakeCensus(CaseContext& context, const KeptForProcess& kept) {
  if (!CanBeTaken(context)) {
    return false;
  }
  context.Step("the census: finalizes the connections that are left");
  const int connections = Client::FinalizeAll();
  const CensusGrowth growth = GrowthAtRest(*context.before(), kept);
  const auto exceeds = [](size_t count, int allowed) {
    return static_cast<int>(count) > allowed;
  };
  if (exceeds(growth.descriptors.size(), kept.descriptors)) {
    FailFor(context, "LEAK-01", "descriptor", growth.descriptors);
  }
  if (exceeds(growth.shared_mappings.size(), kept.shared_mappings)) {
    FailFor(context, "LEAK-02", "shared mapping", growth.shared_mappings);
  }
  if (connections > 0 && growth.threads > kept.threads) {
    FailFor(context, "LEAK-03", "thread",
            {fmt::format("{} more threads than before", growth.threads)});
  }
  return true;
}

}  // namespace cpgcert::conformance
