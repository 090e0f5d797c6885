// Runs inputs on a library that may crash, hang or spoil its memory: always in
// a child, which is forked when the library is loaded and its first connection
// has been made.

#ifndef CPGCERT_FUZZ_FINDINGS_RUNNER_H_
#define CPGCERT_FUZZ_FINDINGS_RUNNER_H_

#include <cstddef>
#include <functional>
#include <span>
#include <string>

#include "fuzz/findings/outcome.h"
#include "fuzz/findings/sequence.h"
#include "harness/cpg_api.h"

namespace cpgcert::fuzz {

struct BatchInput {
  std::string input;
  bool may_leak = false;  // that is known, and not looked at
};

// Not for two threads, nor beside other children that are waited for.
class Runner {
 public:
  // `api` must outlive it, and be of a library that binds to the in-process
  // transport.
  explicit Runner(const harness::CpgApi& api);
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  // One input in a child of its own: what it does there does not depend on
  // other inputs. Takes about 2 ms.
  Outcome Run(const Sequence& sequence);

  // Many, one after the other, in one child: about 50 times as quick. `right`
  // are all right, up to the first that is not, which is to be run alone: it
  // may have suffered from those before it. An outcome that is `explained`
  // counts as all right; it is asked in the child.
  struct BatchEnd {
    size_t right = 0;
    Outcome wrong{};
  };
  using Explained = std::function<bool(const Sequence&, const Outcome&)>;
  BatchEnd RunBatch(std::span<const BatchInput> inputs,
                    const Explained& explained);

  // Sequences run alone so far.
  size_t runs() const { return runs_; }

 private:
  struct Shared;
  void WriteOutcome(const Outcome& outcome);
  Outcome ReadOutcome(int status) const;
  std::string Where() const;

  const harness::CpgApi& api_;
  Shared* shared_;
  size_t runs_ = 0;
};

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_FINDINGS_RUNNER_H_
