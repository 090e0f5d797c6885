// The seeds of call_sequence: a program for each area of the API.

#ifndef CPGCERT_FUZZ_CALLS_CALL_SEEDS_H_
#define CPGCERT_FUZZ_CALLS_CALL_SEEDS_H_

#include <map>
#include <string>

namespace cpgcert::fuzz {

// By their names; each is passed by a library that owes nothing.
std::map<std::string, std::string> CallSeeds();

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_CALLS_CALL_SEEDS_H_
