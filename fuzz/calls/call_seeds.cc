#include "fuzz/calls/call_seeds.h"

#include "fuzz/calls/program.h"

namespace cpgcert::fuzz {

namespace {

constexpr uint8_t kEverything = kDeliver | kChange | kTotem;

// Operands, by what they stand for.
enum Type : uint8_t { kOne, kAll, kBlocking, kOneNonblocking, kInvalid };
enum Group : uint8_t { kGroup, kOther, kLongest, kGroups };
enum Size : uint8_t { kEmpty, kByte, kHundred, kThousands, kMore, kMost, kCut };
enum Pieces : int { kWhole, kNone, kTwo, kWithEmpty, kEight, kSixtyThree };
enum Error : uint8_t { kTryAgain, kNoMemory, kBusy, kInterrupt };

// A program, operation by operation. Handle 0 is what most are about.
class Calls {
 public:
  Calls& Connect(uint8_t who = 0, uint8_t callbacks = kEverything,
                 Model model = Model::kPlain) {
    return Add({Action::kModelInitialize, who, callbacks,
                static_cast<uint8_t>(model)});
  }
  Calls& Initialize(uint8_t who, uint8_t callbacks) {
    return Add({Action::kInitialize, who, callbacks});
  }
  Calls& Finalize(uint8_t who = 0) { return Add({Action::kFinalize, who}); }
  Calls& Join(uint8_t group = kGroup, uint8_t who = 0) {
    return Add({Action::kJoin, who, group});
  }
  Calls& Leave(uint8_t group = kGroup, uint8_t who = 0) {
    return Add({Action::kLeave, who, group});
  }
  Calls& Dispatch(Type type, uint8_t who = 0) {
    return Add({Action::kDispatch, who, type});
  }
  Calls& Send(uint8_t size, int pieces = kWhole, int guarantee = 0) {
    return Add({Action::kMulticast, 0, size, MulticastHow(pieces, guarantee)});
  }
  Calls& Membership(uint8_t group, uint8_t room) {
    return Add({Action::kMembership, 0, group, room});
  }
  Calls& Iterate(uint8_t type, int name) {
    return Add({Action::kIterationInitialize, 0, IterationWhat(0, name), type});
  }
  // Of one operand at most.
  Calls& Do(Action action, uint8_t who = 0, uint8_t what = 0, uint8_t how = 0) {
    return Add({action, who, what, how});
  }
  Calls& InCallback(uint8_t who = 0) { return Add({Action::kInCallback, who}); }
  Calls& Fragments(int count, uint8_t peer = 0, uint8_t size = kHundred) {
    for (int i = 0; i < count; ++i) {
      Add({Action::kPeerFragment, peer, size});
    }
    return *this;
  }

  // NOLINTNEXTLINE(google-explicit-constructor): a seed is one
  operator std::string() const { return BuildProgram(program_); }

 private:
  Calls& Add(const Operation& operation) {
    program_.push_back(operation);
    return *this;
  }

