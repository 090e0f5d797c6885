// Changes the requests of an input of request_decoder
// (requests/request_input.h) by their structure: fields, records, who sends
// them, what is filled in.

#ifndef CPGCERT_FUZZ_REQUESTS_REQUEST_MUTATOR_H_
#define CPGCERT_FUZZ_REQUESTS_REQUEST_MUTATOR_H_

#include <cstddef>
#include <vector>

#include "fuzz/mutation/random_choice.h"
#include "fuzz/requests/request_input.h"
#include "fuzz/support/trust.h"

namespace cpgcert::fuzz {

// One to four changes. What is then of a worse tier than `worst` is repaired,
// or left out.
RequestRecords MutateRequests(RequestRecords records, Trust worst,
                              RandomChoice* choice);

// The input with one request changed in one place, systematically: every field
// to values at which a decoder goes wrong, other sizes of the frame, every
// filling; and repeated. Of any tier. Nothing for a record that is no request.
std::vector<RequestRecords> ChangedAt(const RequestRecords& records, size_t at);

// Without flaws of a tier that is worse.
RequestRecords Repaired(RequestRecords records, Trust worst);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_REQUESTS_REQUEST_MUTATOR_H_
