#include "conformance/resources/probe.h"

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <utility>

#include "conformance/resources/connection.h"
#include "conformance/resources/footprint.h"
#include "harness/client.h"
#include "harness/forked_call.h"

namespace cpgcert::conformance::resources {

namespace {

using harness::ErrorName;
using Json = nlohmann::json;

// A probe has several waits, each within kDeadline.
constexpr std::chrono::milliseconds kProbeDeadline = 2 * kDeadline;

// More than one round tells what is kept for later use from what is lost.
enum class Round { kFirst, kWithoutShortage, kAgain };

struct Gained {
  int64_t blocks = 0;
  int64_t mapped_bytes = 0;
};

// What happens in the child.
class Prober {
 public:
  Prober(const ProbeRequest& request, harness::SharedMemorySize* shared_memory)
      : request_(request),
        shared_memory_(shared_memory),
        message_(MessageOf(request.operation)) {}

  ProbeResult Run() {
    result_.returned = true;
    if (request_.resource != Resource::kMemory) {
      WaitSharedMemoryQuiet(request_.api);
    }
    const std::set<std::string> files = SharedMemoryFiles();
    RunRound(Round::kFirst);
    if (!aftermath_) {
      return std::move(result_);
    }
    if (result_.unprepared.empty() && result_.answer != CS_OK) {
      const std::string left = LeftInSharedMemory(request_.api, files);
      if (!left.empty()) {
        Find("RES-04", "left in /dev/shm: " + left);
      }
    }
    if (result_.unprepared.empty() && result_.noticed &&
        request_.resource == Resource::kMemory && result_.findings.empty()) {
      LookForLostMemory();
    }
    return std::move(result_);
  }

 private:
  void Find(std::string_view requirement, const std::string& text) {
    const bool survival = requirement == RequirementOf(request_.resource);
    const Aspect other = survival ? Aspect::kAftermath : Aspect::kSurvival;
    if (request_.aspect == other) {
      return;
    }
    result_.findings.push_back({std::string(requirement), text});
  }

  // One connection from its beginning to its end.
  void RunRound(Round round) {
    const std::string group = fmt::format("probe{}r{}", getpid(), ++rounds_);
    const Descriptors descriptors = OpenDescriptors();
    const int mappings = SharedMappings();
    Connection connection(request_.api, group, message_);
    std::string error = request_.operation.prepare(connection);
    if (error.empty()) {
      error = CallAndRepeat(connection, round);
    }
    if (!error.empty()) {
      result_.unprepared = error;
      return;
    }
    if (connection.connected) {
      connection.Finalize();
    }
    const std::string changed = Changed(descriptors);
    if (!changed.empty() && result_.findings.empty()) {
      Find("RES-04", "after cpg_finalize: " + changed);
    }
    result_.kept.descriptors = LeftOpen(descriptors, OpenDescriptors()).size();
    result_.kept.mappings = SharedMappings() - mappings;
    if (result_.kept.mappings > request_.allowed.mappings) {
      Find("RES-04",
           fmt::format("after cpg_finalize: {} mappings of /dev/shm were left",
                       result_.kept.mappings));
    }
  }

  // How the descriptors are not as they were before; "" if nothing is wrong
  // with them.
  std::string Changed(const Descriptors& before) const {
    const Descriptors now = OpenDescriptors();
    std::vector<std::string> texts = Closed(before, now);
    const std::vector<std::string> left = LeftOpen(before, now);
    if (left.size() > request_.allowed.descriptors) {
      texts.insert(texts.end(), left.begin(), left.end());
    }
    return fmt::format("{}", fmt::join(texts, "; "));
  }

  // Returns "" or why the shortage could not be made.
  std::string CallAndRepeat(Connection& connection, Round round) {
    const Operation& operation = request_.operation;
    const Descriptors descriptors = OpenDescriptors();
    cs_error_t answer = CS_OK;
    bool noticed = false;
    if (round == Round::kWithoutShortage) {
      answer = operation.call(connection);
    } else {
      Shortage shortage(request_.resource, request_.step, &watch_,
                        shared_memory_);
      std::string error = shortage.Begin();
      if (error.empty()) {
        // What is put off before anything was wanting is asked again.
        (void)harness::WithPatience([&] {
          answer = operation.call(connection);
          return shortage.MayHaveActed() ? CS_OK : answer;
        });
        error = shortage.End();
      }
      if (!error.empty()) {
        return error;
      }
      noticed = shortage.noticed();
      if (round == Round::kFirst) {
        result_.answer = answer;
        result_.noticed = noticed;
      }
    }
    const bool failed = answer != CS_OK;
    if (failed) {
      JudgeFailure(connection, answer, descriptors);
      answer = aftermath_ ? Repeat(connection) : answer;
    }
    const std::string wrong =
        answer == CS_OK ? operation.confirm(connection) : "";
    if (!wrong.empty() && failed) {
      Find("ERR-06", "after a repeated call: " + wrong);
    } else if (!wrong.empty() && noticed) {
      Find(RequirementOf(request_.resource), "CS_OK, but " + wrong);
    }
    return "";
  }

