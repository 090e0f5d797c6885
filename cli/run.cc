#include "cli/run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <thread>
#include <utility>

#include "cli/certificate_builder.h"
#include "conformance/requirements/requirements.h"
#include "harness/corosync.h"
#include "harness/namespaces.h"
#include "harness/worker_pool.h"
#include "reports/terminal.h"

namespace cpgcert::cli {

namespace {

using conformance::AllCases;
using conformance::CaseInfo;
using conformance::CaseRun;
using harness::ItemEnd;

// Known deviations that come with the suite; they apply where this machine's
// own library is judged against the release that they are about.
constexpr const char* kOwnDeviations =
    "conformance/deviations/corosync_3_1_7.toml";
constexpr const char* kOwnDeviationsVersion = "3.1.7";

// A case mostly waits: for the service, for another process, for the proof
// that a thread sleeps.
constexpr int kWorkersPerCore = 2;

// A file of the repository, also when it is run by Bazel.
std::string RepositoryFile(const std::string& name) {
  if (access(name.c_str(), R_OK) == 0) {
    return name;
  }
  for (const char* variable : {"CPGCERT_ROOT", "TEST_SRCDIR"}) {
    const char* root = std::getenv(variable);
    if (root == nullptr) {
      continue;
    }
    for (const char* middle : {"/", "/cpgcert/"}) {
      const std::string path = std::string(root) + middle + name;
      if (access(path.c_str(), R_OK) == 0) {
        return path;
      }
    }
  }
  return name;
}

std::string ChooseDeviations(const Options& options,
                             const std::string& service_version) {
  if (!options.deviations.empty()) {
    return options.deviations == "none" ? "" : options.deviations;
  }
  const bool own =
      options.libcpg.empty() && service_version == kOwnDeviationsVersion;
  return own ? RepositoryFile(kOwnDeviations) : "";
}

CaseRun RunOf(const ItemEnd& end) {
  const CaseInfo& info = AllCases().at(end.item);
  if (!end.killed) {
    return conformance::Decode(info, end.text);
  }
  return conformance::LostRun(
      info, harness::Verdict::kCrash,
      "the case killed the process that ran it, or all it could reach\n");
}

}  // namespace

std::string Prepare(const Options& options, Preparation* preparation) {
  if (options.service != "corosync") {
    return fmt::format("--service {}: this version knows corosync only",
                       options.service);
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
  std::string error = harness::Identify(path, &preparation->library);
  if (!error.empty()) {
    return error;
  }
  error = harness::Corosync::FindCorosync().error;
  if (error.empty()) {
    error = harness::CheckNamespacesAllowed();
  }
  if (!error.empty()) {
    return error;
  }
  preparation->service_version = harness::Corosync().Version();
  const std::string file =
      ChooseDeviations(options, preparation->service_version);
  if (!file.empty()) {
    auto deviations = conformance::Deviations::Read(file, &error);
    if (!deviations.has_value()) {
      return error;
    }
    preparation->deviations = std::move(*deviations);
  }
  return "";
}

RunEnd Run(const Options& options, const Preparation& preparation,
           int stop_fd) {
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
  pool.stop_fd = stop_fd;
  const harness::PoolResult result = harness::RunPool(
      pool, preparation.selection.cases,
      [&preparation](size_t item, const harness::WorkerPlace& place) {
        conformance::RunCaseOptions run;
        run.library = preparation.library.path;
        run.service_process = place.service_process;
        run.scratch_root = place.scratch_root;
        return conformance::Encode(
            conformance::RunCase(AllCases().at(item), run));
      },
      [&](const ItemEnd& end) { progress.Finished(builder.Add(RunOf(end))); });
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
