// Flow control and a full transport.

#include <fmt/core.h>
#include <sys/uio.h>

#include <algorithm>

#include "conformance/scripted/scripted_scene.h"
#include "conformance/scripted/topics.h"
#include "conformance/support/support.h"
#include "harness/message.h"

namespace cpgcert::conformance::scripted {

namespace {

using harness::CallbackRecord;
using harness::Client;
using harness::ErrorName;
using harness::FlowControl;
using harness::wire::RequestId;

// Once, without a retry.
cs_error_t TryMulticast(ScriptedScene& scene, const std::string& message) {
  // libcpg only reads it, but an iovec has no const.
  const iovec part{const_cast<char*>(message.data()),  // NOLINT
                   message.size()};
  return scene.api().mcast_joined(scene.client().handle(), CPG_TYPE_AGREED,
                                  &part, 1);
}

// The names of the messages since the first `seen` records; all that are on
// their way are dispatched first.
std::vector<std::string> Delivered(ScriptedScene& scene, size_t seen) {
  Client& client = scene.client();
  NeedOk("cpg_mcast_joined", client.Multicast(harness::MakeMessage("end")));
  DispatchUntil(client, seen, [](const CallbackRecord& record) {
    return record.message == "end";
  });
  std::vector<std::string> messages;
  const auto records = client.Records();
  for (; seen < records.size(); ++seen) {
    messages.push_back(records[seen].message);
  }
  return messages;
}

struct Size {
  const char* name;
  size_t bytes = 0;
};

constexpr Size kSizes[] = {{"Small", harness::kSmallMessageSize},
                           {"Large", 900'000}};

// Raised: CS_ERR_TRY_AGAIN, and nothing is sent, however often. Lowered: sent
// once.
void RaisedAndLowered(CaseContext& context, FlowControl level,
                      const Size& size) {
  constexpr int kAttempts = 3;
  ScriptedScene scene(context);
  scene.Connect();
  scene.Join();
  const size_t seen = scene.client().RecordCount();
  const std::string message = harness::MakeMessage("m", size.bytes);
  Need(scene.service().SetFlowControl(level));
  const std::string call = fmt::format(
      "cpg_mcast_joined of {} bytes, while the service has raised flow control",
      message.size());
  for (int i = 0; i < kAttempts; ++i) {
    ExpectOneOf(context, "MCAST-06", call, TryMulticast(scene, message),
                {CS_ERR_TRY_AGAIN});
  }
  Need(scene.service().SetFlowControl(FlowControl::kOff));
  scene.Barrier();
  const size_t sent = scene.Count(RequestId::kMulticast);
  if (sent != 0) {
    context.Fail("MCAST-07", Report(call, "nothing sent",
                                    fmt::format("{} messages sent", sent)));
  }
  ExpectOk(context, "MCAST-06",
           "cpg_mcast_joined again, after flow control was lowered",
           harness::WithPatience([&] { return TryMulticast(scene, message); }));
  const std::vector<std::string> messages = Delivered(scene, seen);
  if (messages != std::vector<std::string>{"m", "end"}) {
    context.Fail("MCAST-06",
                 Report("cpg_mcast_joined again, after flow control was "
                        "lowered, and one more message",
                        "deliveries of m, end", Join(messages)));
  }
}

// The service reads nothing, until nothing more can be sent.
void FullTransport(CaseContext& context) {
  constexpr int kMessagesMax = 200;
  constexpr size_t kBytes = 50'000;
  ScriptedScene scene(context);
  scene.Connect();
  scene.Join();
  const size_t seen = scene.client().RecordCount();
  Need(scene.service().Stop());
  std::vector<std::string> owed;
  cs_error_t came = CS_OK;
  for (int i = 0; i < kMessagesMax && came == CS_OK; ++i) {
    const std::string name = fmt::format("m{}", i);
    came = harness::WithPatience([&] {
      return TryMulticast(scene, harness::MakeMessage(name, kBytes));
    });
    if (came == CS_OK) {
      owed.push_back(name);
    }
  }
  if (came == CS_OK) {
    CaseContext::Untested("the transport was not full after 10 MB");
  }
  ExpectOneOf(context, "MCAST-06",
              "cpg_mcast_joined, when the service has read none of the "
              "messages before it",
              came, {CS_ERR_TRY_AGAIN});
  Need(scene.service().Resume());
  NeedOk("cpg_mcast_joined",
         scene.client().Multicast(harness::MakeMessage("retried", kBytes)));
  owed.emplace_back("retried");
  owed.emplace_back("end");
  const std::vector<std::string> messages = Delivered(scene, seen);
  if (messages != owed) {
    context.Fail("MCAST-06",
                 Report("cpg_mcast_joined until the transport is full, and "
                        "again when it has room",
                        "deliveries of " + Join(owed), Join(messages)));
  }
}

// What a caller may ask, whatever the service says.
void StateWhileRaised(CaseContext& context) {
  ScriptedScene scene(context);
  scene.Connect();
  for (const FlowControl level : {FlowControl::kOff, FlowControl::kMulticastOff,
                                  FlowControl::kAllOff, FlowControl::kOff}) {
    Need(scene.service().SetFlowControl(level));
    const auto unset = static_cast<cpg_flow_control_state_t>(0x55);
    cpg_flow_control_state_t state = unset;
    const std::string call =
        fmt::format("cpg_flow_control_state_get, while flow control is {}",
                    level == FlowControl::kOff ? "lowered" : "raised");
    ExpectOk(
        context, "FLOW-01", call,
        scene.api().flow_control_state_get(scene.client().handle(), &state));
    if (state != CPG_FLOW_CONTROL_DISABLED &&
        state != CPG_FLOW_CONTROL_ENABLED) {
      context.Fail("FLOW-01",
                   Report(call, "one of the header's two states",
                          fmt::format("{}", static_cast<int>(state))));
    }
    context.Note(fmt::format("{}: {}", call, static_cast<int>(state)));
  }
}

}  // namespace

void RegisterFlowCases() {
  for (const Size& size : kSizes) {
    for (const FlowControl level :
         {FlowControl::kMulticastOff, FlowControl::kAllOff}) {
      RegisterCase({.name = Scripted("MCAST-06") +
                            (level == FlowControl::kAllOff ? "AllOff/"
                                                           : "MulticastOff/") +
                            size.name,
                    .requirements = {"MCAST-06", "MCAST-07"},
                    .profile = "api",
                    .needs_capability = true},
                   [size, level](CaseContext& context) {
                     RaisedAndLowered(context, level, size);
                   });
    }
  }
  RegisterCase({.name = Scripted("MCAST-06") + "FullTransport",
                .requirements = {"MCAST-06"},
                .profile = "api",
                .needs_capability = true},
               FullTransport);
  RegisterCase({.name = Scripted("FLOW-01") + "WhileRaised",
                .requirements = {"FLOW-01"},
                .profile = "api",
                .needs_capability = true},
               StateWhileRaised);
}

}  // namespace cpgcert::conformance::scripted
