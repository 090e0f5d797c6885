// Mutation of inputs of reply_decoder (fuzz/replies/reply_input.h) by their
// structure: most changes keep the replies whole, and what breaks one breaks
// it on purpose.
//
// For LLVMFuzzerCustomMutator and LLVMFuzzerCustomCrossOver of libFuzzer. Any
// bytes are an input. The same arguments lead to the same result, but where
// libFuzzer's own mutator (LLVMFuzzerMutate) is linked, which some operations
// use on the bytes of a reply.

#ifndef CPGCERT_FUZZ_REPLIES_REPLY_MUTATOR_H_
#define CPGCERT_FUZZ_REPLIES_REPLY_MUTATOR_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "fuzz/replies/reply_operations.h"
#include "fuzz/support/trust.h"

namespace cpgcert::fuzz {

// Changes the `size` bytes in the room of `size_max`, and returns how many
// there are then: at least one, unless there is no room. No answer of the
// result is of a worse tier than `limit`, whatever the input was.
size_t MutateReplies(uint8_t* data, size_t size, size_t size_max, unsigned seed,
                     Trust limit);

// Writes to `out` an input made of two, as above.
size_t CrossOverReplies(const uint8_t* data1, size_t size1,
                        const uint8_t* data2, size_t size2, uint8_t* out,
                        size_t size_max, unsigned seed, Trust limit);

// The same with strings, and which operation it was: "" if none could be
// applied, and a record was added instead.
struct ReplyMutation {
  std::string input;
  std::string_view operation;
};
struct ReplyMutationOptions {
  size_t size_max = 0;
  unsigned seed = 0;
  Trust limit = Trust::kHostile;
};
ReplyMutation MutateReplyInput(std::string_view input,
                               const ReplyMutationOptions& options);
ReplyMutation CrossReplyInputs(std::string_view input, std::string_view other,
                               const ReplyMutationOptions& options);

// All operations that need one input only.
std::span<const ReplyOperation> AllReplyOperations();

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_REPLIES_REPLY_MUTATOR_H_