  void JudgeFailure(Connection& connection, cs_error_t answer,
                    const Descriptors& descriptors) {
    if (!IsAdmitted(answer)) {
      Find(RequirementOf(request_.resource), ErrorName(answer));
    }
    if (!request_.operation.can_be_repeated) {
      connection.Finalize();  // whether the handle lived on is left open
      return;
    }
    const std::string changed = Changed(descriptors);
    if (!changed.empty()) {
      Find("RES-04", fmt::format("{}, and {}", ErrorName(answer), changed));
    }
  }

  // The same call once more, with the resource there.
  cs_error_t Repeat(Connection& connection) {
    if (!request_.operation.can_be_repeated) {
      return CS_OK;
    }
    const cs_error_t answer = harness::RetryWhileTryAgain(
        [&] { return request_.operation.call(connection); }, kDeadline);
    if (answer != CS_OK) {
      Find("RES-04", fmt::format("called again with the resource there: {}",
                                 ErrorName(answer)));
    }
    return answer;
  }

  Gained GainedInRound(Round round) {
    const int64_t blocks = watch_.blocks();
    const int64_t mapped_bytes = watch_.mapped_bytes();
    RunRound(round);
    return {watch_.blocks() - blocks, watch_.mapped_bytes() - mapped_bytes};
  }

  // What every further failure adds is lost. A library with threads of its own
  // may free there what it got here, which the watch does not see.
  void LookForLostMemory() {
    const Gained usual = GainedInRound(Round::kWithoutShortage);
    Gained gained = GainedInRound(Round::kAgain);
    if (gained.blocks > usual.blocks ||
        gained.mapped_bytes > usual.mapped_bytes) {
      const Gained once_more = GainedInRound(Round::kAgain);
      gained.blocks = std::min(gained.blocks, once_more.blocks);
      gained.mapped_bytes =
          std::min(gained.mapped_bytes, once_more.mapped_bytes);
    }
    const auto threads = std::distance(
        std::filesystem::directory_iterator("/proc/self/task"), {});
    // These rounds had their shortage at another request, which has, or had, a
    // step of its own.
    const bool comparable =
        threads == 1 && result_.findings.empty() && result_.unprepared.empty();
    result_.findings.clear();
    result_.unprepared.clear();
    if (comparable && gained.blocks > usual.blocks) {
      Find("RES-04", fmt::format("each such failure loses {} blocks of memory",
                                 gained.blocks - usual.blocks));
    }
    if (comparable && gained.mapped_bytes > usual.mapped_bytes) {
      Find("RES-04", fmt::format("each such failure leaves {} bytes mapped",
                                 gained.mapped_bytes - usual.mapped_bytes));
    }
  }

  const ProbeRequest& request_;
  harness::SharedMemorySize* const shared_memory_;
  const std::string message_;
  const bool aftermath_ = request_.aspect != Aspect::kSurvival;
  harness::AllocationWatch watch_;
  ProbeResult result_;
  int rounds_ = 0;
};

std::string Encode(const ProbeResult& result) {
  Json json{{"unprepared", result.unprepared},
            {"answer", static_cast<int>(result.answer)},
            {"noticed", result.noticed},
            {"descriptors", result.kept.descriptors},
            {"mappings", result.kept.mappings},
            {"findings", Json::array()}};
  for (const Finding& finding : result.findings) {
    json["findings"].push_back({finding.requirement, finding.text});
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// A text that was cut is no JSON: then there is a finding without its text.
ProbeResult Decode(const std::string& text) {
  ProbeResult result;
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) {
    result.unprepared = "unreadable: " + text;
    return result;
  }
  result.returned = true;
  result.unprepared = json["unprepared"].get<std::string>();
  result.answer = static_cast<cs_error_t>(json["answer"].get<int>());
  result.noticed = json["noticed"].get<bool>();
  result.kept.descriptors = json["descriptors"].get<size_t>();
  result.kept.mappings = json["mappings"].get<int>();
  for (const Json& finding : json["findings"]) {
    result.findings.push_back(
        {finding.at(0).get<std::string>(), finding.at(1).get<std::string>()});
  }
  return result;
}

}  // namespace

bool IsAdmitted(cs_error_t error) {
  constexpr std::array kAdmitted = {CS_ERR_TRY_AGAIN,     CS_ERR_INVALID_PARAM,
                                    CS_ERR_ACCESS,        CS_ERR_LIBRARY,
                                    CS_ERR_INTERRUPT,     CS_ERR_NOT_SUPPORTED,
                                    CS_ERR_MESSAGE_ERROR, CS_ERR_NO_MEMORY,
                                    CS_ERR_NO_SPACE,      CS_ERR_NO_RESOURCES};
  return std::ranges::find(kAdmitted, error) != kAdmitted.end();
}

ProbeResult Probe(const ProbeRequest& request,
                  harness::SharedMemorySize* shared_memory) {
  const harness::ForkedCallResult child = harness::RunInForkedChild(
      [&] { return Encode(Prober(request, shared_memory).Run()); },
      kProbeDeadline);
  if (request.resource == Resource::kSharedMemory) {
    shared_memory->Restore();
  }
  if (child.returned) {
    return Decode(child.text);
  }
  ProbeResult result;
  result.noticed = true;
  result.stuck = child.end.starts_with("still running");
  if (request.aspect != Aspect::kAftermath) {
    result.findings.push_back(
        {RequirementOf(request.resource), "the process " + child.end});
  }
  return result;
}

}  // namespace cpgcert::conformance::resources
