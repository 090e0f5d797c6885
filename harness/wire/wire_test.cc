#include "harness/wire/wire.h"

#include <cstring>
#include <memory>
#include <random>

#include "gtest/gtest.h"

namespace cpgcert::harness::wire {
namespace {

const std::vector<Request>& SampleRequests() {
  static const std::vector<Request> samples = {
      JoinRequest{.group = "group", .process = 7, .flags = 1},
      JoinRequest{.group = std::string(kNameMax, 'x')},
      LeaveRequest{.group = std::string("a\0b", 3), .process = 7},
      MulticastRequest{.guarantee = 3, .message = "hello"},
      MulticastRequest{},
      MembershipRequest{.group = ""},
      LocalGetRequest{},
      IterationInitializeRequest{.group = "group", .type = 2},
      IterationInitializeRequest{.type = 1},
      IterationNextRequest{.iteration = 0x1122334455667788},
      IterationFinalizeRequest{.iteration = 9},
      FinalizeRequest{},
      ZeroCopyAllocateRequest{.map_size = 4096, .path = "/dev/shm/file"},
      ZeroCopyFreeRequest{.map_size = 4096, .server_address = 0x7000},
      ZeroCopyExecuteRequest{.server_address = 0x7000},
      PartialMulticastRequest{
          .guarantee = 1, .message_size = 99, .type = 2, .fragment = "frag"}};
  return samples;
}

const std::vector<Reply>& SampleReplies() {
  static const std::vector<Reply> samples = {
      PlainReply{.id = ReplyId::kJoin, .error = 14},
      PlainReply{.id = ReplyId::kLeave},
      PlainReply{.id = ReplyId::kMulticast},
      PlainReply{.id = ReplyId::kIterationFinalize},
      PlainReply{.id = ReplyId::kFinalize},
      PlainReply{.id = ReplyId::kZeroCopyAllocate},
      PlainReply{.id = ReplyId::kZeroCopyFree},
      PlainReply{.id = ReplyId::kZeroCopyExecute},
      PlainReply{.id = ReplyId::kPartialSend, .error = -1},
      MembershipReply{.members = {{1, 2, 3}, {4, 5, 6}}},
      MembershipReply{.error = 6},
      MembershipReply{.members = std::vector<Address>(kMembershipMax)},
      LocalGetReply{.node = 0x80000001},
      IterationInitializeReply{.iteration = 5},
      IterationNextReply{.group = "group", .node = 1, .process = 2}};
  return samples;
}

const std::vector<Event>& SampleEvents() {
  static const std::vector<Event> samples = {
      ConfigurationEvent{.group = "group",
                         .members = {{1, 2, 0}, {1, 3, 0}},
                         .left = {{1, 4, 2}},
                         .joined = {{1, 3, 1}, {1, 5, 1}, {1, 6, 1}}},
      ConfigurationEvent{},
      DeliverEvent{
          .group = "group", .node = 1, .process = 2, .message = "hello"},
      DeliverEvent{.message = std::string("\0\1", 2)},
      TotemEvent{.ring_node = 1, .ring_sequence = 8, .nodes = {1, 2, 3}},
      TotemEvent{},
      PartialDeliverEvent{.group = "group",
                          .message_size = 99,
                          .node = 1,
                          .process = 2,
                          .type = 3,
                          .fragment = "frag"}};
  return samples;
}

// Every sample's bytes, with what parses them.
struct Sample {
  Kind kind = Kind::kRequest;
  std::string bytes{};
};

std::vector<Sample> AllSamples() {
  std::vector<Sample> samples;
  for (const Request& request : SampleRequests()) {
    samples.push_back({Kind::kRequest, Build(request)});
  }
  for (const Reply& reply : SampleReplies()) {
    samples.push_back({Kind::kReply, Build(reply)});
  }
  for (const Event& event : SampleEvents()) {
    samples.push_back({Kind::kEvent, Build(event)});
  }
  return samples;
}

// The membership reply goes on in the same way for 9 KB.
constexpr size_t kPrintedMax = 600;

// "" if the bytes are a message.
std::string ParseError(Kind kind, std::string_view bytes) {
  switch (kind) {
    case Kind::kRequest:
      return ParseRequest(bytes).error;
    case Kind::kReply:
      return ParseReply(bytes).error;
    case Kind::kEvent:
      return ParseEvent(bytes).error;
  }
  return "";
}

// In memory of exactly this size, so that a sanitizer sees a byte too many.
class ExactCopy {
 public:
  explicit ExactCopy(std::string_view bytes)
      : size_(bytes.size()), bytes_(new char[bytes.size()]) {
    std::memcpy(bytes_.get(), bytes.data(), size_);
  }
  std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  size_t size_;
  std::unique_ptr<char[]> bytes_;
};

std::string Hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    text += kDigits[static_cast<unsigned char>(byte) >> 4];
    text += kDigits[static_cast<unsigned char>(byte) & 15];
  }
  return text;
}

