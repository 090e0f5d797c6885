#include "harness/disturbances/signal_probe.h"

#include <chrono>
#include <csignal>

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
  constexpr std::chrono::seconds kDeadline{10};
  const auto end = std::chrono::steady_clock::now() + kDeadline;
  const int before = Handled();
  if (pthread_kill(thread, SIGUSR1) != 0) {
    return false;
  }
  while (Handled() == before) {
    if (stop_ || std::chrono::steady_clock::now() > end) {
      return false;
    }
    std::this_thread::yield();
  }
  return true;
}

void SignalProbe::StartStorm(pthread_t thread) {
  stop_ = false;
  storm_ = std::thread([this, thread] {
    while (!stop_ && Send(thread)) {
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

int SignalProbe::Handled() { return handled.load(); }

}  // namespace cpgcert::harness
