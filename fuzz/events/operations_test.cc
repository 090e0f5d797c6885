// Each operation makes what its name says.

#include "fuzz/events/operations.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "fuzz/events/event_parts.h"
#include "gtest/gtest.h"
#include "harness/wire/wire.h"

namespace cpgcert::fuzz {
namespace {

namespace wire = harness::wire;
using Fragment = wire::PartialDeliverEvent;
using Change = wire::ConfigurationEvent;

constexpr size_t kSizeMax = 8192;
constexpr unsigned kSeeds = 400;

Entry Of(const wire::Event& event) {
  return {.delivery = Delivery::kOne, .event = wire::Build(event)};
}

Entry Piece(wire::PartialType type, uint32_t process,
            const std::string& bytes) {
  return Of(Fragment{.group = "group",
                     .message_size = 8,
                     .node = 1,
                     .process = process,
                     .type = static_cast<uint32_t>(type),
                     .fragment = bytes});
}

Entries Session() {
  using enum wire::PartialType;
  return {
      Of(Change{.group = "group",
                .members = {{1, 1, 0}, {1, 2, 0}},
                .left = {{1, 3, 2}},
                .joined = {{1, 2, 1}}}),
      Piece(kFirst, 1, "frag"),
      Piece(kFirst, 2, "FRAG"),
      Of(wire::DeliverEvent{.group = "group", .message = "message"}),
      Piece(kContinued, 1, "me"),
      Piece(kLast, 1, "nt"),
      Piece(kLast, 2, "MENT"),
      Of(wire::TotemEvent{.nodes = {1, 2, 3}}),
  };
}

bool IsWhole(const Entry& entry) {
  return wire::ParseEvent(entry.event).message.has_value();
}

size_t Broken(const Entries& entries) {
  return static_cast<size_t>(std::ranges::count_if(
      entries, [](const Entry& entry) { return !IsWhole(entry); }));
}

template <class Event>
std::vector<Event> All(const Entries& entries) {
  std::vector<Event> events;
  for (const Entry& entry : entries) {
    const auto parsed = wire::ParseEvent(entry.event);
    if (!parsed.message.has_value()) continue;
    if (const auto* event = std::get_if<Event>(&*parsed.message)) {
      events.push_back(*event);
    }
  }
  return events;
}

using Sizes = std::vector<size_t>;
Sizes ListSizes(const Entries& entries) {
  const Change change = All<Change>(entries).at(0);
  return {change.members.size(), change.left.size(), change.joined.size()};
}

std::multiset<std::string> Events(const Entries& entries) {
  std::multiset<std::string> events;
  for (const Entry& entry : entries) events.insert(entry.event);
  return events;
}

// The message that the fragments of a sender make, in their order.
std::string Assembled(const Entries& entries, uint32_t process) {
  std::string message;
  for (const Fragment& fragment : All<Fragment>(entries)) {
    if (fragment.process == process) message += fragment.fragment;
  }
  return message;
}

// Entries that differ, of two inputs with as many of them.
size_t Different(const Entries& before, const Entries& after) {
  size_t count = 0;
  for (size_t i = 0; i < before.size(); ++i) {
    count += before[i] == after[i] ? 0 : 1;
  }
  return count;
}

class OperationsTest : public testing::Test {
 protected:
  // Whether what an operation made of `before` has its shape.
  using Shape =
      std::function<bool(const Entries& before, const Entries& after)>;

  void Expect(std::span<const Operation> operations,
              const std::map<std::string, Shape>& shapes) {
    for (const Operation& operation : operations) {
      const auto shape = shapes.find(operation.name);
      ASSERT_NE(shape, shapes.end()) << operation.name;
      unsigned applied = 0;
      for (unsigned seed = 0; seed < kSeeds; ++seed) {
        Scene scene{.entries = before_,
                    .other = &other_,
                    .size_max = kSizeMax,
                    .random = RandomChoice(seed)};
        if (!operation.apply(&scene)) continue;
        ++applied;
        ASSERT_TRUE(shape->second(before_, scene.entries))
            << operation.name << ", seed " << seed << "\n"
            << DescribeEventInput(ParseEventInput(BuildEntries(scene.entries)));
      }
      EXPECT_GT(applied, kSeeds / 50) << operation.name;
    }
    EXPECT_EQ(operations.size(), shapes.size());
  }