TEST(WireTest, RoundTripOfRequests) {
  for (const Request& sample : SampleRequests()) {
    const auto parsed = ParseRequest(Build(sample));
    ASSERT_TRUE(parsed.message.has_value()) << parsed.error;
    EXPECT_EQ(*parsed.message, sample) << Print(Kind::kRequest, Build(sample));
  }
}

TEST(WireTest, RoundTripOfReplies) {
  for (const Reply& sample : SampleReplies()) {
    const auto parsed = ParseReply(Build(sample));
    ASSERT_TRUE(parsed.message.has_value()) << parsed.error;
    EXPECT_EQ(*parsed.message, sample) << Print(Kind::kReply, Build(sample));
  }
}

TEST(WireTest, RoundTripOfEvents) {
  for (const Event& sample : SampleEvents()) {
    const auto parsed = ParseEvent(Build(sample));
    ASSERT_TRUE(parsed.message.has_value()) << parsed.error;
    EXPECT_EQ(*parsed.message, sample) << Print(Kind::kEvent, Build(sample));
  }
}

TEST(WireTest, SizesAreTheServices) {
  EXPECT_EQ(Build(JoinRequest{}).size(), 168U);
  EXPECT_EQ(Build(LeaveRequest{}).size(), 160U);
  EXPECT_EQ(Build(MulticastRequest{.message = "x"}).size(), 41U);
  EXPECT_EQ(Build(MembershipRequest{}).size(), 152U);
  EXPECT_EQ(Build(LocalGetRequest{}).size(), 16U);
  EXPECT_EQ(Build(IterationInitializeRequest{}).size(), 160U);
  EXPECT_EQ(Build(IterationNextRequest{}).size(), 24U);
  EXPECT_EQ(Build(IterationFinalizeRequest{}).size(), 24U);
  EXPECT_EQ(Build(FinalizeRequest{}).size(), 16U);
  EXPECT_EQ(Build(ZeroCopyAllocateRequest{}).size(), 152U);
  EXPECT_EQ(Build(ZeroCopyFreeRequest{}).size(), 32U);
  EXPECT_EQ(Build(ZeroCopyExecuteRequest{}).size(), 24U);
  EXPECT_EQ(Build(PartialMulticastRequest{.fragment = "x"}).size(), 57U);
  EXPECT_EQ(Build(PlainReply{}).size(), 24U);
  EXPECT_EQ(Build(MembershipReply{}).size(), 9248U);
  EXPECT_EQ(Build(LocalGetReply{}).size(), 32U);
  EXPECT_EQ(Build(IterationInitializeReply{}).size(), 32U);
  EXPECT_EQ(Build(IterationNextReply{}).size(), 168U);
  EXPECT_EQ(Build(ConfigurationEvent{.members = {{}}, .left = {{}, {}}}).size(),
            184U + 3 * 24);
  EXPECT_EQ(Build(DeliverEvent{.message = "x"}).size(), 185U);
  EXPECT_EQ(Build(TotemEvent{.nodes = {1, 2}}).size(), 48U + 8);
  EXPECT_EQ(Build(PartialDeliverEvent{.fragment = "x"}).size(), 201U);
}

