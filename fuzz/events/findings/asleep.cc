#include "fuzz/events/findings/asleep.h"

#include <sys/time.h>
#include <ucontext.h>

#include <cerrno>
#include <csignal>

namespace cpgcert::fuzz {

namespace {

constexpr int kTicks = 4;
constexpr suseconds_t kTickMicroseconds = 250'000;

struct sigaction at_the_end;
int asleep = 0;  // so many ticks in a row

void OnTick(int signal, siginfo_t* info, void* context) {
  const auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  const auto* const next =
      reinterpret_cast<const unsigned char*>(registers[REG_RIP]);
  // What the kernel leaves of a call that a signal has interrupted.
  const bool in_call =
      registers[REG_RAX] == -EINTR && next[-2] == 0x0f && next[-1] == 0x05;
  asleep = in_call ? asleep + 1 : 0;
  if (asleep == kTicks) at_the_end.sa_sigaction(signal, info, context);
}

}  // namespace

void WatchForSleep() {
  asleep = 0;
  if (at_the_end.sa_sigaction == nullptr) {
    struct sigaction tick{};
    tick.sa_sigaction = OnTick;
    tick.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigaction(SIGALRM, &tick, &at_the_end);
  }
  itimerval clock{};
  clock.it_value.tv_usec = kTickMicroseconds;
  clock.it_interval.tv_usec = kTickMicroseconds;
  setitimer(ITIMER_REAL, &clock, nullptr);
}

}  // namespace cpgcert::fuzz
