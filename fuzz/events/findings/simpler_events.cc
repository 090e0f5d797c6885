#include "fuzz/events/findings/simpler_events.h"

#include <algorithm>
#include <cstring>
#include <variant>

#include "fuzz/events/findings/frame.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {

namespace {

namespace wire = harness::wire;

class Versions {
 public:
  explicit Versions(std::string_view bytes) : bytes_(bytes) {}

  std::vector<ChangedField> All() {
    const auto parsed = wire::ParseEvent(bytes_);
    if (parsed.message.has_value()) {
      std::visit([this](const auto& event) { Shorter(event); },
                 *parsed.message);
    } else {
      ShorterFrame();
    }
    Numbers();
    return std::move(versions_);
  }

 private:
  void Add(const std::string& field, const std::string& bytes) {
    if (bytes != bytes_) versions_.push_back({field, bytes});
  }

  // The event with one part, a list or a string, made shorter.
  template <class Event, class Part>
  void Shorten(const char* field, const Event& event, Part Event::* part) {
    const size_t size = (event.*part).size();
    // By less and less, for parts that have to be longer than something.
    for (const size_t shorter :
         {size_t{0}, size_t{1}, size / 2, size - size / 4, size - size / 16,
          size - size / 64, size - size / 512, size - 1}) {
      if (shorter >= size) continue;
      Event changed = event;
      (changed.*part).resize(shorter);
      Add(field, wire::Build(wire::Event(changed)));
    }
  }
  // All entries at once: of long lists, one after the other takes too long.
  template <class Event, class List>
  void Empty(const char* field, const Event& event, List Event::* list) {
    Event changed = event;
    changed.*list = List((event.*list).size());
    Add(field, wire::Build(wire::Event(changed)));
  }
  template <class Event>
  void ShortenGroup(const Event& event) {
    if (event.group.size() <= 1) return;
    Event changed = event;
    changed.group = "g";
    Add("group", wire::Build(wire::Event(changed)));
    changed.group = std::string(event.group.size(), 'g');
    Add("group", wire::Build(wire::Event(changed)));
  }

  void Shorter(const wire::ConfigurationEvent& event) {
    Shorten("members", event, &wire::ConfigurationEvent::members);
    Shorten("left", event, &wire::ConfigurationEvent::left);
    Shorten("joined", event, &wire::ConfigurationEvent::joined);
    Empty("members", event, &wire::ConfigurationEvent::members);
    Empty("left", event, &wire::ConfigurationEvent::left);
    Empty("joined", event, &wire::ConfigurationEvent::joined);
    ShortenGroup(event);
  }
  void Shorter(const wire::DeliverEvent& event) {
    Shorten("message", event, &wire::DeliverEvent::message);
    ShortenGroup(event);
  }
  void Shorter(const wire::TotemEvent& event) {
    Shorten("nodes", event, &wire::TotemEvent::nodes);
    Empty("nodes", event, &wire::TotemEvent::nodes);
  }
  void Shorter(const wire::PartialDeliverEvent& event) {
    Shorten("fragment", event, &wire::PartialDeliverEvent::fragment);
    ShortenGroup(event);
  }

  // The end cut off; the size stays true if it was.
  void ShorterFrame() {
    const size_t fixed = std::min(FixedSize(bytes_), bytes_.size());
    const size_t size = bytes_.size();
    for (const size_t shorter :
         {fixed, size / 2, fixed + (size - fixed) / 2, size - 1}) {
      if (shorter >= size || size == 0) continue;
      std::string cut(bytes_.substr(0, shorter));
      SetNumber(&cut, "size", shorter);
      Add("frame", cut);
    }
  }

  void Numbers() {
    constexpr size_t kNumbersMax = 64;  // of long lists, the beginning
    for (const wire::Field& field : wire::Fields(wire::Kind::kEvent, bytes_)) {
      const std::string& name = field.name;
      const bool frame = name == "id" || name == "size" || name == "type" ||
                         name.ends_with("_count") || name.ends_with("_size") ||
                         name.ends_with(".length");
      const bool number = (field.size == 4 || field.size == 8) &&
                          field.value != "cut" && field.value[0] != '"';
      if (frame || !number || field.value == "0") continue;
      const uint64_t value = name == "error" ? wire::kOk : 0;
      std::string changed(bytes_);
      std::memcpy(&changed[field.offset], &value, field.size);
      const size_t open = name.find('[');
      Add(open == std::string::npos
              ? name
              : name.substr(0, open + 1) + name.substr(name.find(']')),
          changed);
      if (versions_.size() > kNumbersMax) return;
    }
  }

  std::string_view bytes_;
  std::vector<ChangedField> versions_;
};

}  // namespace

std::vector<ChangedField> SimplerVersions(std::string_view bytes) {
  return Versions(bytes).All();
}

bool HasField(std::string_view bytes, std::string_view field) {
  return field == kWholeEvent ||
         std::ranges::any_of(SimplerVersions(bytes),
                             [&](const ChangedField& version) {
                               return version.field == field;
                             });
}

}  // namespace cpgcert::fuzz
