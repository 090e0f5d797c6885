#include "cli/run.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string_view>
#include <thread>
#include <utility>

#include "cli/certificate_builder.h"
#include "cli/known_deviations.h"
#include "harness/corosync.h"
#include "harness/namespaces.h"
#include "harness/worker_pool.h"
#include "reports/terminal.h"
#include "reports/trace_file.h"

namespace cpgcert::cli {

namespace {

using conformance::AllCases;
using conformance::CaseInfo;
using conformance::CaseRun;
using harness::ItemEnd;

// A case mostly waits: for the service, for another process, for the proof
// that a thread sleeps.
constexpr int kWorkersPerCore = 2;

// A run and its packed trace, from a worker to us: a line, and bytes.
std::string Packed(const CaseRun& run) {
  return conformance::Encode(run) + "\n" + reports::Pack(run.trace);
}

CaseRun RunOf(const ItemEnd& end, TraceFolder* traces) {
  const CaseInfo& info = AllCases().at(end.item);
  if (!end.killed) {
    const std::string_view text = end.text;
    const size_t line = std::min(text.find('\n'), text.size());
    CaseRun run = conformance::Decode(info, text.substr(0, line));
    run.trace = traces->Put(text.substr(std::min(line + 1, text.size())));
    return run;
  }
  return conformance::LostRun(
      info, harness::Verdict::kCrash,
      "the case killed the process that ran it, or all it could reach\n");
}

}  // namespace

std::string Prepare(const Options& options, Preparation* preparation) {
  std::string error =
      harness::ParseServiceChoice(options.service, &preparation->service);
  if (!error.empty()) {
    return "--service: " + error;
  }
  preparation->selection = Select(options);
  if (!preparation->selection.error.empty()) {
    return preparation->selection.error;
  }
  std::string path = options.libcpg;
  if (path.empty()) {
    harness::FoundLibrary found = harness::FindSystemLibrary();
    if (!found.error.empty()) {
      return found.error;
    }
    path = std::move(found.path);
  }
  error = harness::Identify(path, &preparation->library);
  if (!error.empty()) {
    return error;
  }
  const bool corosync =
      preparation->service.kind == harness::ServiceChoice::Kind::kCorosync;
  if (corosync) {
    error = harness::Corosync::FindCorosync().error;
  }
  if (error.empty()) {
    error = harness::CheckNamespacesAllowed();
  }
  if (!error.empty()) {
    return error;
  }
  if (corosync) {
    preparation->service_version = harness::Corosync().Version();
  }
  const bool own = options.libcpg.empty() &&
                   preparation->service_version == kOwnDeviationsVersion;
  return ReadDeviations(options, own, &preparation->deviations);
}

RunEnd Run(const Options& options, const Preparation& preparation,
           TraceFolder* traces, int stop_fd) {
  const auto begin = std::chrono::steady_clock::now();
  CertificateBuilder builder(options, preparation);
  reports::Progress progress(stderr, reports::Detect(stderr),
                             preparation.selection.cases.size());
  harness::PoolOptions pool;
  pool.workers =
      options.jobs > 0
          ? options.jobs
          : kWorkersPerCore *
                static_cast<int>(std::thread::hardware_concurrency());
  pool.service = preparation.service;
  pool.stop_fd = stop_fd;
  const harness::PoolResult result = harness::RunPool(
      pool, preparation.selection.cases,
      [&preparation](size_t item, const harness::WorkerPlace& place) {
        conformance::RunCaseOptions run;
        run.library = preparation.library.path;
        run.service_process = place.service_process;
        run.service = preparation.service;
        run.scratch_root = place.scratch_root;
        return Packed(conformance::RunCase(AllCases().at(item), run));
      },
      [&](const ItemEnd& end) {
        progress.Finished(builder.Add(RunOf(end, traces)));
      });
  progress.Done();
  RunEnd end;
  end.error = result.error;
  const std::chrono::duration<double> duration =
      std::chrono::steady_clock::now() - begin;
  end.certificate =
      builder.Build(!result.stopped && result.error.empty(), duration.count());
  return end;
}

}  // namespace cpgcert::cli
