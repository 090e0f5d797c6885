#include "conformance/history/plan.h"

#include <utility>

namespace cpgcert::conformance::history {

namespace {

using harness::SwarmProgram;
using harness::SwarmStep;
using Kind = SwarmStep::Kind;

// Whatever is waited for is sent so often.
constexpr int kTimes = 2;

SwarmStep Multicast(const Burst& burst, int connection = 0) {
  return {.kind = Kind::kMulticast,
          .connection = connection,
          .text = burst.text,
          .count = burst.count,
          .sizes = burst.sizes,
          .dispatch_every = burst.dispatch_every,
          .window = burst.window};
}

SwarmStep MulticastLast(const std::string& text, int connection) {
  return Multicast({.text = text, .count = kTimes}, connection);
}

SwarmStep AwaitMessage(const std::string& text, int connection = 0) {
  return {.kind = Kind::kAwaitMessages, .connection = connection, .text = text};
}

}  // namespace

SwarmProgram Plan::Begin() const {
  return {{.kind = Kind::kConnect},
          {.kind = Kind::kJoin, .text = group_},
          AwaitMessage("go")};
}

void Plan::Stay(const std::string& text, SwarmProgram* program) {
  const int connection = program->back().connection;
  last_.push_back(text + ".last");
  program->push_back(MulticastLast(last_.back(), connection));
  program->push_back(AwaitMessage("end", connection));
}

void Plan::Add(SwarmProgram program) {
  programs_.push_back(std::move(program));
}

void Plan::Listen() {
  SwarmProgram program = Begin();
  program.push_back(AwaitMessage("end"));
  Add(std::move(program));
}

void Plan::Send(const Burst& burst, bool amid_departures) {
  SwarmProgram program = Begin();
  program.push_back(Multicast(burst));
  Stay(burst.text, &program);
  if (amid_departures) {
    amid_departures_.push_back(programs_.size());
  }
  Add(std::move(program));
}

void Plan::LeaveAndRejoin(const std::string& text, int rounds) {
  SwarmProgram program = Begin();
  for (int i = 0; i < rounds; ++i) {
    program.push_back(
        Multicast({.text = text + std::to_string(i), .count = 3}, i));
    program.push_back({.kind = Kind::kLeave,
                       .connection = i,
                       .text = group_,
                       .without_waiting = i % 2 == 1});
    program.push_back({.kind = Kind::kFinalize, .connection = i});
    program.push_back({.kind = Kind::kConnect, .connection = i + 1});
    program.push_back(
        {.kind = Kind::kJoin, .connection = i + 1, .text = group_});
    ++departures_;
  }
  Stay(text, &program);
  Add(std::move(program));
}

void Plan::SendAndLeave(const Burst& burst) {
  SwarmProgram program = Begin();
  program.push_back(Multicast(burst));
  program.push_back({.kind = Kind::kLeave, .text = group_});
  ++departures_;
  Add(std::move(program));
}

void Plan::SendAndFinalize(const Burst& burst) {
  SwarmProgram program = Begin();
  program.push_back(Multicast(burst));
  program.push_back({.kind = Kind::kFinalize});
  program.push_back({.kind = Kind::kConnect, .connection = 1});
  program.push_back({.kind = Kind::kJoin, .connection = 1, .text = group_});
  ++departures_;
  Stay(burst.text, &program);
  Add(std::move(program));
}

void Plan::SendAndExit(const Burst& burst) {
  SwarmProgram program = Begin();
  program.push_back(Multicast(burst));
  program.push_back({.kind = Kind::kExit});
  ++departures_;
  Add(std::move(program));
}

void Plan::SendAndKill(const Burst& burst) {
  SwarmProgram program = Begin();
  program.push_back(Multicast(burst));
  program.push_back({.kind = Kind::kKill});
  ++departures_;
  Add(std::move(program));
}

int Plan::SendUntilKilled(const std::string& text, size_t size,
                          int departures) {
  SwarmProgram program = Begin();
  program.push_back({.kind = Kind::kAwaitDepartures, .count = departures});
  program.push_back(Multicast({.text = text, .sizes = {size}}));
  program.push_back({.kind = Kind::kKill});
  ++departures_;
  Add(std::move(program));
  return static_cast<int>(programs_.size());
}

int Plan::SendWhenPermitted(const std::string& text, size_t size, int rounds) {
  SwarmProgram program = Begin();
  for (int i = 0; i < rounds; ++i) {
    program.push_back({.kind = Kind::kAwaitPermit});
    program.push_back(
        Multicast({.text = text + std::to_string(i), .sizes = {size}}));
  }
  Stay(text, &program);
  Add(std::move(program));
  return static_cast<int>(programs_.size());
}

SwarmProgram Plan::JoinWhenPermitted(const std::string& text, int rounds) {
  SwarmProgram program;
  for (int i = 0; i < rounds; ++i) {
    const std::string own = text + std::to_string(i);
    program.insert(program.end(),
                   {{.kind = Kind::kConnect, .connection = i},
                    {.kind = Kind::kAwaitPermit, .connection = i},
                    {.kind = Kind::kJoin, .connection = i, .text = group_},
                    MulticastLast(own, i),
                    AwaitMessage(own, i)});
    if (i < rounds - 1) {
      program.push_back(
          {.kind = Kind::kLeave, .connection = i, .text = group_});
      program.push_back({.kind = Kind::kFinalize, .connection = i});
      ++departures_;
    }
  }
  Stay(text, &program);
  return program;
}

SwarmProgram Plan::Latecomer(const std::string& text) {
  SwarmProgram program = Begin();
  program.pop_back();  // "go" was before
  program.push_back(Multicast({.text = text, .count = 3}));
  Stay(text, &program);
  return program;
}

std::vector<SwarmProgram> Plan::Programs() const {
  SwarmProgram coordinator = Begin();
  coordinator.back() = {.kind = Kind::kAwaitMembers,
                        .count = static_cast<int>(programs_.size()) + 1};
  coordinator.push_back(MulticastLast("go", 0));
  for (const std::string& last : last_) {
    coordinator.push_back(AwaitMessage(last));
  }
  coordinator.push_back({.kind = Kind::kAwaitDepartures, .count = departures_});
  coordinator.push_back(MulticastLast("end", 0));
  coordinator.push_back(AwaitMessage("end"));
  std::vector<SwarmProgram> programs = {std::move(coordinator)};
  programs.insert(programs.end(), programs_.begin(), programs_.end());
  for (const size_t index : amid_departures_) {
    for (SwarmStep& step : programs.at(index + 1)) {
      if (step.kind == Kind::kMulticast && step.count > kTimes) {
        step.until_departures = departures_;
      }
    }
  }
  return programs;
}

SwarmProgram InTwoGroups(const SwarmProgram& program) {
  SwarmProgram both;
  for (SwarmStep step : program) {
    both.push_back(step);
    step.connection = 1;
    step.text += kOtherGroup;
    both.push_back(std::move(step));
  }
  return both;
}

}  // namespace cpgcert::conformance::history
