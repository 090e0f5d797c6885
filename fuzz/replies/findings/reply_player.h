// Plays an input of reply_decoder to a library and says what it got wrong. In
// a child (fuzz/campaign/child_run.h): a crash or hang is seen from outside.

#ifndef CPGCERT_FUZZ_REPLIES_FINDINGS_REPLY_PLAYER_H_
#define CPGCERT_FUZZ_REPLIES_FINDINGS_REPLY_PLAYER_H_

#include <string>

#include "fuzz/campaign/record_campaign.h"
#include "harness/cpg_api.h"

namespace cpgcert::fuzz {

// Over two fillings of what lies in memory before, and the heap's memory in use
// before and after. The part of what is wrong is the call: "cpg_join".
Wrong PlayReplyInput(const harness::CpgApi& api, const std::string& input);

// Of a damage: the greater, the worse.
int SeverityOf(const std::string& damage);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_REPLIES_FINDINGS_REPLY_PLAYER_H_
