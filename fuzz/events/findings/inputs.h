// Where a campaign's inputs come from. The only file that knows how they are
// mutated.

#ifndef CPGCERT_FUZZ_EVENTS_FINDINGS_INPUTS_H_
#define CPGCERT_FUZZ_EVENTS_FINDINGS_INPUTS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "fuzz/events/findings/sequence.h"
#include "fuzz/events/tier.h"
#include "fuzz/mutation/random_choice.h"

namespace cpgcert::fuzz {

// What a correct service sends: events of every kind, none and as many entries
// as there may be, fragments in all ways that make messages.
std::vector<Sequence> HonestSequences();

// Every number of every honest sequence set to every value at which decoders
// go wrong, every event cut and lengthened, lists of too many entries, short
// series of fragments of all types. The same each time.
std::vector<Sequence> SystematicSequences();

// Inputs made at random from those above and from each other. The same for the
// same seed.
class RandomInputs {
 public:
  RandomInputs(uint64_t seed, Tier limit);
  std::string Next();

 private:
  RandomChoice choice_;
  Tier limit_;
  std::vector<std::string> pool_;
};

// None of its messages takes memory of which there may be none.
bool IsOfBearableSize(const Sequence& sequence);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_EVENTS_FINDINGS_INPUTS_H_
