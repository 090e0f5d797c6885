// Whether a libcpg speaks through the qb_ipcc_* functions of this executable.

#ifndef CPGCERT_HARNESS_QB_IN_PROCESS_LIBRARY_BINDING_H_
#define CPGCERT_HARNESS_QB_IN_PROCESS_LIBRARY_BINDING_H_

#include <string>

#include "harness/cpg_api.h"

namespace cpgcert::harness {

// Connects once and closes again. "" if the connection came here, and a
// request with it; else one line that says what happened instead: a library
// that has libqb linked into it, or a transport of its own, goes elsewhere.
// REQUIRES: no InProcessService at the moment.
std::string WhyLibraryDoesNotBindHere(const CpgApi& api);

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_QB_IN_PROCESS_LIBRARY_BINDING_H_
