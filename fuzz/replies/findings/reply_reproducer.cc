#include "fuzz/replies/findings/reply_reproducer.h"

#include <corosync/cpg.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "fuzz/replies/findings/reply_reproducer_template.h"
#include "fuzz/replies/reply_input.h"
#include "fuzz/replies/reply_operations.h"
#include "fuzz/replies/reply_owed.h"

namespace cpgcert::fuzz {

namespace {

constexpr std::array<const char*, kCalls> kCallNames = {
    "kConnect",       "kJoin",
    "kLeave",         "kMembership",
    "kLocalGet",      "kIterationInitialize",
    "kIterationNext", "kIterationFinalize",
    "kMulticast",     "kFinalize"};

// An expression of a std::string. Zeros at the end need not be written down.
std::string StringOf(std::string_view bytes) {
  constexpr size_t kPerLine = 16;
  size_t size = bytes.size();
  while (size > 0 && bytes[size - 1] == '\0') --size;
  std::string text = "std::string(";
  if (size > 0) {
    text += "\n";
    for (size_t i = 0; i < size; i += kPerLine) {
      text += "         \"";
      for (const char byte : bytes.substr(i, std::min(kPerLine, size - i))) {
        text += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
      }
      text += "\"\n";
    }
    text += fmt::format("         , {})", size);
  } else {
    text = "std::string()";
  }
  if (size < bytes.size()) {
    text += fmt::format(" + std::string({}, '\\0')", bytes.size() - size);
  }
  return text;
}

std::string StepOf(const ReplyEntry& entry) {
  const OwedReply owed = OwedFor(RecordOf(entry));
  std::string values;
  for (const std::string& value : owed.values) {
    values += StringOf(value) + ", ";
  }
  const bool free = entry.call == Call::kFinalize;
  return fmt::format(
      "    {{{}, {}, {},\n     {},\n     {}, {}, {{{}}}}},\n",
      kCallNames.at(static_cast<size_t>(entry.call)), entry.parameter,
      entry.error < 0 || (entry.reply.empty() && entry.call != Call::kConnect),
      StringOf(entry.reply), owed.error_allowed || free,
      owed.code_allowed || free ? static_cast<int>(owed.code) : 0, values);
}

std::string Commented(std::string_view text) {
  constexpr size_t kWidth = 300;
  std::string commented;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string line(text.substr(0, std::min(end, kWidth)));
    // A comment that ends so would go on in the next line.
    if (line.ends_with('\\')) line += '.';
    commented += line.empty() ? "//\n" : fmt::format("// {}\n", line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (!commented.empty()) commented.pop_back();
  return commented;
}

void Fill(std::string_view name, const std::string& value, std::string* text) {
  text->replace(text->find(name), name.size(), value);
}

}  // namespace

std::string ReplyReproducer(const Finding& finding) {
  const ReplyEntries entries = ParseReplyEntries(finding.input);
  std::string steps;
  for (const ReplyEntry& entry : entries) {
    if (entry.again != 0) return "";
    steps += StepOf(entry);
  }
  if (entries.empty()) return "";
  std::string text = kReplyReproducerTemplate;
  Fill("@TITLE@",
       Commented(
           fmt::format("{}\nleads to: {}\n\n{}", finding.key,
                       finding.damages.empty() ? "" : finding.damages.back(),
                       finding.annotated)),
       &text);
  Fill("@STEPS@", steps, &text);
  return text;
}

}  // namespace cpgcert::fuzz
