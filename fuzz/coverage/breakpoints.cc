#include "fuzz/coverage/breakpoints.h"

#include <dlfcn.h>
#include <fmt/core.h>
#include <link.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace cpgcert::fuzz::coverage {

namespace {

constexpr uint8_t kBreakpoint = 0xcc;
constexpr size_t kLibrariesMax = 8;

// What the handler looks through; entries are only ever added.
std::array<std::atomic<Breakpoints*>, kLibrariesMax> libraries{};

// Set by the handler when the trap of TrapsArrive() arrives.
std::atomic<uintptr_t> probe_address{0};
std::atomic<bool> probe_arrived{false};

#if defined(__x86_64__)

bool IsBreakpoint(const siginfo_t& info) {
  return info.si_code == SI_KERNEL || info.si_code == TRAP_BRKPT;
}

bool HitAny(uintptr_t address) {
  return std::ranges::any_of(libraries, [address](const auto& each) {
    Breakpoints* breakpoints = each.load();
    return breakpoints != nullptr && breakpoints->Hit(address);
  });
}

void OnTrap(int signal_number, siginfo_t* info, void* context) {
  greg_t& next = static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP];
  const auto address = static_cast<uintptr_t>(next) - 1;
  if (IsBreakpoint(*info)) {
    if (HitAny(address)) {
      next = static_cast<greg_t>(address);
      return;
    }
    if (probe_address.load() == address) {
      probe_arrived = true;
      return;
    }
  }
  // Not one of ours: ends here, as SA_NODEFER leaves the signal unblocked.
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

// A debugger that keeps the signal to itself would let the thread run on in
// the middle of an instruction.
bool TrapsArrive() {
  probe_arrived = false;
  uintptr_t here = 0;
  asm volatile(
      "lea 1f(%%rip), %0\n"
      "xchg %0, %1\n"
      "1: int3\n"
      : "=&r"(here), "+m"(probe_address)
      :
      : "memory");
  probe_address = 0;
  return probe_arrived;
}

#endif

// Without a stack of its own the handler's frame would overwrite what lies
// below the stack, and so change what a library finds in variables that it
// never set.
void GiveSignalStack() {
  constexpr size_t kSize = 64 * 1024;
  stack_t now{};
  if (sigaltstack(nullptr, &now) != 0 || (now.ss_flags & SS_DISABLE) == 0) {
    return;
  }
  stack_t stack{};
  stack.ss_sp = mmap(nullptr, kSize, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  stack.ss_size = kSize;
  if (stack.ss_sp != MAP_FAILED) {
    sigaltstack(&stack, nullptr);
  }
}

std::string TakeTraps() {
#if defined(__x86_64__)
  GiveSignalStack();
  struct sigaction old{};
  sigaction(SIGTRAP, nullptr, &old);
  if ((old.sa_flags & SA_SIGINFO) == 0 || old.sa_sigaction != OnTrap) {
    struct sigaction action{};
    action.sa_sigaction = OnTrap;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGTRAP, &action, nullptr) != 0) {
      return fmt::format("cannot handle SIGTRAP: {}", std::strerror(errno));
    }
  }
  sigset_t trap;
  sigemptyset(&trap);
  sigaddset(&trap, SIGTRAP);
  pthread_sigmask(SIG_UNBLOCK, &trap, nullptr);
  return TrapsArrive() ? "" : "something else, a debugger, takes the traps";
#else
  return "there are breakpoints for x86-64 only";
#endif
}

std::string MakeWritable(uintptr_t begin, size_t size) {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const uintptr_t first = begin / page * page;
  const uintptr_t last = (begin + size + page - 1) / page * page;
  void* pages = reinterpret_cast<void*>(first);
  if (mprotect(pages, last - first, PROT_READ | PROT_WRITE | PROT_EXEC) != 0) {
    return fmt::format(
        "this system lets no memory be writable and executable (mprotect: {})",
        std::strerror(errno));
  }
  return "";
}

bool IsKnown(uintptr_t code) {
  return std::ranges::any_of(libraries, [code](const auto& each) {
    const Breakpoints* breakpoints = each.load();
    return breakpoints != nullptr && breakpoints->size() > 0 &&
           breakpoints->address(0) == code;
  });
}

}  // namespace

Breakpoints::Breakpoints(uintptr_t base, const BasicBlocks& blocks)
    : base_(base),
      blocks_(blocks.blocks),
      counters_(blocks_.size()),
      armed_(blocks_.size()),
      seen_(blocks_.size()) {
  for (const Block& block : blocks_) {
    originals_.push_back(blocks.text[block.address - blocks.text_address]);
  }
}

std::string Breakpoints::Ready(void* library, const BasicBlocks& blocks,
                               Breakpoints** breakpoints) {
  link_map* map = nullptr;
  if (dlinfo(library, RTLD_DI_LINKMAP, &map) != 0) {
    return "not a loaded library";
  }
  if (blocks.blocks.empty()) {
    return "no basic block was found";
  }
  const uintptr_t code = map->l_addr + blocks.text_address;
  if (IsKnown(map->l_addr + blocks.blocks[0].address)) {
    return "it has breakpoints already";
  }
  if (std::memcmp(reinterpret_cast<const void*>(code), blocks.text.data(),
                  blocks.text.size()) != 0) {
    return "its code in memory is not that of its file";
  }
  const auto free = std::ranges::find_if(
      libraries, [](const auto& each) { return each.load() == nullptr; });
  if (free == libraries.end()) {
    return "too many libraries have breakpoints";
  }
  std::string error = TakeTraps();
  if (error.empty()) {
    error = MakeWritable(code, blocks.text.size());
  }
  if (error.empty()) {
    *breakpoints = new Breakpoints(map->l_addr, blocks);  // NOLINT: for good
    *free = *breakpoints;
  }
  return error;
}

std::atomic_ref<uint8_t> Breakpoints::CodeAt(size_t i) {
  return std::atomic_ref(*reinterpret_cast<uint8_t*>(address(i)));
}

void Breakpoints::Arm(size_t i) {
  armed_[i] = true;
  CodeAt(i) = kBreakpoint;
}

void Breakpoints::ArmAll() {
  for (size_t i = 0; i < size(); ++i) {
    Arm(i);
  }
}

void Breakpoints::ArmUnseen() {
  for (size_t i = 0; i < size(); ++i) {
    if (!seen_[i]) {
      Arm(i);
    } else {
      CodeAt(i) = originals_[i];
      armed_[i] = false;
    }
  }
}

void Breakpoints::Disarm() {
  for (size_t i = 0; i < size(); ++i) {
    CodeAt(i) = originals_[i];
    armed_[i] = false;
  }
}

void Breakpoints::ForgetSeen() {
  for (auto& each : seen_) {
    each = false;
  }
  seen_count_ = 0;
}

bool Breakpoints::Hit(uintptr_t address) {
  const auto block =
      std::ranges::lower_bound(blocks_, address - base_, {},
                               [](const Block& each) { return each.address; });
  if (block == blocks_.end() || block->address != address - base_) {
    return false;
  }
  const auto i = static_cast<size_t>(block - blocks_.begin());
  // In this order: were the byte restored last, it could undo a breakpoint that
  // was armed anew in between. Of two threads that trap at once, one counts.
  CodeAt(i) = originals_[i];
  if (armed_[i].exchange(false)) {
    std::atomic_ref(counters_[i]).store(1, std::memory_order_relaxed);
    trapped_.fetch_add(1);
    if (!seen_[i].exchange(true)) {
      seen_count_.fetch_add(1);
    }
  }
  return true;
}

}  // namespace cpgcert::fuzz::coverage
