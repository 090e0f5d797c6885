#include "fuzz/requests/findings/request_campaign.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <set>
#include <utility>

#include "fuzz/mutation/random_choice.h"
#include "fuzz/requests/request_flaws.h"
#include "fuzz/requests/request_input.h"
#include "fuzz/requests/request_mutator.h"
#include "fuzz/requests/request_seeds.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;

Cause CauseOf(const RequestRecords& records, const FoundFlaw& found) {
  const FlawText text = TextOf(found.flaw);
  const std::string kind = IsOfEveryKind(found.flaw)
                               ? "any request"
                               : RequestKind(records[found.record].bytes);
  return {.key = fmt::format("{}: {}", kind, text.broken),
          .field = fmt::format("{}, {}", kind, text.field),
          .relation = text.broken};
}

std::set<std::string> KeysOf(const RequestRecords& records) {
  std::set<std::string> keys;
  for (const FoundFlaw& found : FlawsOf(records)) {
    keys.insert(CauseOf(records, found).key);
  }
  return keys;
}

std::vector<RequestRecords> ParsedSeeds() {
  std::vector<RequestRecords> parsed;
  for (const auto& [name, seed] : RequestSeeds()) {
    parsed.push_back(ParseRequestInput(seed));
  }
  return parsed;
}

// The seeds, and each request of them changed where it occurs in most company.
std::vector<std::string> SystematicInputs() {
  std::vector<RequestRecords> seeds = ParsedSeeds();
  const auto rank = [](const RequestRecords& one) {
    return std::pair(SIZE_MAX - one.size(), BuildRequestInput(one));
  };
  std::ranges::sort(seeds, {}, rank);
  std::vector<std::string> inputs;
  std::set<std::string> seen;
  std::set<std::string> requests;
  const auto add = [&](const RequestRecords& records) {
    std::string input = BuildRequestInput(records);
    if (seen.insert(input).second) inputs.push_back(std::move(input));
  };
  for (const RequestRecords& records : seeds) {
    add(records);
    for (size_t at = 0; at < records.size(); ++at) {
      RequestRecord request = records[at];
      request.connection = 0;
      if (!requests.insert(BuildRequestInput({request})).second) continue;
      for (const RequestRecords& one : ChangedAt(records, at)) add(one);
    }
  }
  return inputs;
}

std::string RandomInput(uint64_t number, Trust worst) {
  static const std::vector<RequestRecords> seeds = ParsedSeeds();
  RandomChoice choice(number);
  const RequestRecords& first = choice.Of(seeds);
  RequestRecords records = first;
  if (choice.OneIn(2)) {
    const RequestRecords& second = choice.Of(seeds);
    records.insert(records.end(), second.begin(), second.end());
  }
  return BuildRequestInput(MutateRequests(records, worst, &choice));
}

Wrong Play(RequestTarget* target, const std::string& input) {
  const RequestDamage damage = target->Play(input).damage;
  return {.damage = damage.damage,
          .part = damage.part,
          .owed = damage.owed + "\n",
          .came = damage.came + "\n"};
}

bool Hides(const std::string& input, const Cause& known) {
  return KeysOf(ParseRequestInput(input)).contains(known.key);
}

std::string Describe(const std::string& input) {
  const RequestRecords records = ParseRequestInput(input);
  std::string text = DescribeRequestInput(records);
  for (const FoundFlaw& found : FlawsOf(records)) {
    text += fmt::format("  in record {}: {}\n", found.record,
                        TextOf(found.flaw).broken);
  }
  return text;
}

// A multicast without its bytes, if the count is that of them.
RequestRecord WithoutMessage(const RequestRecord& record) {
  const auto parsed = wire::ParseRequest(record.bytes).message;
  if (!parsed.has_value()) return record;
  const auto* const whole = std::get_if<wire::MulticastRequest>(&*parsed);
  if (whole == nullptr || whole->message.size() <= 1) return record;
  RequestRecord shorter = record;
  shorter.bytes = wire::Build(wire::Request(wire::MulticastRequest{
      .guarantee = whole->guarantee, .message = whole->message.substr(0, 1)}));
  return shorter;
}

