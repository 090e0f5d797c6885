// Whether what came is the reply to what was asked. A reply is believed only
// if it has the identifier and the size that belong to the request.

#ifndef CPGCERT_HARNESS_REFERENCE_REPLY_DECODER_H_
#define CPGCERT_HARNESS_REFERENCE_REPLY_DECODER_H_

#include <corosync/corotypes.h>

#include <cstddef>
#include <span>

#include "harness/reference/wire_format.h"

namespace cpgcert::reference {

// Answers CS_OK only if `bytes` is a whole, successful reply with this
// identifier and exactly this size. The service's own error code is answered
// as it is, also of a refusal, which is a header only.
// CS_ERR_MESSAGE_ERROR: anything else. `bytes` begins at a multiple of 8.
cs_error_t CheckReply(std::span<const std::byte> bytes, wire::ReplyId id,
                      size_t size);

}  // namespace cpgcert::reference

#endif  // CPGCERT_HARNESS_REFERENCE_REPLY_DECODER_H_
