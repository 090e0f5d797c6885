// Inputs of request_decoder: what libcpg sends.

#ifndef CPGCERT_FUZZ_REQUESTS_REQUEST_SEEDS_H_
#define CPGCERT_FUZZ_REQUESTS_REQUEST_SEEDS_H_

#include <map>
#include <string>

namespace cpgcert::fuzz {

// By their names. All are conformant.
std::map<std::string, std::string> RequestSeeds();

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_REQUESTS_REQUEST_SEEDS_H_
