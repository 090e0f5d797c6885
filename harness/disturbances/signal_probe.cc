#include "harness/disturbances/signal_probe.h"

#include <chrono>
#include <csignal>

#include "harness/trace/trace.h"

namespace cpgcert::harness {

namespace {

std::atomic<int> handled{0};

void Count(int /*number*/) { handled.fetch_add(1); }

}  // namespace

SignalProbe::SignalProbe(bool restarting) {
  struct sigaction action{};
  action.sa_handler = Count;
  action.sa_flags = restarting ? SA_RESTART : 0;
  sigaction(SIGUSR1, &action, nullptr);
}

SignalProbe::~SignalProbe() { StopStorm(); }

bool SignalProbe::Send(pthread_t thread) {
  return trace::Observe("signal_handled", [&] { return SendAndWait(thread); });
}

bool SignalProbe::SendAndWait(pthread_t thread) {
  constexpr std::chrono::seconds kDeadline{10};
  const auto end = std::chrono::steady_clock::now() + kDeadline;
  const int before = handled;
  if (pthread_kill(thread, SIGUSR1) != 0) {
    return false;
  }
  while (handled == before) {
    if (stop_ || std::chrono::steady_clock::now() > end) {
      return false;
    }
    std::this_thread::yield();
  }
  return true;
}

void SignalProbe::StartStorm(pthread_t thread) {
  if (trace::Replaying()) {
    return;
  }
  stop_ = false;
  storm_ = std::thread([this, thread] {
    while (!stop_ && SendAndWait(thread)) {
    }
  });
}

void SignalProbe::StopStorm() {
  stop_ = true;
  if (storm_.joinable()) {
    storm_.join();
  }
  stop_ = false;  // for a Send() that follows
}

int SignalProbe::Handled() {
  // Never destroyed: threads may look when the process ends.
  static auto* seen = trace::Changing::NewOnly("signals");
  return seen->See([] { return handled.load(); });
}

}  // namespace cpgcert::harness
