// A search for root causes in inputs of which only this is known: how to make
// them, how to play one, and which are simpler.
//
// Inputs are played in children, many in one. What goes wrong there is played
// alone, made as simple as it can be, and named. The search goes on behind it:
// what goes wrong in the same way and has led to causes that are known, several
// times, is not looked at any more.

#ifndef CPGCERT_FUZZ_CAMPAIGN_RECORD_CAMPAIGN_H_
#define CPGCERT_FUZZ_CAMPAIGN_RECORD_CAMPAIGN_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "fuzz/campaign/finding.h"
#include "fuzz/support/trust.h"

namespace cpgcert::fuzz {

// What went wrong; without a damage, nothing.
struct Wrong {
  std::string damage{};  // one word or a few: "crash", "unowed success"
  std::string part{};    // in what: "cpg_join: code"
  std::string owed{};
  std::string came{};
  std::string where{};  // of a crash or hang

  bool ok() const { return damage.empty(); }
  // Two may have the same cause.
  bool IsLike(const Wrong& other) const {
    return damage == other.damage && part == other.part;
  }
};

// A name for the cause of what a minimised input shows.
struct Cause {
  std::string key{};
  std::string field{};
  std::string relation{};
};

// Plays one input alone, in a child.
using PlayAlone = std::function<Wrong(const std::string& input)>;

// All of these but `hides` and `program_of` are needed.
struct RecordTarget {
  std::string name{};  // "reply_decoder"
  // An address in the library, or null: names the place of a crash.
  const void* in_library = nullptr;
  // What is to be tried whatever the seed is, seeds included.
  std::function<std::vector<std::string>()> systematic{};
  // One more, of no worse tier; the same for the same number.
  std::function<std::string(uint64_t number, Trust worst)> random{};
  std::function<Trust(const std::string& input)> tier_of{};
  // In a child. Crashes and hangs are seen from outside; the damage is "crash"
  // or "hang" then.
  std::function<Wrong(const std::string& input)> play{};
  // Each a little simpler than the input; what saves most comes first.
  std::function<std::vector<std::string>(const std::string& input)> simpler{};
  // Of a minimised input.
  std::function<Cause(const std::string& input, const Wrong& wrong,
                      const PlayAlone& play)>
      explain{};
  std::function<std::string(const std::string& input)> describe{};
  // The input has what leads to this known cause; it is not worth a run.
  std::function<bool(const std::string& input, const Cause& known)> hides{};
  // A program that shows it without any of this.
  std::function<std::string(const std::string& input)> program_of{};
};

struct RecordCampaignOptions {
  std::chrono::milliseconds duration{60'000};  // of all of it
  uint64_t inputs_max = UINT64_MAX;            // at random
  uint64_t seed = 1;
  // Only inputs of this tier are made; nothing: of all.
  std::optional<Trust> tier{};
  int tries = 10;  // of each minimised input
  std::function<void(const std::string& line)> log{};
};

// First what is systematic, in an order that the seed decides, then at random.
CampaignReport RunRecordCampaign(const RecordTarget& target,
                                 const RecordCampaignOptions& options);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_CAMPAIGN_RECORD_CAMPAIGN_H_