TEST(WireTest, GoldenBytes) {
  EXPECT_EQ(Hex(Build(LocalGetRequest{})), "04000000000000001000000000000000");
  EXPECT_EQ(Hex(Build(IterationNextRequest{.iteration = 0x0102})),
            "060000000000000018000000000000000201000000000000");
  EXPECT_EQ(Hex(Build(PlainReply{.id = ReplyId::kLeave, .error = 9})),
            "010000000000000018000000000000000900000000000000");
  EXPECT_EQ(Hex(Build(MulticastRequest{.guarantee = 3, .message = "ab"})),
            "02000000000000002a000000000000000000000000000000"
            "030000000000000002000000000000006162");
  EXPECT_EQ(Hex(Build(TotemEvent{
                .ring_node = 1, .ring_sequence = 2, .nodes = {3, 4}})),
            "0d000000000000003800000000000000"
            "01000000000000000100000000000000"
            "02000000000000000200000003000000"
            "0400000000000000");
}

TEST(WireTest, OffsetsAreTheServices) {
  const auto offset = [](Kind kind, const std::string& bytes,
                         std::string_view name) {
    for (const Field& field : Fields(kind, bytes)) {
      if (field.name == name) return field.offset;
    }
    return size_t{9999};
  };
  const std::string configuration =
      Build(ConfigurationEvent{.members = {{}}, .left = {{}}, .joined = {{}}});
  EXPECT_EQ(offset(Kind::kEvent, configuration, "group.length"), 24U);
  EXPECT_EQ(offset(Kind::kEvent, configuration, "group"), 32U);
  EXPECT_EQ(offset(Kind::kEvent, configuration, "member_count"), 160U);
  EXPECT_EQ(offset(Kind::kEvent, configuration, "joined_count"), 168U);
  EXPECT_EQ(offset(Kind::kEvent, configuration, "left_count"), 176U);
  EXPECT_EQ(offset(Kind::kEvent, configuration, "members[0].node"), 184U);
  EXPECT_EQ(offset(Kind::kEvent, configuration, "left[0].node"), 208U);
  EXPECT_EQ(offset(Kind::kEvent, configuration, "joined[0].reason"), 248U);
  const std::string partial = Build(PartialDeliverEvent{.fragment = "x"});
  EXPECT_EQ(offset(Kind::kEvent, partial, "message_size"), 160U);
  EXPECT_EQ(offset(Kind::kEvent, partial, "fragment_size"), 168U);
  EXPECT_EQ(offset(Kind::kEvent, partial, "type"), 192U);
  EXPECT_EQ(offset(Kind::kEvent, partial, "fragment"), 200U);
  const std::string totem = Build(TotemEvent{.nodes = {1}});
  EXPECT_EQ(offset(Kind::kEvent, totem, "node_count"), 40U);
  EXPECT_EQ(offset(Kind::kEvent, totem, "nodes[0]"), 44U);
  const std::string next = Build(IterationNextReply{});
  EXPECT_EQ(offset(Kind::kReply, next, "node"), 160U);
  EXPECT_EQ(offset(Kind::kReply, next, "process"), 164U);
}

TEST(WireTest, EveryTruncationIsRefused) {
  for (const Sample& sample : AllSamples()) {
    for (size_t size = 0; size < sample.bytes.size(); ++size) {
      const ExactCopy cut(std::string_view(sample.bytes).substr(0, size));
      EXPECT_NE(ParseError(sample.kind, cut.view()), "");
      if (size < kPrintedMax) {
        EXPECT_NE(Print(sample.kind, cut.view()), "");
      }
    }
  }
}