  Entries before_ = Session();
  Entries other_ = {Of(wire::DeliverEvent{.group = "other", .message = "1"}),
                    Of(wire::DeliverEvent{.group = "other", .message = "2"})};
};

bool OneMore(const Entries& before, const Entries& after) {
  return after.size() == before.size() + 1 && Broken(after) == 0;
}
bool OneLess(const Entries& before, const Entries& after) {
  return after.size() + 1 == before.size();
}
bool SameEvents(const Entries& before, const Entries& after) {
  return Events(before) == Events(after) && before != after;
}

TEST_F(OperationsTest, OnRecords) {
  Expect(RecordOperations(), {{"InsertEvent", OneMore},
                              {"DeleteRecord", OneLess},
                              {"DeleteRun",
                               [](const Entries& before, const Entries& after) {
                                 return after.size() + 2 <= before.size() &&
                                        !after.empty();
                               }},
                              {"DuplicateRecord", OneMore},
                              {"SwapRecords", SameEvents},
                              {"MoveRecord", SameEvents},
                              {"ChangeDelivery", SameEvents}});
}

TEST_F(OperationsTest, OfTwoInputs) {
  const auto has_other = [](const Entries& /*before*/, const Entries& after) {
    return std::ranges::any_of(
        All<wire::DeliverEvent>(after),
        [](const auto& event) { return event.group == "other"; });
  };
  Expect(CrossOperations(),
         {{"InsertRun",
           [&](const Entries& before, const Entries& after) {
             return after.size() > before.size() && has_other(before, after);
           }},
          {"TakeTail",
           [&](const Entries& before, const Entries& after) {
             return after.back() == other_.back() && has_other(before, after);
           }},
          {"Interleave",
           [&](const Entries& before, const Entries& after) {
             return after.size() == before.size() + 2 &&
                    has_other(before, after);
           }},
          {"ReplaceRecord",
           [&](const Entries& before, const Entries& after) {
             return Different(before, after) == 1 && has_other(before, after);
           }},
          {"TakeContents", [](const Entries& before, const Entries& after) {
             const auto event = All<wire::DeliverEvent>(after).at(0);
             return Different(before, after) == 1 && event.group == "group" &&
                    (event.message == "1" || event.message == "2");
           }}});
}

TEST_F(OperationsTest, OnFields) {
  const auto one = [](const Entries& before, const Entries& after) {
    return after.size() == before.size() && Different(before, after) == 1;
  };
  const auto same_size = [&](const Entries& before, const Entries& after) {
    return one(before, after) &&
           BuildEntries(before).size() == BuildEntries(after).size();
  };
  Expect(FieldOperations(),
         {{"SetNumber",
           [&](const Entries& before, const Entries& after) {
             return same_size(before, after) && Broken(after) == 0;
           }},
          {"SetCount", same_size},
          {"SetCountAndContents",
           [&](const Entries& before, const Entries& after) {
             return one(before, after) && Broken(after) == 0 &&
                    BuildEntries(before).size() != BuildEntries(after).size();
           }},
          {"ChangeGroup",
           [](const Entries& before, const Entries& after) {
             return before.size() == after.size() && before != after &&
                    Broken(after) == 0;
           }},
          {"ChangeMessage",
           [&](const Entries& before, const Entries& after) {
             return one(before, after) && Broken(after) == 0;
           }},
          {"ChangeId", same_size}});
}

TEST_F(OperationsTest, CountsThatLieAndCountsThatFit) {
  std::set<size_t> lengths;
  std::set<size_t> members;
  unsigned broken = 0;
  for (unsigned seed = 0; seed < 20000; ++seed) {
    Scene scene{
        .entries = before_, .size_max = 65536, .random = RandomChoice(seed)};
    const auto by_name = [&scene](std::string_view name) {
      const auto operations = FieldOperations();
      return std::ranges::find_if(operations,
                                  [name](const auto& operation) {
                                    return operation.name == name;
                                  })
          ->apply(&scene);
    };
    if (by_name("SetCount")) broken += Broken(scene.entries) > 0 ? 1 : 0;
    scene.entries = before_;
    if (!by_name("SetCountAndContents")) continue;
    members.insert(ListSizes(scene.entries)[0]);
    lengths.insert(All<wire::DeliverEvent>(scene.entries).at(0).message.size());
  }
  EXPECT_GT(broken, 5000U);
  for (const size_t count : {0, 1, 127, 128, 129, 383, 384, 385}) {
    EXPECT_TRUE(members.contains(count)) << count;
    EXPECT_TRUE(lengths.contains(count)) << count;
  }
}

TEST_F(OperationsTest, OnLists) {
  const auto lists = [](ptrdiff_t members, ptrdiff_t left, ptrdiff_t joined) {
    return [=](const Entries& before, const Entries& after) {
      const Sizes from = ListSizes(before);
      const Sizes to = ListSizes(after);
      return Different(before, after) == 1 && Broken(after) == 0 &&
             to[0] == from[0] + members && to[1] == from[1] + left &&
             to[2] == from[2] + joined;
    };
  };
  const auto total = [](ptrdiff_t more) {
    return [=](const Entries& before, const Entries& after) {
      const Sizes from = ListSizes(before);
      const Sizes to = ListSizes(after);
      return Broken(after) == 0 &&
             to[0] + to[1] + to[2] == from[0] + from[1] + from[2] + more;
    };
  };
  Expect(ListOperations(),
         {{"MemberJoins", lists(1, 0, 1)},
          {"MemberLeaves",
           [&](const Entries& before, const Entries& after) {
             return lists(-1, 1, 0)(before, after) ||
                    lists(-1, 1, -1)(before, after);
           }},
          {"AddEntry", total(1)},
          {"RemoveEntry", total(-1)},
          {"DuplicateEntry", total(1)},
          {"SwapEntries", lists(0, 0, 0)},
          {"SwapLists", total(0)},
          {"ChangeNodes", [](const Entries& before, const Entries& after) {
             return Different(before, after) == 1 && Broken(after) == 0 &&
                    All<wire::TotemEvent>(before) !=
                        All<wire::TotemEvent>(after);
           }}});
}

TEST_F(OperationsTest, OnFragments) {
  const auto same_messages = [](const Entries& before, const Entries& after) {
    return Assembled(before, 1) == Assembled(after, 1) &&
           Assembled(before, 2) == Assembled(after, 2);
  };
  const auto count = [](const Entries& entries) {
    return All<Fragment>(entries).size();
  };
  const auto begun = [](const Entries& entries) {
    return std::ranges::count_if(
        All<Fragment>(entries),
        [](const Fragment& fragment) { return fragment.type == 1; });
  };
  const auto changed = [&](const Entries& before, const Entries& after) {
    return All<Fragment>(before) != All<Fragment>(after) &&
           count(before) == count(after) && Broken(after) == 0;
  };
  Expect(FragmentOperations(),
         {{"InsertFragments",
           [&](const Entries& before, const Entries& after) {
             return count(after) >= count(before) + 2 && Broken(after) == 0 &&
                    begun(after) == begun(before) + 1;
           }},
          {"InterleaveSenders",
           [&](const Entries& before, const Entries& after) {
             return SameEvents(before, after) && same_messages(before, after);
           }},
          {"DropFragment",
           [&](const Entries& before, const Entries& after) {
             return count(after) + 1 == count(before);
           }},
          {"RepeatFragment",
           [&](const Entries& before, const Entries& after) {
             return count(after) == count(before) + 1;
           }},
          {"SwapFragments",
           [&](const Entries& before, const Entries& after) {
             return SameEvents(before, after) && !same_messages(before, after);
           }},
          {"ChangeTotal", changed},
          {"RestartMessage",
           [&](const Entries& before, const Entries& after) {
             return begun(after) == begun(before) + 1 &&
                    after.size() == before.size() + 1;
           }},
          {"SplitFragment",
           [&](const Entries& before, const Entries& after) {
             return same_messages(before, after) &&
                    count(after) == count(before) + 1 &&
                    begun(after) == begun(before);
           }},
          {"ChangeType", changed},
          {"SenderLeaves", [&](const Entries& before, const Entries& after) {
             return All<Change>(after).size() == 2 &&
                    same_messages(before, after);
           }}});
}

TEST_F(OperationsTest, OnFrames) {
  before_.push_back({.delivery = Delivery::kAll, .event = "broken"});
  const auto shorter = [](const Entries& before, const Entries& after) {
    return BuildEntries(after).size() < BuildEntries(before).size() &&
           Different(before, after) == 1;
  };
  const auto at_field = [&](bool inside) {
    return [&, inside](const Entries& before, const Entries& after) {
      for (size_t i = 0; i < before.size(); ++i) {
        const size_t size = after[i].event.size();
        if (before[i] == after[i]) continue;
        const auto fields = wire::Fields(wire::Kind::kEvent, before[i].event);
        const bool begins = std::ranges::any_of(
            fields,
            [size](const wire::Field& field) { return field.offset == size; });
        return shorter(before, after) && begins != inside;
      }
      return false;
    };
  };
  Expect(
      FrameOperations(),
      {{"CutAtField", at_field(false)},
       {"CutInsideField", at_field(true)},
       {"AppendBytes",
        [](const Entries& before, const Entries& after) {
          return BuildEntries(after).size() > BuildEntries(before).size();
        }},
       {"ChangeSize",
        [](const Entries& before, const Entries& after) {
          return Different(before, after) == 1 &&
                 Broken(after) == Broken(before) + 1;
        }},
       {"RepairFrame", [](const Entries& /*before*/,
                          const Entries& after) { return Broken(after) == 0; }},
       {"RawEvent",
        [](const Entries& before, const Entries& after) {
          return Different(before, after) <= 1;
        }},
       {"RawInput", [](const Entries& /*before*/, const Entries& after) {
          return BuildEntries(after).size() <= kSizeMax;
        }}});
}

TEST_F(OperationsTest, AnyBytesAreMadeWhole) {
  RandomChoice random(1);
  for (const Entry& entry : before_) {
    for (size_t size = 0; size <= entry.event.size(); ++size) {
      const Entry made = {.event =
                              MadeWhole(entry.event.substr(0, size), &random)};
      ASSERT_TRUE(IsWhole(made)) << wire::Print(wire::Kind::kEvent, made.event);
    }
  }
  for (int i = 0; i < 2000; ++i) {
    std::string bytes(random.Below(300), '\0');
    for (char& byte : bytes) byte = static_cast<char>(random.Number());
    ASSERT_TRUE(IsWhole({.event = MadeWhole(bytes, &random)}));
  }
}

TEST_F(OperationsTest, NothingToDoInAnEmptyInput) {
  before_.clear();
  for (const auto operations :
       {RecordOperations(), FieldOperations(), ListOperations(),
        FragmentOperations(), FrameOperations(), CrossOperations()}) {
    for (const Operation& operation : operations) {
      for (unsigned seed = 0; seed < 20; ++seed) {
        Scene scene{
            .entries = {}, .size_max = kSizeMax, .random = RandomChoice(seed)};
        operation.apply(&scene);
        EXPECT_LE(scene.entries.size(), 20U) << operation.name;
      }
    }
  }
}

}  // namespace
}  // namespace cpgcert::fuzz
