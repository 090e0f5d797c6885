// Random histories of a service as it should be are accepted, and a single
// random change to one is found, whatever it is.

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "conformance/history/checker.h"
#include "conformance/history/model.h"
#include "gtest/gtest.h"

namespace cpgcert::conformance::history {
namespace {

using Kind = Event::Kind;

class Generator {
 public:
  explicit Generator(uint32_t seed) : random_(seed) {}

  int Below(int limit) {
    return std::uniform_int_distribution<int>(0, limit - 1)(random_);
  }

  // m0 and m1 are there from first to last, so that two members were given
  // whatever happens.
  Model History() {
    Model model;
    model.Join("m0");
    model.Join("m1");
    for (int i = 20 + Below(80); i > 0; --i) {
      Step(&model);
    }
    model.End();
    return model;
  }

 private:
  void Step(Model* model) {
    if (model->members().size() < 10 && Below(6) == 0) {
      Join(model);
      return;
    }
    const std::string name =
        model->members().at(Below(static_cast<int>(model->members().size())));
    const std::string message = fmt::format("a-{}", ++messages_);
    const size_t size = Below(4) == 0 ? kAtomicSizeMax + 1 : 10;
    if (Below(20) == 0 && name != "m0" && name != "m1") {
      Depart(model, name);
    } else if (Below(10) == 0) {
      model->Call(name, message, CS_ERR_TRY_AGAIN, size);
    } else {
      model->Send(name, message, size);
    }
  }

  // A new process, or one that was there before.
  void Join(Model* model) {
    if (!gone_.empty() && Below(2) == 0) {
      const std::string name = gone_.back();
      gone_.pop_back();
      model->Join(
          fmt::format("{}.{}", name.substr(0, name.find('.')), ++sessions_));
    } else {
      model->Join(fmt::format("m{}", 2 + processes_++));
    }
  }

  void Depart(Model* model, const std::string& name) {
    switch (Below(4)) {
      case 0:
        model->Leave(name);
        gone_.push_back(name);
        break;
      case 1:
        model->Finalize(name);
        gone_.push_back(name);
        break;
      case 2:
        model->Call(name, fmt::format("a-{}", ++messages_), CS_OK);
        model->Kill(name);
        break;
      default:
        model->CallWithoutReturn(name, fmt::format("a-{}", ++messages_));
        model->StopRecording(name);
        model->Send("m1", fmt::format("a-{}", ++messages_));
        model->Kill(name);
    }
  }

  std::mt19937 random_;
  int messages_ = 0;
  int processes_ = 0;
  int sessions_ = 0;
  std::vector<std::string> gone_;  // processes that may join again
};

// The places in `session` of what it was given, up to its own departure.
std::vector<size_t> GivenPlaces(const Session& session) {
  std::vector<size_t> places;
  for (size_t i = 0; i < session.events.size(); ++i) {
    const Event& event = session.events[i];
    if (event.kind == Kind::kMessage || event.kind == Kind::kChange) {
      places.push_back(i);
    }
  }
  return places;
}

// What became of a history: what was changed, or "" if that changed nothing
// that a member owes or is owed.
class Mutation {
 public:
  Mutation(Generator* generator, Session* session)
      : generator_(*generator),
        session_(*session),
        places_(GivenPlaces(*session)) {}

  std::string Apply() {
    // Nobody misses what comes last: the record may have ended before.
    if (places_.size() < 2) {
      return "";
    }
    at_ = generator_.Below(static_cast<int>(places_.size()) - 1);
    Event& event = session_.events[places_[at_]];
    what_ = fmt::format("{} event {}", session_.name, at_);
    switch (generator_.Below(4)) {
      case 0:
        return Move();
      case 1:
        session_.events.erase(session_.events.begin() + Offset(at_));
        return what_ + " dropped";
      case 2: {
        const Event copy = event;
        session_.events.insert(session_.events.begin() + Offset(at_), copy);
        return what_ + " doubled";
      }
      default:
        return event.kind == Kind::kMessage ? AlterMessage(&event)
                                            : AlterChange(&event);
    }
  }

 private:
  ptrdiff_t Offset(size_t at) const {
    return static_cast<ptrdiff_t>(places_.at(at));
  }

  // To a later place.
  std::string Move() {
    const size_t rest = places_.size() - 1 - at_;
    const size_t by =
        1 + generator_.Below(static_cast<int>(std::min<size_t>(rest, 5)));
    const auto begin = session_.events.begin();
    std::rotate(begin + Offset(at_), begin + Offset(at_) + 1,
                begin + Offset(at_ + by) + 1);
    return fmt::format("{} moved by {}", what_, by);
  }

  std::string AlterMessage(Event* event) {
    switch (generator_.Below(3)) {
      case 0:
        event->message += " altered at byte 1 of 10";
        break;
      case 1:
        event->sender.process += 1;
        break;
      default:
        event->group = "other";
    }
    return what_ + " altered";
  }

  std::string AlterChange(Event* event) {
    switch (generator_.Below(6)) {
      case 0:
        event->members.pop_back();
        break;
      case 1:
        event->members.push_back({.address = {.node = 1, .process = 7}});
        break;
      case 2:
        event->members.push_back(event->members.front());
        break;
      case 3:
        std::swap(event->left, event->joined);
        break;
      case 4:
        event->joined.clear();
        event->left.clear();
        break;
      default: {
        auto& list = event->left.empty() ? event->joined : event->left;
        list.front().reason = CPG_REASON_NODEDOWN;
      }
    }
    return what_ + " altered in its lists";
  }

  Generator& generator_;
  Session& session_;
  std::vector<size_t> places_;
  size_t at_ = 0;
  std::string what_;
};

constexpr uint32_t kSeeds = 150;

TEST(PropertyTest, WhatAModelGivesIsAccepted) {
  for (uint32_t seed = 0; seed < kSeeds; ++seed) {
    EXPECT_EQ(Judge(Generator(seed).History()), "pass") << "seed " << seed;
  }
}

TEST(PropertyTest, ASingleMutationIsFound) {
  constexpr int kMutations = 20;
  int applied = 0;
  for (uint32_t seed = 0; seed < kSeeds; ++seed) {
    Generator generator(seed);
    const Model good = generator.History();
    for (int i = 0; i < kMutations; ++i) {
      Model model = good;
      const auto& sessions = model.history().sessions;
      const std::string name =
          sessions.at(generator.Below(static_cast<int>(sessions.size()))).name;
      const std::string what =
          Mutation(&generator, &model.session(name)).Apply();
      if (what.empty()) {
        continue;
      }
      ++applied;
      EXPECT_EQ(Check(model.history()).outcome, CheckResult::Outcome::kFail)
          << "seed " << seed << ": " << what;
    }
  }
  EXPECT_GT(applied, static_cast<int>(kSeeds) * kMutations / 2);
}

}  // namespace
}  // namespace cpgcert::conformance::history
