// What one libcpg costs beside another: both on the same corosync, in turns,
// so that what disturbs the machine disturbs both. A ratio, not a time: only
// the ratio means something on another machine.
//
//   bazel run -c opt //harness/reference:benchmark [-- THIS.so THAT.so]
//
// Without arguments: the reference against the system's libcpg.

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "harness/corosync.h"
#include "harness/cpg_api.h"
#include "harness/identity/library_identity.h"
#include "harness/namespaces.h"

namespace cpgcert::harness {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRounds = 41;

void Check(const char* call, cs_error_t error) {
  if (error == CS_OK) return;
  std::fprintf(stderr, "%s: %s\n", call, ErrorName(error).c_str());
  std::exit(2);
}

size_t deliveries = 0;

void Deliver(cpg_handle_t, const cpg_name*, uint32_t, uint32_t, void*, size_t) {
  ++deliveries;
}

void Change(cpg_handle_t, const cpg_name*, const cpg_address*, size_t,
            const cpg_address*, size_t, const cpg_address*, size_t) {}

// A member of a group of its own.
class Member {
 public:
  explicit Member(const CpgApi& api) : api_(api) {
    cpg_callbacks_t callbacks = {Deliver, Change};
    Check("cpg_initialize", api_.initialize(&handle_, &callbacks));
    cpg_name name = {5, "group"};
    cs_error_t error = CS_ERR_TRY_AGAIN;
    while (error == CS_ERR_TRY_AGAIN) error = api_.join(handle_, &name);
    Check("cpg_join", error);
    Check("cpg_dispatch", api_.dispatch(handle_, CS_DISPATCH_ONE));
  }
  ~Member() { Check("cpg_finalize", api_.finalize(handle_)); }
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;

  void Send(std::vector<char>* message) {
    iovec piece = {message->data(), message->size()};
    cs_error_t error = CS_ERR_TRY_AGAIN;
    while (error == CS_ERR_TRY_AGAIN) {
      error = api_.mcast_joined(handle_, CPG_TYPE_AGREED, &piece, 1);
    }
    Check("cpg_mcast_joined", error);
  }
  void Receive(size_t count) {
    const size_t end = deliveries + count;
    while (deliveries < end) {
      Check("cpg_dispatch", api_.dispatch(handle_, CS_DISPATCH_ONE));
    }
  }
  // Until all of `count` messages are there, without taking any.
  void AwaitAll() {
    unsigned int node = 0;
    Check("cpg_local_get", api_.local_get(handle_, &node));
  }
  void DrainAll(size_t count) {
    const size_t end = deliveries + count;
    while (deliveries < end) {
      Check("cpg_dispatch", api_.dispatch(handle_, CS_DISPATCH_ALL));
    }
  }

