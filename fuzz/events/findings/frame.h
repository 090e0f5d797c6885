// The relations within one event (relation.h). For this folder only.

#ifndef CPGCERT_FUZZ_EVENTS_FINDINGS_FRAME_H_
#define CPGCERT_FUZZ_EVENTS_FINDINGS_FRAME_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/events/findings/relation.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {

// Bytes before the message, fragment or lists of an event of this kind; those
// of the header if its kind is not known.
size_t FixedSize(std::string_view bytes);

// Changes a number, if the bytes have it.
void SetNumber(std::string* bytes, std::string_view field, uint64_t value);

// Those that are broken, in the order of the list.
std::vector<Relation> FrameRelations(std::string_view bytes);

// REQUIRES: the relation is one of a frame, and broken.
std::string HonestFrame(std::string_view bytes, Relation relation);
// An honest event of the same kind with as little in it as can be.
std::string BareFrame(std::string_view bytes);
// Where a list is too long, its end is kept; else nothing changes.
std::string HonestFrameByItsEnd(std::string_view bytes, Relation relation);
std::string BarelyBrokenFrame(std::string_view bytes, Relation relation);
// The relation's number changed to this; a list that is there gets so many
// entries.
std::string FrameWithNumber(std::string_view bytes, Relation relation,
                            uint64_t value);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_EVENTS_FINDINGS_FRAME_H_
