// Mutation of inputs of event_decoder (fuzz/events/event_input.h) by their
// structure: most changes keep the frames whole, and what breaks one breaks it
// on purpose.
//
// For LLVMFuzzerCustomMutator and LLVMFuzzerCustomCrossOver of libFuzzer. Any
// bytes are an input. The same arguments lead to the same result, but where
// libFuzzer's own mutator (LLVMFuzzerMutate) is linked, which some operations
// use on a message or on a frame.

#ifndef CPGCERT_FUZZ_EVENTS_MUTATOR_H_
#define CPGCERT_FUZZ_EVENTS_MUTATOR_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "fuzz/events/operations.h"
#include "fuzz/events/tier.h"

namespace cpgcert::fuzz {

// Changes the `size` bytes in the room of `size_max`, and returns how many
// there are then: at least one, unless there is no room. No event of the
// result is of a worse tier than `limit`, whatever the input was.
size_t Mutate(uint8_t* data, size_t size, size_t size_max, unsigned seed,
              Tier limit);

// Writes to `out` an input made of two, as above.
size_t CrossOver(const uint8_t* data1, size_t size1, const uint8_t* data2,
                 size_t size2, uint8_t* out, size_t size_max, unsigned seed,
                 Tier limit);

// libFuzzer's own mutation of bytes; nothing is changed, and 0 returned, if it
// is not linked.
size_t MutateBytes(uint8_t* data, size_t size, size_t size_max);

// The same with strings, and which operation it was: "" if none could be
// applied, and a new input was made.
struct Mutation {
  std::string input;
  std::string_view operation;
};
struct MutationOptions {
  size_t size_max = 0;
  unsigned seed = 0;
  Tier limit = Tier::kHostile;
};
Mutation MutateInput(std::string_view input, const MutationOptions& options);
Mutation CrossInputs(std::string_view input, std::string_view other,
                     const MutationOptions& options);

// All operations that need one input only.
std::span<const Operation> AllOperations();

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_EVENTS_MUTATOR_H_
