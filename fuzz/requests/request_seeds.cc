#include "fuzz/requests/request_seeds.h"

#include <corosync/cpg.h>

#include "fuzz/requests/request_input.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;

class Input {
 public:
  Input& Send(int connection, const wire::Request& request,
              Filled filled = Filled::kNothing) {
    return Add(RequestAction::kSend, connection, filled, wire::Build(request));
  }
  Input& Close(int connection) {
    return Add(RequestAction::kClose, connection, Filled::kNothing, "");
  }
  Input& TakeEvents(int connection) {
    return Add(RequestAction::kTakeEvents, connection, Filled::kNothing, "");
  }
  Input& Write(int connection, const std::string& message) {
    return Add(
        RequestAction::kWrite, connection, Filled::kNothing,
        wire::Build(wire::Request(wire::MulticastRequest{.message = message})));
  }
  Input& Join(int connection, const char* group = kNeighbourGroup,
              uint32_t flags = 0) {
    return Send(connection, wire::JoinRequest{.group = group,
                                              .process = ProcessOf(connection),
                                              .flags = flags});
  }
  Input& Leave(int connection, const char* group = kNeighbourGroup) {
    return Send(
        connection,
        wire::LeaveRequest{.group = group, .process = ProcessOf(connection)});
  }
  Input& Multicast(int connection, const std::string& message) {
    return Send(connection, wire::MulticastRequest{.guarantee = CPG_TYPE_AGREED,
                                                   .message = message});
  }
  Input& Part(int connection, wire::PartialType type, uint32_t size,
              const std::string& fragment) {
    return Send(connection, wire::PartialMulticastRequest{
                                .guarantee = CPG_TYPE_AGREED,
                                .message_size = size,
                                .type = static_cast<uint32_t>(type),
                                .fragment = fragment});
  }
  Input& Iterate(int connection, wire::IterationType type,
                 const char* group = "") {
    Send(connection, wire::IterationInitializeRequest{
                         .group = group, .type = static_cast<uint32_t>(type)});
    Send(connection, wire::IterationNextRequest{}, Filled::kOwn);
    Send(connection, wire::IterationNextRequest{}, Filled::kOwn);
    return Send(connection, wire::IterationFinalizeRequest{}, Filled::kOwn);
  }
  Input& Allocate(int connection, uint64_t size) {
    return Send(connection, wire::ZeroCopyAllocateRequest{.map_size = size},
                Filled::kOwn);
  }
  Input& Execute(int connection) {
    return Send(connection, wire::ZeroCopyExecuteRequest{}, Filled::kOwn);
  }
  Input& Free(int connection, uint64_t size) {
    return Send(connection, wire::ZeroCopyFreeRequest{.map_size = size},
                Filled::kOwn);
  }
  std::string text() const { return BuildRequestInput(records_); }

 private:
  Input& Add(RequestAction action, int connection, Filled filled,
             std::string bytes) {
    records_.push_back({.action = action,
                        .connection = static_cast<uint8_t>(connection),
                        .filled = filled,
                        .bytes = std::move(bytes)});
    return *this;
  }

  RequestRecords records_;
};

}  // namespace

std::map<std::string, std::string> RequestSeeds() {
  using wire::IterationType;
  using wire::PartialType;
  constexpr uint64_t kAreaSize = 4096;
  constexpr size_t kLarge = 60'000;
  std::map<std::string, std::string> seeds;
  const auto add = [&](const char* name, const Input& input) {
    seeds[name] = input.text();
  };
  add("join_and_leave", Input().Join(0).TakeEvents(0).Leave(0).TakeEvents(0));
  add("join_with_totem",
      Input()
          .Join(0, kNeighbourGroup, CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF)
          .TakeEvents(0));
  add("join_twice", Input().Join(0).Join(0).Join(1, "other").Join(1));
  add("join_and_close", Input().Join(0).Join(1).Close(0).Join(0));
  add("multicast",
      Input().Join(0).Multicast(0, "text").Multicast(0, "").TakeEvents(0));
  add("multicast_large",
      Input().Join(0).Multicast(0, std::string(kLarge, 'x')));
  add("multicast_unjoined", Input().Multicast(0, "text").Join(0));
  add("two_members", Input()
                         .Join(0)
                         .Join(1)
                         .Multicast(0, "from the first")
                         .Multicast(1, "from the second")
                         .TakeEvents(0)
                         .Leave(1)
                         .Multicast(0, "more"));
  add("fragments", Input()
                       .Join(0)
                       .Part(0, PartialType::kFirst, 12, "once")
                       .Part(0, PartialType::kContinued, 12, "upon")
                       .Part(0, PartialType::kLast, 12, "time"));
  add("membership",
      Input()
          .Send(0, wire::MembershipRequest{.group = kNeighbourGroup})
          .Send(0, wire::MembershipRequest{.group = "nobody"}));
  add("local_get", Input().Send(0, wire::LocalGetRequest{}));
  add("iteration", Input().Join(0).Iterate(1, IterationType::kAll));
  add("iteration_of_names", Input().Iterate(0, IterationType::kNameOnly));
  add("iteration_of_one_group",
      Input().Iterate(0, IterationType::kOneGroup, kNeighbourGroup));
  add("iteration_left_open",
      Input()
          .Send(0, wire::IterationInitializeRequest{.type = 3})
          .Send(0, wire::IterationNextRequest{}, Filled::kOwn));
  add("finalize",
      Input().Join(0).Send(0, wire::FinalizeRequest{}).Close(0).Join(1));
  add("zero_copy", Input()
                       .Join(0)
                       .Allocate(0, kAreaSize)
                       .Write(0, "text")
                       .Execute(0)
                       .Free(0, kAreaSize));
  add("zero_copy_left_open", Input().Allocate(0, kAreaSize));
  return seeds;
}

}  // namespace cpgcert::fuzz