// The header agrees, the fields do not.
TEST(WireTest, EveryTruncationWithTheSizeToMatchIsRefused) {
  for (const Sample& sample : AllSamples()) {
    for (size_t size = kRequestHeaderSize; size < sample.bytes.size(); ++size) {
      std::string shorter = sample.bytes.substr(0, size);
      std::memcpy(&shorter[8], &size, sizeof(int32_t));
      const ExactCopy cut(shorter);
      EXPECT_NE(ParseError(sample.kind, cut.view()), "")
          << size << " bytes of " << sample.bytes.size();
    }
  }
}

TEST(WireTest, BytesTooManyAreRefused) {
  for (const Sample& sample : AllSamples()) {
    std::string longer = sample.bytes + std::string(8, '\0');
    EXPECT_NE(ParseError(sample.kind, longer), "");
    ASSERT_TRUE(SetField(sample.kind, &longer, "size", longer.size()));
    EXPECT_NE(ParseError(sample.kind, longer), "");
    EXPECT_NE(Print(sample.kind, longer).find("rest"), std::string::npos);
  }
}

TEST(WireTest, HostileCountsAreRefused) {
  const struct {
    Kind kind;
    std::string bytes;
    const char* field;
  } cases[] = {
      {Kind::kEvent, Build(ConfigurationEvent{}), "member_count"},
      {Kind::kEvent, Build(ConfigurationEvent{}), "left_count"},
      {Kind::kEvent, Build(ConfigurationEvent{}), "joined_count"},
      {Kind::kEvent, Build(ConfigurationEvent{}), "group.length"},
      {Kind::kEvent, Build(DeliverEvent{.message = "x"}), "message_size"},
      {Kind::kEvent, Build(TotemEvent{.nodes = {1}}), "node_count"},
      {Kind::kEvent, Build(PartialDeliverEvent{}), "fragment_size"},
      {Kind::kReply, Build(MembershipReply{}), "member_count"},
      {Kind::kReply, Build(IterationNextReply{}), "group.length"},
      {Kind::kRequest, Build(JoinRequest{}), "group.length"},
      {Kind::kRequest, Build(IterationInitializeRequest{.type = 2}),
       "group.length"},
      {Kind::kRequest, Build(MulticastRequest{}), "message_size"},
      {Kind::kRequest, Build(PartialMulticastRequest{}), "fragment_size"},
  };
  for (const auto& hostile : cases) {
    for (const uint64_t value : {uint64_t{385}, uint64_t{0x0aaaaaab},
                                 uint64_t{0x7fffffff}, uint64_t{0xffffffff}}) {
      std::string bytes = hostile.bytes;
      ASSERT_TRUE(SetField(hostile.kind, &bytes, hostile.field, value));
      const ExactCopy copy(bytes);
      EXPECT_NE(ParseError(hostile.kind, copy.view()), "")
          << Print(hostile.kind, copy.view());
    }
  }
}

// Those who ask for all names send whatever lay on their stack.
TEST(WireTest, GroupOfAnIterationOfAllGroupsMayBeAnything) {
  std::string bytes = Build(IterationInitializeRequest{.type = 3});
  ASSERT_TRUE(SetField(Kind::kRequest, &bytes, "group.length", 0xdeadbeef));
  const auto parsed = ParseRequest(bytes);
  ASSERT_TRUE(parsed.message.has_value()) << parsed.error;
  EXPECT_EQ(*parsed.message, Request(IterationInitializeRequest{.type = 3}));
}

TEST(WireTest, PathWithoutAnEndIsRefused) {
  std::string bytes = Build(ZeroCopyAllocateRequest{.path = "p"});
  std::memset(&bytes[24], 'p', kPathSize);
  EXPECT_EQ(ParseRequest(bytes).error, "path does not end");
}

