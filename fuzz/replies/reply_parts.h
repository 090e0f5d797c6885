// What the operations on replies have in common: finding an answer that suits
// them, making one, changing bytes. For this folder only.

#ifndef CPGCERT_FUZZ_REPLIES_REPLY_PARTS_H_
#define CPGCERT_FUZZ_REPLIES_REPLY_PARTS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "fuzz/mutation/random_choice.h"
#include "fuzz/replies/reply_operations.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {

// An entry, one as likely as another; nothing if there is none.
std::optional<size_t> PickReplyEntry(ReplyScene* scene);
// One that is answered with bytes.
std::optional<size_t> PickAnswered(ReplyScene* scene);

// Puts the reply in the place of an entry's answer.
void Answer(const harness::wire::Reply& reply, ReplyEntry* entry);
void Answer(std::string reply, ReplyEntry* entry);

uint32_t AnyNodeOrProcess(RandomChoice* random);
uint64_t AnyIteration(RandomChoice* random);
// A code that a service may have: an error's, unless it is CS_OK.
int32_t AnyCode(RandomChoice* random);
// A negative errno; one that libqb is known to return in one of two cases.
int32_t AnyErrno(RandomChoice* random);
uint16_t AnyParameter(Call call, RandomChoice* random);
// A name of 0 to 128 bytes.
std::string AnyName(RandomChoice* random);
// What a service may answer to this call, successful in most cases; none that
// has more than `room` members.
harness::wire::Reply AnyReply(Call call, size_t room, RandomChoice* random);
// A call, with what a correct service may answer: nothing and errnos as well.
ReplyEntry AnyReplyEntry(RandomChoice* random);

// Changes some bytes, and their number if it may: by libFuzzer's own means if
// it is there. False if there is nothing to change.
bool ChangeReplyBytes(RandomChoice* random, std::string* bytes,
                      size_t size_max);

// The least change that makes of any bytes a reply that is well-formed, to
// this call.
std::string ReplyMadeWhole(Call call, std::string bytes, RandomChoice* random);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_REPLIES_REPLY_PARTS_H_
