// For a program that exports the functions of in_process_service.h and yet is
// to run a library over a real service.

#ifndef CPGCERT_HARNESS_QB_IN_PROCESS_LIBQB_FORWARDING_H_
#define CPGCERT_HARNESS_QB_IN_PROCESS_LIBQB_FORWARDING_H_

#include <string>

namespace cpgcert::harness {

// From now on the qb_ipcc_* functions of this executable hand every call on to
// those of libqb, and no InProcessService hears of it. Returns "" or one line:
// why libqb cannot be loaded. REQUIRES: no connection at the moment.
std::string ForwardToLibqb();

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_QB_IN_PROCESS_LIBQB_FORWARDING_H_
