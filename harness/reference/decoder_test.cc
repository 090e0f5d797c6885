// The decoders against the messages that //harness/wire builds, whole and
// damaged in every way that a few thousand random changes make.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "harness/reference/event_decoder.h"
#include "harness/reference/reply_decoder.h"
#include "harness/wire/wire.h"

namespace cpgcert::reference {
namespace {

namespace made = harness::wire;

// A copy that begins at a multiple of 8 and ends where its memory ends, so
// that AddressSanitizer sees a read beyond it.
class Bytes {
 public:
  explicit Bytes(const std::string& text)
      : memory_(std::make_unique<std::byte[]>(text.size())),
        size_(text.size()) {
    std::memcpy(memory_.get(), text.data(), text.size());
  }
  std::span<std::byte> span() { return {memory_.get(), size_}; }

 private:
  std::unique_ptr<std::byte[]> memory_;
  size_t size_;
};

std::string Text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string Text(const cpg_name& name) { return {name.value, name.length}; }

std::vector<made::Address> Addresses(const std::vector<cpg_address>& from) {
  std::vector<made::Address> addresses;
  for (const cpg_address& address : from) {
    addresses.push_back({address.nodeid, address.pid, address.reason});
  }
  return addresses;
}

// What was decoded, in the words of //harness/wire.
made::Event AsMade(const Event& event) {
  struct {
    made::Event operator()(const Message& m) const {
      return made::DeliverEvent{.group = Text(m.group),
                                .node = m.sender.nodeid,
                                .process = m.sender.pid,
                                .message = Text(m.bytes)};
    }
    made::Event operator()(const Fragment& f) const {
      return made::PartialDeliverEvent{.group = Text(f.group),
                                       .message_size = f.message_size,
                                       .node = f.sender.nodeid,
                                       .process = f.sender.pid,
                                       .type = f.position,
                                       .fragment = Text(f.bytes)};
    }
    made::Event operator()(const ConfigurationChange& c) const {
      return made::ConfigurationEvent{.group = Text(c.group),
                                      .members = Addresses(c.members),
                                      .left = Addresses(c.left),
                                      .joined = Addresses(c.joined)};
    }
    made::Event operator()(const TotemChange& t) const {
      return made::TotemEvent{.ring_node = t.ring.nodeid,
                              .ring_sequence = t.ring.seq,
                              .nodes = t.nodes};
    }
  } convert;
  return std::visit(convert, event);
}

const std::vector<made::Event>& Honest() {
  static const std::vector<made::Event> events = {
      made::DeliverEvent{
          .group = "group", .node = 1, .process = 2, .message = "hello"},
      made::DeliverEvent{.group = std::string(128, 'g')},
      made::DeliverEvent{.group = std::string("a\0b", 3),
                         .message = std::string(100'000, 'x')},
      made::PartialDeliverEvent{.group = "group",
                                .message_size = 10,
                                .node = 1,
                                .process = 2,
                                .type = 1,
                                .fragment = "first"},
      made::PartialDeliverEvent{
          .group = "g", .message_size = 5, .type = 3, .fragment = "whole"},
      made::ConfigurationEvent{.group = "group",
                               .members = {{1, 2, 0}, {1, 3, 0}},
                               .left = {{1, 4, 2}},
                               .joined = {{1, 3, 1}, {1, 5, 1}, {1, 6, 1}}},
      made::ConfigurationEvent{},
      made::ConfigurationEvent{.group = "g",
                               .members = std::vector<made::Address>(5000)},
      made::TotemEvent{
          .ring_node = 1, .ring_sequence = uint64_t{1} << 40, .nodes = {1, 2}},
      made::TotemEvent{}};
  return events;
}

TEST(EventDecoderTest, GivesWhatWasSent) {
  for (const made::Event& honest : Honest()) {
    Bytes bytes(made::Build(honest));
    Event event;
    ASSERT_EQ(DecodeEvent(bytes.span(), &event), CS_OK);
    EXPECT_EQ(AsMade(event), honest);
  }
}

TEST(EventDecoderTest, AnUnknownKindIsNoDamage) {
  std::string text = made::Build(Honest().front());
  made::SetField(made::Kind::kEvent, &text, "id", 99);
  Bytes bytes(text);
  Event event;
  EXPECT_EQ(DecodeEvent(bytes.span(), &event), CS_ERR_LIBRARY);
}

TEST(EventDecoderTest, TooShortOrTooLongIsRefused) {
  for (const made::Event& honest : Honest()) {
    const std::string whole = made::Build(honest);
    const size_t step = std::max<size_t>(1, whole.size() / 300);
    for (size_t size = 0; size < whole.size(); size += step) {
      Bytes cut(whole.substr(0, size));
      Event event;
      EXPECT_EQ(DecodeEvent(cut.span(), &event), CS_ERR_MESSAGE_ERROR) << size;
    }
    Bytes longer(whole + '\0');
    Event event;
    EXPECT_EQ(DecodeEvent(longer.span(), &event), CS_ERR_MESSAGE_ERROR);
  }
}

TEST(EventDecoderTest, CountsThatOverflowAreRefused) {
  const std::string honest = made::Build(made::ConfigurationEvent{
      .group = "g", .members = {{1, 2, 0}}, .joined = {{1, 2, 1}}});
  for (const char* field : {"member_count", "joined_count", "left_count"}) {
    for (const uint64_t count : {uint64_t{0xffffffff}, uint64_t{0x80000000},
                                 uint64_t{0xaaaaaaab}, uint64_t{3}}) {
      std::string text = honest;
      ASSERT_TRUE(made::SetField(made::Kind::kEvent, &text, field, count));
      Bytes bytes(text);
      Event event;
      EXPECT_EQ(DecodeEvent(bytes.span(), &event), CS_ERR_MESSAGE_ERROR)
          << field << " " << count;
    }
  }
}

// Some fields of a random honest event get values that are likely to be wrong.
std::string Damaged(std::mt19937* random) {
  const auto below = [random](size_t end) { return (*random)() % end; };
  std::string text = made::Build(Honest()[below(Honest().size())]);
  if (text.size() > 10'000) return text;
  const auto fields = made::Fields(made::Kind::kEvent, text);
  for (size_t i = 0; i <= below(3); ++i) {
    const std::string name = fields[below(fields.size())].name;
    constexpr uint64_t kValues[] = {
        0, 1, 2, 3, 4, 127, 128, 129, 5, 10, 184, 1024, 0x7fffffff, 0xffffffff};
    made::SetField(made::Kind::kEvent, &text, name,
                   kValues[below(std::size(kValues))]);
  }
  if (below(4) == 0) text.resize(below(text.size() + 1));
  if (below(8) == 0) text.append(below(64), '\1');
  if (below(2) == 0 && text.size() >= 12) {
    made::SetField(made::Kind::kEvent, &text, "size", text.size());
  }
  return text;
}

// //harness/wire asks only that a fragment fills its frame.
bool IsPossible(const made::Event& event) {
  const auto* fragment = std::get_if<made::PartialDeliverEvent>(&event);
  return fragment == nullptr ||
         (fragment->type >= 1 && fragment->type <= 3 &&
          fragment->fragment.size() <= fragment->message_size);
}

// Two decoders that were written apart from each other.
TEST(EventDecoderTest, AcceptsExactlyTheWellFormed) {
  constexpr int kRounds = 50'000;
  std::mt19937 random(1);
  int accepted = 0;
  for (int i = 0; i < kRounds; ++i) {
    const std::string text = Damaged(&random);
    const made::Parsed<made::Event> parsed = made::ParseEvent(text);
    Bytes bytes(text);
    Event event;
    const cs_error_t error = DecodeEvent(bytes.span(), &event);
    ASSERT_EQ(error == CS_OK, parsed.message && IsPossible(*parsed.message))
        << parsed.error << "\n"
        << made::Print(made::Kind::kEvent, text);
    if (error != CS_OK) continue;
    ++accepted;
    ASSERT_EQ(AsMade(event), *parsed.message);
  }
  EXPECT_GT(accepted, kRounds / 100);
  EXPECT_LT(accepted, kRounds / 2);
}

cs_error_t Check(const std::string& text, wire::ReplyId id, size_t size) {
  Bytes bytes(text);
  return CheckReply(bytes.span(), id, size);
}

TEST(ReplyDecoderTest, BelievesOnlyWhatWasAskedFor) {
  constexpr size_t kSize = sizeof(wire::LocalGetReply);
  const std::string good = made::Build(made::LocalGetReply{.node = 7});
  EXPECT_EQ(Check(good, wire::kLocalGetReply, kSize), CS_OK);
  EXPECT_EQ(Check(good, wire::kJoinReply, kSize), CS_ERR_MESSAGE_ERROR);
  EXPECT_EQ(Check(good, wire::kLocalGetReply, kSize + 8), CS_ERR_MESSAGE_ERROR);
  EXPECT_EQ(Check(good + '\0', wire::kLocalGetReply, kSize),
            CS_ERR_MESSAGE_ERROR);
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(Check(good.substr(0, size), wire::kLocalGetReply, kSize),
              CS_ERR_MESSAGE_ERROR)
        << size;
  }
}

TEST(ReplyDecoderTest, PassesTheErrorsOfTheServiceOn) {
  for (const cs_error_t error :
       {CS_ERR_TRY_AGAIN, CS_ERR_EXIST, CS_ERR_BUSY, CS_ERR_SECURITY}) {
    const std::string refusal = made::Build(made::PlainReply{
        .id = made::ReplyId::kJoin, .error = static_cast<int32_t>(error)});
    // The refusal of any request has the identifier of a join's reply.
    EXPECT_EQ(Check(refusal, wire::kLocalGetReply, 32), error);
    EXPECT_EQ(Check(made::Build(made::LocalGetReply{
                        .error = static_cast<int32_t>(error)}),
                    wire::kLocalGetReply, 32),
              error);
  }
  for (const int32_t error : {0, -1, 29, 31, 99, 101, 1 << 30}) {
    EXPECT_EQ(Check(made::Build(made::LocalGetReply{.error = error}),
                    wire::kLocalGetReply, 32),
              CS_ERR_MESSAGE_ERROR)
        << error;
  }
}

TEST(ReplyDecoderTest, ARefusalIsNoSuccess) {
  const std::string success = made::Build(
      made::PlainReply{.id = made::ReplyId::kJoin, .error = made::kOk});
  EXPECT_EQ(Check(success, wire::kLeaveReply, success.size()),
            CS_ERR_MESSAGE_ERROR);
}

}  // namespace
}  // namespace cpgcert::reference
