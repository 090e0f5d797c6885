// Runs a function in a forked child that keeps everything it inherited.
//
// Unlike isolated_run, which starts from a clean slate: here the inherited
// descriptors and mappings are the point.

#ifndef CPGCERT_HARNESS_FORKED_CALL_H_
#define CPGCERT_HARNESS_FORKED_CALL_H_

#include <chrono>
#include <functional>
#include <string>

namespace cpgcert::harness {

struct ForkedCallResult {
  bool returned = false;  // the function came back with a text
  std::string text;       // at most 4096 bytes
  std::string end;        // otherwise how the child ended, one line
};

// Forks; the child ends after `call`, with _exit(2), or at the deadline.
// REQUIRES: one thread in the calling process.
ForkedCallResult RunInForkedChild(const std::function<std::string()>& call,
                                  std::chrono::milliseconds deadline);

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_FORKED_CALL_H_