 private:
  const CpgApi& api_;
  cpg_handle_t handle_ = 0;
};

using Seconds = std::chrono::duration<double>;

// The time of one round.
struct Workload {
  const char* name;
  Seconds (*round)(const CpgApi& api);
};

Seconds Connecting(const CpgApi& api) {
  constexpr int kTimes = 20;
  const auto begin = Clock::now();
  for (int i = 0; i < kTimes; ++i) {
    cpg_handle_t handle = 0;
    Check("cpg_initialize", api.initialize(&handle, nullptr));
    Check("cpg_finalize", api.finalize(handle));
  }
  return Clock::now() - begin;
}

Seconds ThereAndBack(const CpgApi& api) {
  constexpr int kTimes = 200;
  Member member(api);
  std::vector<char> message(100, 'x');
  const auto begin = Clock::now();
  for (int i = 0; i < kTimes; ++i) {
    member.Send(&message);
    member.Receive(1);
  }
  return Clock::now() - begin;
}

// Only the dispatch counts: the messages wait when it begins.
Seconds Draining(const CpgApi& api) {
  constexpr int kMessages = 10'000;
  constexpr int kAtOnce = 1'000;  // what waits needs room in the connection
  Member member(api);
  std::vector<char> message(100, 'x');
  Seconds spent{};
  for (int sent = 0; sent < kMessages; sent += kAtOnce) {
    for (int i = 0; i < kAtOnce; ++i) member.Send(&message);
    member.AwaitAll();
    const auto begin = Clock::now();
    member.DrainAll(kAtOnce);
    spent += Clock::now() - begin;
  }
  return spent;
}

Seconds LargeMessage(const CpgApi& api) {
  Member member(api);
  std::vector<char> message(3'000'000, 'x');
  const auto begin = Clock::now();
  member.Send(&message);
  member.Receive(1);
  return Clock::now() - begin;
}

constexpr Workload kWorkloads[] = {
    {"cpg_initialize + cpg_finalize, 20 times", Connecting},
    {"100 bytes to oneself and back, 200 times", ThereAndBack},
    {"10,000 messages of 100 bytes drained by ALL", Draining},
    {"3 MB to oneself and back", LargeMessage}};

double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<long>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::vector<double> Sorted(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values;
}

void Compare(const Workload& workload, const CpgApi& one, const CpgApi& other) {
  std::vector<double> ones;
  std::vector<double> others;
  std::vector<double> ratios;
  for (int i = 0; i < kRounds; ++i) {
    // Who begins changes.
    const bool swapped = i % 2 == 1;
    const double first = workload.round(swapped ? other : one).count();
    const double second = workload.round(swapped ? one : other).count();
    ones.push_back(swapped ? second : first);
    others.push_back(swapped ? first : second);
    ratios.push_back(ones.back() / others.back());
  }
  const std::vector<double> sorted = Sorted(ratios);
  fmt::print("{:46} {:8.2f} ms {:8.2f} ms {:6.2f}  ({:.2f} to {:.2f})\n",
             workload.name, Median(ones) * 1e3, Median(others) * 1e3,
             Median(ratios), sorted[sorted.size() / 4],
             sorted[3 * sorted.size() / 4]);
  std::fflush(stdout);
}

int InWorker(const std::string& one, const std::string& other) {
  Corosync service;
  std::string error = service.Restart(Clock::now() + std::chrono::seconds(60));
  if (!error.empty()) {
    std::fprintf(stderr, "%s\n", error.c_str());
    return 2;
  }
  const auto one_api = LoadCpgApi(one, &error);
  const auto other_api = LoadCpgApi(other, &error);
  if (one_api == nullptr || other_api == nullptr) {
    std::fprintf(stderr, "%s\n", error.c_str());
    return 2;
  }
  fmt::print("this: {}\nthat: {}\n\n", one, other);
  fmt::print("{:46} {:>11} {:>11} {:>6}  (quartiles)\n",
             fmt::format("median of {} rounds", kRounds), "this", "that",
             "ratio");
  for (const Workload& workload : kWorkloads) {
    Compare(workload, *one_api, *other_api);
  }
  return 0;
}

int Main(int argc, char** argv) {
  if (argc != 1 && argc != 3) {
    std::fprintf(stderr, "usage: %s [THIS.so THAT.so]\n", argv[0]);
    return 2;
  }
  const FoundLibrary system = FindSystemLibrary();
  if (argc == 1 && !system.error.empty()) {
    std::fprintf(stderr, "%s\n", system.error.c_str());
    return 2;
  }
  const std::string one = argc == 3 ? argv[1] : "harness/reference/libcpg.so.4";
  const std::string other = argc == 3 ? argv[2] : system.path;
  StartWorkerResult started = StartWorker([&](int /*control*/) {
    return InWorker(std::filesystem::absolute(one), other);
  });
  if (!started.error.empty()) {
    std::fprintf(stderr, "%s\n", started.error.c_str());
    return 2;
  }
  return started.worker.Wait(Clock::now() + std::chrono::minutes(10))
      .value_or(2);
}

}  // namespace
}  // namespace cpgcert::harness

int main(int argc, char** argv) { return cpgcert::harness::Main(argc, argv); }