  Program program_;
};

Calls Member() { return Calls().Connect().Join().Dispatch(kOne); }

std::map<std::string, std::string> ConnectionSeeds() {
  return {
      {"connect", Calls().Connect().Do(Action::kLocalGet).Finalize()},
      {"connect_plainly", Calls()
                              .Initialize(0, kDeliver | kChange)
                              .Do(Action::kContextGet)
                              .Do(Action::kContextSet, 0, 2)
                              .Do(Action::kContextGet)},
      {"connect_without_callbacks",
       Calls().Initialize(0, kNoTable).Join().Send(kByte).Dispatch(kAll)},
      {"connect_with_another_model",
       Calls().Connect(0, kEverything, Model::kOther).Connect()},
      {"connect_again_when_refused", Calls()
                                         .Do(Action::kRefuseConnection, 0, 1)
                                         .Connect()
                                         .Do(Action::kRefuseConnection, 0, 0)
                                         .Connect(1)
                                         .Do(Action::kLocalGet, 1)
                                         .Connect(1)},
      {"bad_handles", Calls()
                          .Connect()
                          .Finalize()
                          .Finalize()
                          .Join()
                          .Leave()
                          .Send(kByte)
                          .Dispatch(kOneNonblocking)
                          .Membership(kGroup, 3)
                          .Do(Action::kLocalGet)
                          .Do(Action::kDescriptor)
                          .Do(Action::kContextGet)
                          .Connect(1)
                          .Do(Action::kLocalGet)},
      {"descriptors", Calls()
                          .Connect()
                          .Connect(1)
                          .Do(Action::kDescriptor)
                          .Do(Action::kDescriptor, 1)
                          .Join()
                          .Do(Action::kDescriptor)},
      {"limits", Calls()
                     .Connect()
                     .Do(Action::kMaxAtomicSize)
                     .Do(Action::kMaxAtomicSize)
                     .Do(Action::kFlowControlState)},
  };
}

std::map<std::string, std::string> GroupSeeds() {
  return {
      {"join_and_leave", Member().Leave().Dispatch(kOne)},
      {"join_twice", Member().Join(kGroup).Join(kOther)},
      {"join_beside", Member().Connect(1).Join(kGroup, 1).Join(kOther, 1)},
      {"join_again", Member().Leave().Dispatch(kAll).Join().Dispatch(kAll)},
      {"names", Calls()
                    .Connect()
                    .Join(kLongName)
                    .Join(kLongest)
                    .Dispatch(kAll)
                    .Membership(kLongest, 3)},
      {"empty_name", Calls().Connect().Join(kEmptyName).Dispatch(kAll)},
      {"leave_unjoined", Calls().Connect().Leave().Join().Leave().Leave()},
      {"initial_totem", Calls()
                            .Connect(0, kEverything, Model::kInitialTotem)
                            .Join()
                            .Dispatch(kOne)
                            .Dispatch(kOne)},
      {"peers", Member()
                    .Do(Action::kPeerJoin)
                    .Do(Action::kPeerSend, 0, kHundred)
                    .Do(Action::kPeerLeave)
                    .Do(Action::kPeerJoin, 1)
                    .Do(Action::kPeerEnd, 1)
                    .Dispatch(kAll)},
      {"depart_without_leave",
       Member().Connect(1).Join(kOther, 1).Finalize().Dispatch(kAll, 1)},
  };
}

std::map<std::string, std::string> MessageSeeds() {
  return {
      {"messages",
       Member().Send(kByte).Send(kEmpty).Send(kThousands).Dispatch(kAll)},
      {"messages_unjoined", Calls().Connect().Send(kByte).Send(kCut)},
      {"pieces", Member()
                     .Send(kHundred, kTwo)
                     .Send(kHundred, kWithEmpty)
                     .Send(kEmpty, kNone)
                     .Send(kHundred, kSixtyThree)
                     .Dispatch(kAll)},
      {"guarantees", Member().Send(kByte, kWhole, 1).Send(kByte, kWhole, 3)},
      {"largest_in_one_piece", Member().Send(kMost).Dispatch(kAll)},
      {"in_fragments", Member().Send(kCut).Dispatch(kAll)},
      {"fragments_of_peers", Member()
                                 .Do(Action::kPeerJoin)
                                 .Do(Action::kPeerJoin, 1)
                                 .Fragments(1)
                                 .Fragments(2, 1)
                                 .Fragments(2)
                                 .Fragments(1, 1)
                                 .Dispatch(kAll)},
      {"fragments_of_one_that_died", Member()
                                         .Do(Action::kPeerJoin)
                                         .Fragments(2)
                                         .Do(Action::kPeerEnd)
                                         .Dispatch(kAll)},
      {"flow_control", Member()
                           .Do(Action::kFlowControl, 0, 2)
                           .Send(kByte)
                           .Do(Action::kFlowControl, 0, 0)
                           .Send(kByte)
                           .Dispatch(kAll)},
      {"transport_full",
       Member().Do(Action::kBusyTransport).Send(kByte).Dispatch(kAll)},
      {"fragment_interrupted", Member()
                                   .Do(Action::kRefuseRequest, 0, kInterrupt, 1)
                                   .Send(kCut)
                                   .Send(kCut)
                                   .Dispatch(kAll)},
      {"zero_copy", Member()
                        .Do(Action::kZeroCopyAllocate, 0, 0, 1)
                        .Do(Action::kZeroCopyMulticast)
                        .Do(Action::kZeroCopyMulticast)
                        .Do(Action::kZeroCopyFree)
                        .Dispatch(kAll)},
  };
}

std::map<std::string, std::string> DispatchSeeds() {
  return {
      {"dispatch_types", Member()
                             .Dispatch(kOneNonblocking)
                             .Dispatch(kAll)
                             .Send(kByte)
                             .Send(kByte)
                             .Dispatch(kOne)
                             .Dispatch(kOneNonblocking)
                             .Send(kByte)
                             .Dispatch(kBlocking)},
      {"dispatch_type_unknown", Member().Send(kByte).Dispatch(kInvalid)},
      {"dispatch_without_callbacks", Calls()
                                         .Connect(0, kChange)
                                         .Join()
                                         .Send(kByte)
                                         .Dispatch(kOneNonblocking)
                                         .Dispatch(kOneNonblocking)
                                         .Dispatch(kAll)},
      {"finalize_in_callback",
       Member().Send(kByte).Send(kByte).InCallback().Finalize().Dispatch(kAll)},
      {"calls_in_callback", Member()
                                .Send(kByte)
                                .InCallback()
                                .Send(kHundred)
                                .InCallback()
                                .Leave()
                                .Dispatch(kAll)},
      {"dispatch_in_callback",
       Member().Send(kByte).Send(kHundred).InCallback().Dispatch(kOne).Dispatch(
           kAll)},
      {"service_dies", Member()
                           .Send(kByte)
                           .Do(Action::kCutConnection)
                           .Dispatch(kAll)
                           .Do(Action::kLocalGet)
                           .Send(kByte)
                           .Do(Action::kDescriptor)
                           .Finalize()
                           .Connect()},
      {"connection_ends", Member()
                              .Send(kByte)
                              .Do(Action::kEndConnection)
                              .Dispatch(kOne)
                              .Dispatch(kOne)},
  };
}

std::map<std::string, std::string> QuerySeeds() {
  return {
      {"membership", Member()
                         .Do(Action::kPeerJoin)
                         .Membership(kGroup, 3)
                         .Membership(kOther, 3)
                         .Membership(kGroup, kNullList)},
      {"iteration", Member()
                        .Do(Action::kPeerJoin, 0, kOther)
                        .Iterate(2, -1)
                        .Do(Action::kIterationNext)
                        .Do(Action::kIterationNext)
                        .Do(Action::kIterationNext)
                        .Do(Action::kIterationFinalize)
                        .Do(Action::kIterationNext)},
      {"iteration_of_one_group", Member()
                                     .Iterate(1, kGroup)
                                     .Do(Action::kIterationNext)
                                     .Do(Action::kIterationNext)},
      {"iteration_of_names", Member()
                                 .Iterate(0, -1)
                                 .Do(Action::kIterationNext)
                                 .Finalize()
                                 .Do(Action::kIterationNext)},
      {"iteration_refused",
       Member().Iterate(0, kGroup).Iterate(1, -1).Iterate(3, -1)},
      {"replies_refused", Calls()
                              .Connect()
                              .Do(Action::kRefuseRequest, 0, kTryAgain)
                              .Join()
                              .Do(Action::kRefuseRequest, 0, kNoMemory)
                              .Do(Action::kLocalGet)
                              .Do(Action::kRefuseRequest, 0, kBusy)
                              .Leave()},
  };
}

}  // namespace

std::map<std::string, std::string> CallSeeds() {
  std::map<std::string, std::string> seeds;
  for (const auto& area : {ConnectionSeeds(), GroupSeeds(), MessageSeeds(),
                           DispatchSeeds(), QuerySeeds()}) {
    seeds.insert(area.begin(), area.end());
  }
  return seeds;
}

}  // namespace cpgcert::fuzz
