#include "fuzz/events/in_process_transport.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "harness/wire/wire.h"

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;
using harness::InProcessService;

// The only request that there is: cpg_finalize(3).
InProcessService::Answer OnRequest(int /*connection*/,
                                   std::string_view request) {
  static const std::string kReply = wire::Build(
      wire::Reply(wire::PlainReply{.id = wire::ReplyId::kFinalize}));
  const bool finalize =
      wire::IdOf(request) == static_cast<int32_t>(wire::RequestId::kFinalize);
  return {.reply = finalize ? kReply : ""};
}

}  // namespace

InProcessTransport::InProcessTransport(harness::StaleFill fill) {
  service_.on_request = OnRequest;
  service_.SetStaleFill(fill);
}

size_t InProcessTransport::Waiting() { return service_.EventsWaiting(0); }

}  // namespace cpgcert::fuzz