// A flawed record, last first: alone, after the join of its connection, and
// after all of its connection.
std::vector<RequestRecords> AroundFlaws(const RequestRecords& records) {
  std::vector<RequestRecords> around;
  std::set<size_t, std::greater<>> flawed;
  for (const FoundFlaw& found : FlawsOf(records)) flawed.insert(found.record);
  for (const size_t at : flawed) {
    const RequestRecord& record = records[at];
    RequestRecords same;
    RequestRecords joined;
    for (size_t i = 0; i < at; ++i) {
      if (records[i].connection != record.connection) continue;
      same.push_back(records[i]);
      if (RequestKind(records[i].bytes) == "join request")
        joined = {records[i]};
    }
    joined.push_back(record);
    same.push_back(record);
    around.push_back({record});
    around.push_back(joined);
    around.push_back(same);
  }
  return around;
}

}  // namespace

std::vector<std::string> SimplerRequests(const std::string& input) {
  const RequestRecords records = ParseRequestInput(input);
  std::vector<std::string> simpler;
  // What gains a flaw may do the same damage for another reason.
  const std::set<std::string> keys = KeysOf(records);
  const auto add = [&](const RequestRecords& one) {
    if (one != records && std::ranges::includes(keys, KeysOf(one))) {
      simpler.push_back(BuildRequestInput(one));
    }
  };
  for (const RequestRecords& fewer : AroundFlaws(records)) {
    if (fewer.size() < records.size()) add(fewer);
  }
  for (size_t count = records.size() / 2; count > 0; count /= 2) {
    for (size_t i = 0; i + count <= records.size(); i += count) {
      RequestRecords fewer = records;
      const auto begin = fewer.begin() + static_cast<ptrdiff_t>(i);
      fewer.erase(begin, begin + static_cast<ptrdiff_t>(count));
      add(fewer);
    }
  }
  const auto replace = [&](size_t i, const RequestRecord& record) {
    RequestRecords changed = records;
    changed[i] = record;
    add(changed);
  };
  for (const FoundFlaw& found : FlawsOf(records)) {
    replace(found.record, WithoutFlaw(records[found.record], found.flaw));
  }
  for (size_t i = 0; i < records.size(); ++i) {
    RequestRecord unfilled = records[i];
    unfilled.filled = Filled::kNothing;
    replace(i, unfilled);
    replace(i, WithoutMessage(records[i]));
  }
  return simpler;
}

Cause CauseInRequests(const std::string& input, const Wrong& wrong) {
  const RequestRecords records = ParseRequestInput(input);
  const std::vector<FoundFlaw> flaws = FlawsOf(records);
  if (!flaws.empty()) {
    // The service was ready for those before, or they make no difference alone.
    const size_t last = flaws.back().record;
    const auto first_of_last =
        std::ranges::find(flaws, last, &FoundFlaw::record);
    return CauseOf(records, *first_of_last);
  }
  std::string kind = "no request";
  for (const RequestRecord& record : records) {
    if (record.action == RequestAction::kSend) kind = RequestKind(record.bytes);
  }
  return {.key = fmt::format("{}: {}", kind, wrong.damage),
          .field = kind,
          .relation = wrong.damage};
}

CampaignReport SearchInRequests(RequestTarget* target,
                                const RecordCampaignOptions& options) {
  const RecordTarget searched{
      .name = "request_decoder",
      .systematic = SystematicInputs,
      .random = RandomInput,
      .tier_of =
          [](const std::string& input) {
            return TierOf(ParseRequestInput(input));
          },
      .play = [&](const std::string& input) { return Play(target, input); },
      .simpler = SimplerRequests,
      .explain =
          [](const std::string& input, const Wrong& wrong,
             const PlayAlone& /*play*/) {
            return CauseInRequests(input, wrong);
          },
      .describe = Describe,
      .hides = Hides,
  };
  CampaignReport report = RunRecordCampaign(searched, options);
  report.library = target->Name();
  report.transport = "libqb clients of a service";
  return report;
}

}  // namespace cpgcert::fuzz
