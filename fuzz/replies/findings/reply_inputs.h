// Where the inputs of a campaign on replies come from.

#ifndef CPGCERT_FUZZ_REPLIES_FINDINGS_REPLY_INPUTS_H_
#define CPGCERT_FUZZ_REPLIES_FINDINGS_REPLY_INPUTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "fuzz/support/trust.h"

namespace cpgcert::fuzz {

// The seeds; and of each call every errno and code, every number of its reply
// set to every value at which decoders go wrong, every length, every id, the
// replies to all other calls; lists beside the room for them. The same each
// time.
std::vector<std::string> SystematicReplies();

// Made at random from those above; none is of a worse tier. The same for the
// same number.
class RandomReplies {
 public:
  RandomReplies();
  std::string Make(uint64_t number, Trust worst) const;

 private:
  std::vector<std::string> pool_;
};

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_REPLIES_FINDINGS_REPLY_INPUTS_H_
