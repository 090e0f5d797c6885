#include "fuzz/replies/reply_seeds.h"

#include <corosync/cpg.h>

#include <cerrno>
#include <cstdint>
#include <vector>

#include "fuzz/replies/reply_input.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;
using wire::ReplyId;

// The input with these calls and their answers.
class Input {
 public:
  Input& Then(Call call, const wire::Reply& reply, uint16_t parameter = 0,
              uint8_t again = 0) {
    const std::string bytes = wire::Build(reply);
    text_ += BuildReplyInput({{.call = call,
                               .again = again,
                               .parameter = parameter,
                               .reply = bytes}});
    return *this;
  }
  Input& Then(Call call, ReplyId id, int32_t code = CS_OK,
              uint16_t parameter = 0, uint8_t again = 0) {
    return Then(call, wire::PlainReply{.id = id, .error = code}, parameter,
                again);
  }
  Input& Fails(Call call, int32_t error, ErrorAt at = ErrorAt::kSend) {
    text_ += BuildReplyInput({{.call = call, .at = at, .error = error}});
    return *this;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

wire::Reply Members(uint32_t count) {
  wire::MembershipReply reply;
  for (uint32_t i = 0; i < count; ++i) {
    reply.members.push_back({1, 1000 + i, CPG_REASON_UNDEFINED});
  }
  return reply;
}

wire::Reply Entry(const std::string& group) {
  return wire::IterationNextReply{.group = group, .node = 2, .process = 2000};
}

wire::Reply EndOfEntries() {
  return wire::IterationNextReply{.error = CS_ERR_NO_SECTIONS};
}

void AddErrors(std::map<std::string, std::string>* seeds) {
  const auto add = [seeds](const std::string& name, const Input& input) {
    (*seeds)[name] = input.text();
  };
  add("connection_refused", Input()
                                .Fails(Call::kConnect, -EACCES)
                                .Fails(Call::kConnect, -ECONNREFUSED)
                                .Fails(Call::kConnect, -EAGAIN));
  add("join_refused", Input()
                          .Then(Call::kJoin, ReplyId::kJoin, CS_ERR_TRY_AGAIN)
                          .Then(Call::kJoin, ReplyId::kJoin, CS_ERR_EXIST));
  add("join_busy",
      Input().Then(Call::kJoin, ReplyId::kJoin, CS_ERR_BUSY, 0, 2));
  add("join_busy_always",
      Input().Then(Call::kJoin, ReplyId::kJoin, CS_ERR_BUSY, 0, kAlways));
  add("leave_refused",
      Input()
          .Then(Call::kLeave, ReplyId::kLeave, CS_ERR_NOT_EXIST)
          .Then(Call::kLeave, ReplyId::kJoin, CS_ERR_TRY_AGAIN));
  add("local_get_fails",
      Input()
          .Fails(Call::kLocalGet, -EAGAIN)
          .Fails(Call::kLocalGet, -ENOTCONN, ErrorAt::kReceive));
  add("iteration_fails",
      Input()
          .Then(Call::kIterationInitialize,
                wire::IterationInitializeReply{.error = CS_ERR_NO_MEMORY})
          .Fails(Call::kIterationNext, -EINTR)
          .Then(Call::kIterationFinalize, ReplyId::kIterationFinalize,
                CS_ERR_BAD_HANDLE));
  add("fragment_refused",
      Input()
          .Then(Call::kMulticast, ReplyId::kPartialSend, CS_ERR_INTERRUPT)
          .Then(Call::kMulticast, ReplyId::kPartialSend, CS_ERR_NOT_EXIST, 1));
  add("finalize_fails",
      Input()
          .Then(Call::kFinalize, ReplyId::kFinalize, CS_ERR_TRY_AGAIN)
          .Fails(Call::kFinalize, -ENOTCONN));
}

}  // namespace

std::map<std::string, std::string> ReplySeeds() {
  std::map<std::string, std::string> seeds;
  const auto add = [&seeds](const std::string& name, const Input& input) {
    seeds[name] = input.text();
  };
  add("connect_and_finalize", Input()
                                  .Then(Call::kConnect, ReplyId::kJoin)
                                  .Then(Call::kFinalize, ReplyId::kFinalize));
  add("join_and_leave", Input()
                            .Then(Call::kJoin, ReplyId::kJoin)
                            .Then(Call::kLeave, ReplyId::kLeave));
  add("membership", Input().Then(Call::kMembership, Members(3), 3));
  add("membership_empty",
      Input().Then(Call::kMembership, Members(0), CPG_MEMBERS_MAX));
  add("membership_full",
      Input().Then(Call::kMembership, Members(CPG_MEMBERS_MAX),
                   CPG_MEMBERS_MAX));
  add("local_get",
      Input().Then(Call::kLocalGet, wire::LocalGetReply{.node = 3}));
  add("iteration",
      Input()
          .Then(Call::kIterationInitialize,
                wire::IterationInitializeReply{.iteration = 5}, 2)
          .Then(Call::kIterationNext, Entry("group"))
          .Then(Call::kIterationNext, Entry(std::string(wire::kNameMax, 'g')))
          .Then(Call::kIterationNext, EndOfEntries())
          .Then(Call::kIterationFinalize, ReplyId::kIterationFinalize));
  add("iteration_of_one_group",
      Input()
          .Then(Call::kIterationInitialize,
                wire::IterationInitializeReply{.iteration = UINT64_MAX}, 1)
          .Then(Call::kIterationNext, Entry("group")));
  add("fragments",
      Input()
          .Then(Call::kMulticast, ReplyId::kPartialSend)
          .Then(Call::kMulticast, ReplyId::kPartialSend, CS_OK, 1));
  AddErrors(&seeds);
  return seeds;
}

}  // namespace cpgcert::fuzz
