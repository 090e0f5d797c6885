#include "harness/swarm/swarm.h"

#include <fmt/core.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <functional>
#include <numeric>
#include <utility>

#include "harness/process_tree.h"
#include "harness/swarm/swarm_program.h"
#include "harness/swarm/swarm_trace.h"
#include "harness/trace/trace.h"

namespace cpgcert::harness {

namespace {

using Clock = std::chrono::steady_clock;

// Far more than a member needs that writes thousands of events.
constexpr size_t kRecordBytesMax = size_t{16} << 20;
constexpr int kPauseMs = 1;

std::vector<Swarm*> swarms;

// Polls, at most until `end`.
bool WaitUntil(Clock::time_point end, const std::function<bool()>& happened) {
  while (!happened()) {
    if (Clock::now() > end) {
      return false;
    }
    poll(nullptr, 0, kPauseMs);  // sleep: leaves the processor to the members
  }
  return true;
}

// How often the first thread of a process went to sleep.
uint64_t SleepCount(pid_t process) {
  std::ifstream status(fmt::format("/proc/{}/status", process));
  std::string word;
  uint64_t count = 0;
  while (status >> word) {
    if (word == "voluntary_ctxt_switches:") {
      status >> count;
      return count;
    }
  }
  return 0;
}

// True if the first thread of a process sleeps.
bool IsAsleep(pid_t process) {
  std::ifstream status(fmt::format("/proc/{}/status", process));
  std::string word;
  while (status >> word) {
    if (word == "State:") {
      status >> word;
      return word == "S";
    }
  }
  return false;
}

// The multicast of at least `size` bytes that had not returned at the end.
bool EndedInsideMulticast(const std::vector<SwarmEvent>& events, size_t size) {
  return !events.empty() &&
         events.back().kind == SwarmEvent::Kind::kCallBegin &&
         events.back().call == SwarmEvent::Call::kMulticast &&
         events.back().size >= size;
}

}  // namespace

Swarm::Swarm(std::string library)
    : library_(std::move(library)), end_(Clock::now() + kSwarmDeadline) {
  swarms.push_back(this);
}

Swarm::~Swarm() {
  for (Process& process : members_) {
    End(&process);
  }
  std::erase(swarms, this);
}

int Swarm::Start(SwarmProgram program) {
  const int member =
      trace::Observe("swarm_member", [&] { return Fork(program); });
  if (trace::Replaying() && member >= 0) {
    members_.emplace_back().reaped = true;
  }
  return member;
}

int Swarm::Fork(const SwarmProgram& program) {
  Process member;
  member.record = std::make_unique<SwarmRecord>(kRecordBytesMax);
  const pid_t parent = getpid();
  member.process = fork();
  if (member.process == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
      _exit(1);
    }
    RunSwarmProgram(library_, program, member.record.get());
  }
  if (member.process < 0) {
    return -1;
  }
  members_.push_back(std::move(member));
  return size() - 1;
}

bool Swarm::WaitSteps(int member, uint32_t steps) {
  return trace::Observe("swarm_steps", [&] { return SeeSteps(member, steps); });
}

bool Swarm::SeeSteps(int member, uint32_t steps) {
  Process& process = members_.at(member);
  bool done = false;
  WaitUntil(end_, [&] {
    const bool ended = HasEnded(&process);
    done = process.record->progress().steps >= steps;
    return done || ended;
  });
  return done;
}

bool Swarm::WaitAsleepIn(int member, SwarmEvent::Call call) {
  return trace::Observe("swarm_asleep",
                        [&] { return SeeAsleepIn(member, call); });
}

bool Swarm::SeeAsleepIn(int member, SwarmEvent::Call call) {
  Process& process = members_.at(member);
  bool asleep = false;
  WaitUntil(end_, [&] {
    const bool ended = HasEnded(&process);
    asleep = process.record->progress().call == call &&
             IsAsleep(process.process) &&
             process.record->progress().call == call;
    return asleep || ended;
  });
  return asleep;
}

void Swarm::WaitEnded(int member) {
  if (trace::Replaying()) {
    return;
  }
  Process& process = members_.at(member);
  if (!WaitUntil(end_, [&] { return HasEnded(&process); })) {
    TakeDown(&process);
  }
}

