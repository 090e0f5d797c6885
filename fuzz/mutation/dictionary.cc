#include "fuzz/mutation/dictionary.h"

#include <corosync/cpg.h>
#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "fuzz/mutation/boundary_values.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;

// The letters, digits and underscores that a name may have.
std::string Name(std::string_view text) {
  std::string name(text);
  std::ranges::replace_if(
      name, [](char letter) { return letter == ' ' || letter == '.'; }, '_');
  return name;
}

class Words {
 public:
  void Add(std::string_view name, std::string_view bytes) {
    const auto same = [bytes](const Word& word) { return word.bytes == bytes; };
    if (bytes.size() > kWordMax || std::ranges::any_of(words_, same)) return;
    words_.push_back({.name = Name(name), .bytes = std::string(bytes)});
  }
  void Add(std::string_view name, uint64_t value) {
    const auto* bytes = reinterpret_cast<const char*>(&value);
    if (value <= UINT32_MAX) Add(name, {bytes, sizeof(uint32_t)});
    Add(fmt::format("{}_slot", name), {bytes, sizeof(value)});
  }
  std::vector<Word> Take() { return std::move(words_); }

 private:
  std::vector<Word> words_;
};

// The header of a message, and each of its fields as the wire has it.
void AddMessage(wire::Kind kind, const std::string& bytes, Words* words) {
  const std::string printed = wire::Print(kind, bytes);
  const std::string name = printed.substr(0, printed.find(" of "));
  words->Add(name + " header", bytes.substr(0, kind == wire::Kind::kRequest
                                                   ? wire::kRequestHeaderSize
                                                   : wire::kReplyHeaderSize));
  const std::vector<wire::Field> fields = wire::Fields(kind, bytes);
  for (size_t i = 0; i < fields.size(); ++i) {
    // With the padding behind it.
    const size_t end =
        i + 1 < fields.size() ? fields[i + 1].offset : bytes.size();
    words->Add(name + " " + fields[i].name,
               bytes.substr(fields[i].offset, end - fields[i].offset));
  }
}

void AddNumbers(Words* words) {
  for (const uint32_t count : kBoundaryCounts) {
    words->Add(fmt::format("count_{}", count), count);
  }
  for (const uint64_t number : kBoundaryNumbers) {
    words->Add(fmt::format("number_{:x}", number), number);
  }
}

void AddFragmentTypes(Words* words) {
  for (const uint32_t type : {1, 2, 3}) {
    words->Add(fmt::format("fragment_type_{}", type), type);
  }
}

}  // namespace

std::vector<Word> EventWords() {
  Words words;
  for (const wire::Event& event :
       {wire::Event(wire::ConfigurationEvent{.group = "group"}),
        wire::Event(wire::DeliverEvent{.group = "group"}),
        wire::Event(wire::TotemEvent{}),
        wire::Event(wire::PartialDeliverEvent{.group = "group"})}) {
    AddMessage(wire::Kind::kEvent, wire::Build(event), &words);
  }
  AddFragmentTypes(&words);
  for (const uint32_t reason :
       {CPG_REASON_UNDEFINED, CPG_REASON_JOIN, CPG_REASON_LEAVE,
        CPG_REASON_NODEDOWN, CPG_REASON_NODEUP, CPG_REASON_PROCDOWN}) {
    words.Add(fmt::format("reason_{}", reason), reason);
  }
  AddNumbers(&words);
  return words.Take();
}

std::vector<Word> ReplyWords() {
  using enum wire::ReplyId;
  Words words;
  for (const wire::ReplyId id :
       {kJoin, kLeave, kMulticast, kIterationFinalize, kFinalize,
        kZeroCopyAllocate, kZeroCopyFree, kZeroCopyExecute, kPartialSend}) {
    AddMessage(wire::Kind::kReply,
               wire::Build(wire::Reply(wire::PlainReply{.id = id})), &words);
  }
  for (const wire::Reply& reply :
       {wire::Reply(wire::MembershipReply{}),
        wire::Reply(wire::LocalGetReply{.node = 1}),
        wire::Reply(wire::IterationInitializeReply{.iteration = 1}),
        wire::Reply(wire::IterationNextReply{.group = "group"})}) {
    AddMessage(wire::Kind::kReply, wire::Build(reply), &words);
  }
  for (uint32_t error = CS_OK; error <= CS_ERR_CONTEXT_NOT_FOUND; ++error) {
    words.Add(fmt::format("error_{}", error), error);
  }
  for (const uint32_t error : {CS_ERR_TOO_MANY_GROUPS, CS_ERR_SECURITY}) {
    words.Add(fmt::format("error_{}", error), error);
  }
  AddNumbers(&words);
  return words.Take();
}

std::vector<Word> RequestWords() {
  Words words;
  for (const wire::Request& request :
       {wire::Request(wire::JoinRequest{.group = "group"}),
        wire::Request(wire::LeaveRequest{.group = "group"}),
        wire::Request(wire::MulticastRequest{}),
        wire::Request(wire::MembershipRequest{.group = "group"}),
        wire::Request(wire::LocalGetRequest{}),
        wire::Request(wire::IterationInitializeRequest{}),
        wire::Request(wire::IterationNextRequest{}),
        wire::Request(wire::IterationFinalizeRequest{}),
        wire::Request(wire::FinalizeRequest{}),
        wire::Request(wire::ZeroCopyAllocateRequest{.path = "path"}),
        wire::Request(wire::ZeroCopyFreeRequest{}),
        wire::Request(wire::ZeroCopyExecuteRequest{}),
        wire::Request(wire::PartialMulticastRequest{})}) {
    AddMessage(wire::Kind::kRequest, wire::Build(request), &words);
  }
  AddFragmentTypes(&words);
  AddNumbers(&words);
  return words.Take();
}

std::string DictionaryText(const std::vector<Word>& words) {
  std::string text;
  for (const Word& word : words) {
    text += word.name + "=\"";
    for (const char byte : word.bytes) {
      text += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
    }
    text += "\"\n";
  }
  return text;
}

}  // namespace cpgcert::fuzz
