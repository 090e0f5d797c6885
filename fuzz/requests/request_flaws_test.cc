#include "fuzz/requests/request_flaws.h"

#include <gtest/gtest.h>

#include <iterator>

#include "harness/wire/wire.h"

namespace cpgcert::fuzz {
namespace {

namespace wire = harness::wire;

RequestRecord Send(const wire::Request& request,
                   Filled filled = Filled::kNothing) {
  return {.filled = filled, .bytes = wire::Build(request)};
}

RequestRecord With(RequestRecord record, const char* field, uint64_t value) {
  EXPECT_TRUE(wire::SetField(wire::Kind::kRequest, &record.bytes, field, value))
      << field;
  return record;
}

const wire::JoinRequest kJoin{.group = "group", .process = ProcessOf(0)};
const wire::MulticastRequest kMulticast{.message = "text"};
const wire::ZeroCopyAllocateRequest kAllocate{.map_size = 4096};

wire::PartialMulticastRequest Part(uint32_t type, const char* text) {
  return {.message_size = 4, .type = type, .fragment = text};
}

TEST(RequestFlawsTest, WhatLibcpgSendsHasNone) {
  const RequestRecords records = {
      Send(kJoin),
      Send(kMulticast),
      Send(Part(1, "ab")),
      Send(Part(3, "cd")),
      Send(wire::MembershipRequest{.group = "group"}),
      Send(wire::IterationInitializeRequest{.type = 3}),
      Send(wire::IterationNextRequest{}, Filled::kOwn),
      Send(wire::IterationFinalizeRequest{}, Filled::kOwn),
      Send(kAllocate, Filled::kOwn),
      {.action = RequestAction::kWrite,
       .bytes = wire::Build(wire::Request(kMulticast))},
      Send(wire::ZeroCopyExecuteRequest{}, Filled::kOwn),
      Send(wire::ZeroCopyFreeRequest{}, Filled::kOwn),
      Send(wire::LeaveRequest{.group = "group", .process = ProcessOf(0)}),
      Send(wire::FinalizeRequest{}),
      {.action = RequestAction::kClose},
      Send(wire::LocalGetRequest{})};
  EXPECT_EQ(FlawsOf(records), std::vector<FoundFlaw>{});
  EXPECT_EQ(TierOf(records), Trust::kConformant);
}

struct Example {
  RequestFlaw flaw;
  RequestRecord record;
};

// One for each flaw that a single record can have.
std::vector<Example> Examples() {
  RequestRecord short_join = Send(kJoin);
  short_join.bytes.resize(100);
  RequestRecord long_leave = Send(wire::FinalizeRequest{});
  long_leave.bytes += "more";
  return {
      {RequestFlaw::kHeader, {.bytes = "short"}},
      {RequestFlaw::kId, With(Send(wire::LocalGetRequest{}), "id", 99)},
      {RequestFlaw::kSize, With(Send(kJoin), "size", 17)},
      {RequestFlaw::kFixedPart, With(short_join, "size", 100)},
      {RequestFlaw::kTrailing, With(long_leave, "size", 20)},
      {RequestFlaw::kName, With(Send(kJoin), "group.length", 129)},
      {RequestFlaw::kMessageBeyond, With(Send(kMulticast), "message_size", 5)},
      {RequestFlaw::kMessageShort, With(Send(kMulticast), "message_size", 3)},
      {RequestFlaw::kFragmentBeyond,
       With(Send(Part(1, "ab")), "fragment_size", 3)},
      {RequestFlaw::kFragmentShort,
       With(Send(Part(1, "ab")), "fragment_size", 1)},
      {RequestFlaw::kProcess, With(Send(kJoin), "process", 1)},
      {RequestFlaw::kOtherProcess,
       Send(wire::LeaveRequest{.group = "group", .process = 1})},
      {RequestFlaw::kFlags, With(Send(kJoin), "flags", 2)},
      {RequestFlaw::kIterationType,
       Send(wire::IterationInitializeRequest{.type = 4})},
      {RequestFlaw::kMapSize,
       With(Send(kAllocate, Filled::kOwn), "map_size", 1)},
      {RequestFlaw::kPath, Send(kAllocate)},
      {RequestFlaw::kEmptyName,
       Send(wire::JoinRequest{.process = ProcessOf(0)})},
  };
}

TEST(RequestFlawsTest, FindsEachAlone) {
  for (const auto& [flaw, record] : Examples()) {
    EXPECT_EQ(FlawsOf({record}), (std::vector<FoundFlaw>{{flaw, 0}}))
        << TextOf(flaw).broken;
    EXPECT_EQ(TierOf({record}), TierOf(flaw));
  }
}

TEST(RequestFlawsTest, TakesEachAway) {
  for (const auto& [flaw, record] : Examples()) {
    for (const FoundFlaw& left : FlawsOf({WithoutFlaw(record, flaw)})) {
      EXPECT_NE(left.flaw, flaw) << TextOf(flaw).broken;
    }
  }
}

TEST(RequestFlawsTest, ThePathThatIsSentCounts) {
  RequestRecord endless = Send(kAllocate);
  endless.bytes.replace(24, wire::kPathSize, wire::kPathSize, 'x');
  EXPECT_EQ(FlawsOf({endless}),
            (std::vector<FoundFlaw>{{RequestFlaw::kPathEnd, 0},
                                    {RequestFlaw::kPath, 0}}));
  EXPECT_EQ(FlawsOf({WithoutFlaw(endless, RequestFlaw::kPathEnd)}),
            (std::vector<FoundFlaw>{{RequestFlaw::kPath, 0}}));
  endless.filled = Filled::kOwn;
  EXPECT_EQ(FlawsOf({endless}), std::vector<FoundFlaw>{});
}

TEST(RequestFlawsTest, IsHostileWhereTheWireObjects) {
  for (const auto& [flaw, record] : Examples()) {
    EXPECT_EQ(TierOf(flaw) == Trust::kHostile,
              !wire::ParseRequest(record.bytes).message.has_value())
        << TextOf(flaw).broken;
  }
}

TEST(RequestFlawsTest, KnowsWhatAConnectionHas) {
  const auto flaw_of = [](const RequestRecords& records) {
    const std::vector<FoundFlaw> found = FlawsOf(records);
    EXPECT_EQ(found.size(), 1U) << DescribeRequestInput(records);
    return found.empty() ? RequestFlaw::kHeader : found[0].flaw;
  };
  EXPECT_EQ(flaw_of({Send(wire::IterationNextRequest{}, Filled::kOwn)}),
            RequestFlaw::kIteration);
  EXPECT_EQ(flaw_of({Send(wire::ZeroCopyFreeRequest{}, Filled::kOthers)}),
            RequestFlaw::kAddress);
  EXPECT_EQ(flaw_of({Send(kAllocate, Filled::kOwn),
                     Send(wire::ZeroCopyExecuteRequest{}, Filled::kOwn)}),
            RequestFlaw::kArea);
  EXPECT_EQ(flaw_of({Send(wire::FinalizeRequest{}), Send(kJoin)}),
            RequestFlaw::kAfterFinalize);
  EXPECT_EQ(flaw_of({Send(Part(1, "ab")), Send(kMulticast)}),
            RequestFlaw::kFragmentOrder);
  EXPECT_EQ(
      flaw_of({Send(kJoin), Send(wire::LeaveRequest{.group = "other",
                                                    .process = ProcessOf(0)})}),
      RequestFlaw::kOtherGroup);
  EXPECT_EQ(flaw_of({Send(Part(2, "ab"))}), RequestFlaw::kFragmentOrder);
}

TEST(RequestFlawsTest, EachHasATextOfItsOwn) {
  for (int i = 0; i < kRequestFlaws; ++i) {
    for (int k = 0; k < i; ++k) {
      EXPECT_STRNE(TextOf(static_cast<RequestFlaw>(i)).broken,
                   TextOf(static_cast<RequestFlaw>(k)).broken);
    }
  }
}

}  // namespace
}  // namespace cpgcert::fuzz