void Swarm::WaitAllEnded() {
  if (trace::Replaying()) {
    return;
  }
  bool lost = false;
  std::vector<int> running(members_.size());
  std::iota(running.begin(), running.end(), 0);
  WaitUntil(end_, [&] {
    std::erase_if(running, [&](int member) {
      if (!HasEnded(&members_.at(member))) {
        return false;
      }
      const SwarmMember::End end = Look(member).end;
      lost |=
          end == SwarmMember::End::kCrashed || end == SwarmMember::End::kGaveUp;
      return true;
    });
    return lost || running.empty();
  });
  for (const int member : running) {
    TakeDown(&members_.at(member));
  }
}

void Swarm::Permit(int member) {
  if (!trace::Replaying()) {
    ++members_.at(member).record->progress().permits;
  }
}

bool Swarm::KillDuring(int member, size_t size, uint64_t sleeps) {
  return trace::Observe("swarm_killed",
                        [&] { return KillInside(member, size, sleeps); });
}

bool Swarm::KillInside(int member, size_t size, uint64_t sleeps) {
  Process& process = members_.at(member);
  const auto in_call = [&] {
    return process.record->progress().call_size >= size;
  };
  WaitUntil(end_, [&] { return in_call() || HasEnded(&process); });
  const uint64_t before = SleepCount(process.process);
  while (in_call() && SleepCount(process.process) < before + sleeps &&
         Clock::now() < end_) {
  }
  if (HasEnded(&process)) {
    return false;
  }
  process.killed = true;
  End(&process);
  return EndedInsideMulticast(process.record->Events(), size);
}

SwarmMember Swarm::Member(int member) const {
  return ObserveMember([&] { return Look(member); });
}

SwarmMember Swarm::Look(int member) const {
  const Process& process = members_.at(member);
  SwarmMember result;
  result.process = process.process;
  result.node = process.record->progress().node;
  result.events = process.record->Events();
  result.overflowed = process.record->overflowed();
  std::string last;
  if (!result.events.empty() &&
      result.events.back().kind == SwarmEvent::Kind::kEnd) {
    last = result.events.back().text;
    result.events.pop_back();
  }
  result.end_text = DescribeEnd(process.status);
  const bool sigkill =
      WIFSIGNALED(process.status) && WTERMSIG(process.status) == SIGKILL;
  const bool good_exit =
      WIFEXITED(process.status) && WEXITSTATUS(process.status) == 0;
  if (!process.reaped) {
    result.end = SwarmMember::End::kRunning;
  } else if (process.taken_down) {
    result.end = SwarmMember::End::kTakenDown;
    result.end_text = process.threads;
  } else if (sigkill && (process.killed || last == kSwarmKillsItself)) {
    result.end = SwarmMember::End::kKilled;
  } else if (good_exit && last == kSwarmCompleted) {
    result.end = SwarmMember::End::kCompleted;
  } else if (good_exit && last == kSwarmExits) {
    result.end = SwarmMember::End::kExited;
  } else if (WIFEXITED(process.status) && !last.empty()) {
    result.end = SwarmMember::End::kGaveUp;
    result.end_text = last;
  } else {
    result.end = SwarmMember::End::kCrashed;
  }
  return result;
}

void Swarm::EndAll() {
  for (Swarm* swarm : swarms) {
    for (Process& process : swarm->members_) {
      End(&process);
    }
  }
}

bool Swarm::HasEnded(Process* process) {
  if (!process->reaped &&
      waitpid(process->process, &process->status, WNOHANG) != 0) {
    process->reaped = true;
  }
  return process->reaped;
}

void Swarm::End(Process* process) {
  if (!process->reaped) {
    kill(process->process, SIGKILL);
    waitpid(process->process, &process->status, 0);
    process->reaped = true;
  }
}

void Swarm::TakeDown(Process* process) {
  if (!HasEnded(process)) {
    process->taken_down = true;
    process->threads = DescribeThreads(process->process);
    End(process);
  }
}

}  // namespace cpgcert::harness
