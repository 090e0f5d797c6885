// Runs inputs on a library that may crash, hang or spoil its memory: always in
// a child, which is forked when the library is loaded and its first connection
// has been made.

#ifndef CPGCERT_FUZZ_EVENTS_FINDINGS_RUNNER_H_
#define CPGCERT_FUZZ_EVENTS_FINDINGS_RUNNER_H_

#include <cstddef>
#include <functional>
#include <span>

#include "fuzz/campaign/child_run.h"
#include "fuzz/events/findings/outcome.h"
#include "fuzz/events/findings/sequence.h"
#include "harness/cpg_api.h"

namespace cpgcert::fuzz {

struct BatchInput {
  const Sequence* sequence = nullptr;
  bool may_leak = false;  // that is known, and not looked at
};

// Each input is played twice, over two different contents of all memory that
// it could find: behind an event, on the heap. Not for two threads, nor beside
// other children that are waited for.
class Runner {
 public:
  // `api` must outlive it, and be of a library that binds to the in-process
  // transport.
  explicit Runner(const harness::CpgApi& api);

  // One input in a child of its own: what it does there does not depend on
  // other inputs. Takes about 2 ms. If it is to `go_on`, what is all right is
  // played some times more, and leaks are looked for.
  Outcome Run(const Sequence& sequence, bool go_on = true);

  // Many, one after the other, in one child: about 20 times as quick. `right`
  // are all right, up to the first that is not, which is to be run alone: it
  // may have suffered from those before it. An outcome that is `explained`
  // counts as all right; it is asked in the child, about inputs by their index.
  struct BatchEnd {
    size_t right = 0;
    Outcome wrong{};
  };
  using Explained = std::function<bool(size_t input, const Outcome&)>;
  BatchEnd RunBatch(std::span<const BatchInput> inputs,
                    const Explained& explained);

 private:
  const harness::CpgApi& api_;
  ChildRun child_;
};

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_EVENTS_FINDINGS_RUNNER_H_
