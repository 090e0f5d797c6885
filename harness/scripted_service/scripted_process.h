// The process of a scripted service.

#ifndef CPGCERT_HARNESS_SCRIPTED_SERVICE_SCRIPTED_PROCESS_H_
#define CPGCERT_HARNESS_SCRIPTED_SERVICE_SCRIPTED_PROCESS_H_

#include "harness/scripted_service/scripted_channel.h"

namespace cpgcert::harness {

// Serves until the other end of `socket` is closed. First sends one frame:
// empty once it listens, if the script wants that, else what failed. After
// that, one frame for each command: "" or what failed, or a number that was
// asked for.
[[noreturn]] void RunScriptedProcess(const Script& script, int socket,
                                     SharedState* shared);

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_SCRIPTED_SERVICE_SCRIPTED_PROCESS_H_
