#include "fuzz/mutation/dictionary.h"

#include <corosync/cpg.h>
#include <fmt/format.h>

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

// The header of an event, and each of its fields as the wire has it.
void AddEvent(const wire::Event& event, Words* words) {
  const std::string bytes = wire::Build(event);
  const std::string printed = wire::Print(wire::Kind::kEvent, bytes);
  const std::string name = printed.substr(0, printed.find(" of "));
  words->Add(name + " header", bytes.substr(0, wire::kReplyHeaderSize));
  const std::vector<wire::Field> fields =
      wire::Fields(wire::Kind::kEvent, bytes);
  for (size_t i = 0; i < fields.size(); ++i) {
    // With the padding behind it.
    const size_t end =
        i + 1 < fields.size() ? fields[i + 1].offset : bytes.size();
    words->Add(name + " " + fields[i].name,
               bytes.substr(fields[i].offset, end - fields[i].offset));
  }
}

}  // namespace

std::vector<Word> EventWords() {
  Words words;
  AddEvent(wire::ConfigurationEvent{.group = "group"}, &words);
  AddEvent(wire::DeliverEvent{.group = "group"}, &words);
  AddEvent(wire::TotemEvent{}, &words);
  AddEvent(wire::PartialDeliverEvent{.group = "group"}, &words);
  for (const uint32_t type : {1, 2, 3}) {
    words.Add(fmt::format("fragment_type_{}", type), type);
  }
  for (const uint32_t reason :
       {CPG_REASON_UNDEFINED, CPG_REASON_JOIN, CPG_REASON_LEAVE,
        CPG_REASON_NODEDOWN, CPG_REASON_NODEUP, CPG_REASON_PROCDOWN}) {
    words.Add(fmt::format("reason_{}", reason), reason);
  }
  for (const uint32_t count : kBoundaryCounts) {
    words.Add(fmt::format("count_{}", count), count);
  }
  for (const uint64_t number : kBoundaryNumbers) {
    words.Add(fmt::format("number_{:x}", number), number);
  }
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