TEST(WireTest, UnknownIdsAreRefused) {
  for (const int32_t id : {-1, 13, 99, INT32_MAX, INT32_MIN}) {
    std::string bytes = Build(PlainReply{});
    std::memcpy(bytes.data(), &id, sizeof(id));
    EXPECT_NE(ParseRequest(bytes).error, "");
    EXPECT_NE(ParseReply(bytes).error, "");
    EXPECT_NE(ParseEvent(bytes).error, "");
  }
}

TEST(WireTest, AnyBytesAreReadWithinTheirBounds) {
  std::mt19937_64 random(1);
  for (const Sample& sample : AllSamples()) {
    for (int i = 0; i < 200; ++i) {
      std::string bytes = sample.bytes;
      for (int changes = 0; changes < 4; ++changes) {
        bytes[random() % std::min<size_t>(bytes.size(), 200)] =
            static_cast<char>(random());
      }
      // Most changes of the size or id would hide the others.
      if (i % 4 != 0) {
        bytes.replace(0, 16, sample.bytes, 0, 16);
      }
      const ExactCopy copy(bytes);
      ParseError(sample.kind, copy.view());
      Print(sample.kind, copy.view().substr(0, kPrintedMax));
    }
  }
}

TEST(WireTest, PrintsEveryField) {
  EXPECT_EQ(Print(Kind::kRequest,
                  Build(JoinRequest{.group = "g\n", .process = 7, .flags = 1})
                      .substr(0)),
            "join request of 168 bytes: id 0, size 168, group.length 2, group "
            "\"g\\x0a\", process 7, flags 1");
  EXPECT_EQ(
      Print(Kind::kEvent, Build(TotemEvent{.ring_node = 1, .nodes = {5, 6}})),
      "totem event of 56 bytes: id 13, size 56, error 1, ring_node 1, "
      "ring_sequence 0, node_count 2, nodes[0] 5, nodes[1] 6");
  EXPECT_EQ(Print(Kind::kReply, "abc"), "unknown reply of 3 bytes: id cut");
  EXPECT_EQ(Print(Kind::kReply, ""), "unknown reply of 0 bytes:");
}

TEST(WireTest, NamesTooLongForTheirFieldAreCut) {
  const auto parsed =
      ParseRequest(Build(LeaveRequest{.group = std::string(200, 'x')}));
  ASSERT_TRUE(parsed.message.has_value()) << parsed.error;
  EXPECT_EQ(std::get<LeaveRequest>(*parsed.message).group,
            std::string(kNameMax, 'x'));
  const auto members =
      ParseReply(Build(MembershipReply{.members = std::vector<Address>(1000)}));
  ASSERT_TRUE(members.message.has_value()) << members.error;
  EXPECT_EQ(std::get<MembershipReply>(*members.message).members.size(),
            kMembershipMax);
}

TEST(WireTest, SetFieldFindsOnlyNumbers) {
  std::string bytes = Build(JoinRequest{.group = "g"});
  EXPECT_FALSE(SetField(Kind::kRequest, &bytes, "group", 1));
  EXPECT_FALSE(SetField(Kind::kRequest, &bytes, "nothing", 1));
  EXPECT_TRUE(SetField(Kind::kRequest, &bytes, "flags", 5));
  EXPECT_EQ(std::get<JoinRequest>(*ParseRequest(bytes).message).flags, 5U);
}

TEST(WireTest, IdAndErrorOfAHeader) {
  const std::string bytes =
      Build(PlainReply{.id = ReplyId::kPartialSend, .error = 12});
  EXPECT_EQ(IdOf(bytes), 18);
  EXPECT_EQ(ErrorOf(bytes), 12);
  EXPECT_EQ(ErrorOf(bytes.substr(0, 19)), std::nullopt);
  EXPECT_EQ(IdOf("abc"), std::nullopt);
}

}  // namespace
}  // namespace cpgcert::harness::wire
