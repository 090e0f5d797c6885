// The seeds of reply_decoder: what an honest service answers, built from the
// drawing of the wire (harness/wire).

#ifndef CPGCERT_FUZZ_REPLIES_REPLY_SEEDS_H_
#define CPGCERT_FUZZ_REPLIES_REPLY_SEEDS_H_

#include <map>
#include <string>

namespace cpgcert::fuzz {

// Inputs (reply_input.h) by their names.
std::map<std::string, std::string> ReplySeeds();

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_REPLIES_REPLY_SEEDS_H_
