// Inside a member process of a swarm: runs its program.

#ifndef CPGCERT_HARNESS_SWARM_SWARM_PROGRAM_H_
#define CPGCERT_HARNESS_SWARM_SWARM_PROGRAM_H_

#include <string>

#include "harness/swarm/swarm.h"
#include "harness/swarm/swarm_record.h"

namespace cpgcert::harness {

// What a member writes into its last event; it is no process that crashed.
inline constexpr char kSwarmCompleted[] = "completed";
inline constexpr char kSwarmExits[] = "exits";
inline constexpr char kSwarmKillsItself[] = "kills itself";

// Loads the library, runs the program, and ends the process. An exception ends
// it too: it must not get into what the process was before its fork.
[[noreturn]] void RunSwarmProgram(const std::string& library,
                                  const SwarmProgram& program,
                                  SwarmRecord* record) noexcept;

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_SWARM_SWARM_PROGRAM_H_
