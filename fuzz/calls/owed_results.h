// What a call may answer: the model of call_sequence, without the library.
//
// From the manual pages, and where they are silent, what programs rely on; each
// answer names the requirement that owes it. Free, for every library:
//   - CS_ERR_TRY_AGAIN at any time, without an effect; but asked again, with
//     its cause gone, the call comes to its end
//   - not to ask the service where the answer is known
//   - which of two errors comes where two are owed
//   - a refused argument: CS_ERR_INVALID_PARAM for CS_ERR_NAME_TOO_LONG or
//     CS_ERR_EXIST
//   - a second membership of a handle that has left: granted or refused
//   - the empty name: a group, or refused
//   - a message of a handle that is no member: dropped, or refused
//   - more than 16 pieces, and guarantees other than FIFO and AGREED: sent, or
//     refused
//   - a list that has no room: cut, or refused
//   - zero copy: what asks the service for it, or ordinary memory, or none
//   - after the connection has ended: any error of a call that needs it, or
//     what the service answers if it still does
//   - an event for which nothing is registered, or a fragment that makes no
//     message whole: a nonblocking dispatch of one may end with it
// Not judged: what cpg_finalize answers unless the service said yes, what a
// forked child does, threads.

#ifndef CPGCERT_FUZZ_CALLS_OWED_RESULTS_H_
#define CPGCERT_FUZZ_CALLS_OWED_RESULTS_H_

#include <corosync/cpg.h>

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/calls/call_service.h"

namespace cpgcert::fuzz {

// A handle, as far as answers depend on it.
struct HandleState {
  enum class Reach : uint8_t { kLive, kEnded, kCut };
  enum class Member : uint8_t { kNever, kMember, kLeft };

  bool open = false;
  Reach reach = Reach::kLive;
  int flow_control = 0;
  Member member = Member::kNever;
  std::string group{};  // of a member

  // A call may fail now and later, whatever it is.
  bool IsHeldBack() const { return reach != Reach::kLive || flow_control > 0; }
};

struct OwedResult {
  const char* requirement = "";
  bool ok = false;
  bool any_error = false;  // that the header has and a service may give
  std::vector<cs_error_t> errors{};

  // With CS_ERR_TRY_AGAIN, unless the handle is bad.
  bool Allows(cs_error_t result) const;
  std::string Text() const;  // "CS_OK or CS_ERR_EXIST"
};

// An error of <corosync/corotypes.h> that is not one of those that no service
// gives.
bool IsServiceError(cs_error_t result);

OwedResult OwedToInitialize(Model model, const CallRecord& record);
// Of a call that asks nobody.
OwedResult OwedToLocalCall(const HandleState& handle);
OwedResult OwedToJoin(const HandleState& handle, const std::string& name,
                      bool joined_elsewhere, const CallRecord& record);
OwedResult OwedToLeave(const HandleState& handle, const std::string& name,
                       const CallRecord& record);
struct MulticastArguments {
  size_t pieces = 1;
  int guarantee = CPG_TYPE_AGREED;
  bool is_large = false;  // more than is atomic
  bool zero_copy = false;
};
OwedResult OwedToMulticast(const HandleState& handle,
                           const MulticastArguments& arguments,
                           const CallRecord& record);
struct MembershipArguments {
  std::string name{};
  bool has_pointers = true;
  size_t room = 0;
  size_t members = 0;  // of that group
};
OwedResult OwedToMembership(const HandleState& handle,
                            const MembershipArguments& arguments,
                            const CallRecord& record);
OwedResult OwedToLocalGet(const HandleState& handle, const CallRecord& record);
OwedResult OwedToFinalize(const HandleState& handle, const CallRecord& record);
struct IterationArguments {
  int type = CPG_ITERATION_NAME_ONLY;
  const std::string* group = nullptr;
  bool has_result = true;
};
OwedResult OwedToIterationInitialize(const HandleState& handle,
                                     const IterationArguments& arguments,
                                     const CallRecord& record);
struct IterationState {
  bool open = false;
  bool in_doubt = false;  // it failed to end, with a connection that has
  size_t left = 0;        // entries that have not been given
  bool at_end = false;    // that was said
};
OwedResult OwedToIterationNext(const HandleState& handle,
                               const IterationState& iteration,
                               bool has_description, const CallRecord& record);
OwedResult OwedToIterationFinalize(const HandleState& handle,
                                   const IterationState& iteration,
                                   const CallRecord& record);
OwedResult OwedToZeroCopyAllocate(const HandleState& handle, bool is_huge,
                                  const CallRecord& record);
OwedResult OwedToZeroCopyFree(const HandleState& handle,
                              const CallRecord& record);

// What a dispatch came upon, and what it did.
struct DispatchFacts {
  int type = CS_DISPATCH_ALL;
  HandleState handle{};
  // Before it: what kind of event was first, whether one has a callback, and
  // whether anything waited.
  bool callback_first = false;
  bool fragment_first = false;      // of a message that is owed
  bool in_fragments_first = false;  // or of one that is not
  bool any_callback = false;
  bool any_event = false;
  // After it.
  size_t callbacks = 0;    // it ran
  bool all_taken = false;  // of what waited before it
  bool finalized = false;  // the handle, by a callback
  bool reach_changed = false;
};
// "" if that is allowed; else what is owed.
struct DispatchVerdict {
  const char* requirement = "";
  std::string owed{};
  bool ok() const { return owed.empty(); }
};
DispatchVerdict JudgeDispatch(const DispatchFacts& facts, cs_error_t result);

}  // namespace cpgcert::fuzz

#endif  // CPGCERT_FUZZ_CALLS_OWED_RESULTS_H_
