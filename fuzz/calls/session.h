// One input of call_sequence, played to a library: the calls, the callbacks,
// the end, each held against what is owed (owed_results.h, owed_callbacks.h).

#ifndef CPGCERT_FUZZ_CALLS_SESSION_H_
#define CPGCERT_FUZZ_CALLS_SESSION_H_

#include <set>
#include <string>

#include "fuzz/calls/program.h"
#include "harness/cpg_api.h"

namespace cpgcert::fuzz {

// Where in a program something is: "cpg_join, is a member".
struct Spot {
  const char* call = "";
  const char* state = "";
  // Of a state that is unusual: the requirement that is about it, whatever goes
  // wrong there. Null for an ordinary one.
  const char* requirement = nullptr;

  std::string Name() const;
};

// What a library did that it must not.
struct CallProblem {
  std::string where{};  // the spot, if it has its own requirement; the call
  std::string requirement{};
  std::string damage{};  // "unowed error", "lost callback"
  std::string owed{};
  std::string came{};

  bool ok() const { return damage.empty(); }
  // "cpg_join: JOIN-02", "cpg_mcast_joined, 64 pieces or more: MCAST-09".
  std::string Key() const { return where + ": " + requirement; }
};

// The spot that the library is at, kept where somebody can read it who is
// there when this process is not any more.
struct Progress {
  struct At {
    char spot[128];
    char requirement[16];  // "" in an ordinary state
  };
  At now;
  // The last one that is not ordinary: memory that is spoiled there may show
  // later.
  At unusual;
};

struct PlayOptions {
  // Spots and keys. A call at one of these spots is left out. A problem with
  // one of these keys ends the program without a word, also at a spot that has
  // its own requirement but goes wrong in the same way.
  const std::set<std::string>* known = nullptr;
  Progress* progress = nullptr;
};

struct PlayedCalls {
  CallProblem problem{};  // the first one
  size_t calls = 0;
  size_t callbacks = 0;
  size_t connections = 0;  // that were asked for
  // Zero copy buffers that could not be freed: their memory is in use.
  bool buffers_left = false;
};

// Once, before the first child is forked: what all of them need is made once.
void PrepareToPlayCalls();

PlayedCalls PlayCalls(const harness::CpgApi& api, const Program& program,
                      const PlayOptions& options = {});

// The same, and that what it leaves behind does not grow when it is done again
// and again.
PlayedCalls PlayCallsThoroughly(const harness::CpgApi& api,
                                const Program& program,
                                const PlayOptions& options = {});

// Some lines.
std::string Describe(const CallProblem& problem);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_CALLS_SESSION_H_
