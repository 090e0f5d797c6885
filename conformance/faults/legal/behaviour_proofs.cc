#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "conformance/faults/legal/proof.h"
#include "conformance/support/support.h"
#include "conformance/support/watched_answer.h"
#include "harness/client.h"
#include "harness/message.h"
#include "harness/peer.h"

namespace cpgcert::faults {

namespace {

using conformance::CaseContext;
using conformance::Connect;
using conformance::JoinAndSettle;
using conformance::kWaitDeadline;
using conformance::NeedOk;
using conformance::UniqueGroup;
using harness::CallbackRecord;
using harness::CallbackSet;
using harness::Client;
using harness::ErrorName;
using harness::MakeMessage;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// How often a thing is tried that time may spoil.
constexpr int kTriesMax = 20;

std::unique_ptr<Client> Member(CaseContext& context,
                               CallbackSet callbacks = {}) {
  auto client = Connect(context, callbacks);
  JoinAndSettle(*client, UniqueGroup("variant"));
  return client;
}

std::string If(bool differs, const std::string& otherwise) {
  return differs ? "" : otherwise;
}

size_t EntriesOf(const char* directory) {
  size_t count = 0;
  for ([[maybe_unused]] const auto& entry :
       std::filesystem::directory_iterator(directory)) {
    ++count;
  }
  return count;
}

// The process ids of the last change in which there are two members.
std::string ReversedMembers(CaseContext& context) {
  const std::string group = UniqueGroup("variant");
  auto peer = conformance::StartPeer(context);
  auto client = Connect(context);
  JoinAndSettle(*client, group);
  conformance::Need(peer->Join(group));
  conformance::DispatchThroughBarrier(*client);
  for (const CallbackRecord& record : client->Records()) {
    if (record.members.size() == 2) {
      return If(record.members.front().pid != static_cast<uint32_t>(getpid()),
                "the one that joined first is first");
    }
  }
  return "no change with two members";
}

std::string Scrubs(CaseContext& context) {
  auto client = Member(context);
  const unsigned char* data = nullptr;
  client->on_callback = [&data](const CallbackRecord& record) {
    data = static_cast<const unsigned char*>(record.data);
  };
  conformance::DispatchThroughBarrier(*client);
  return If(data != nullptr && *data == 0xA5, "the message is as it was");
}

std::string SmallHandle(CaseContext& context) {
  const cpg_handle_t handle = Connect(context)->handle();
  return If(handle < 1000, fmt::format("the handle is {:#x}", handle));
}

std::string PointerHandle(CaseContext& context) {
  const cpg_handle_t handle = Connect(context)->handle();
  uint64_t word = 0;
  const iovec here{&word, sizeof(word)};
  const iovec there{reinterpret_cast<void*>(handle), sizeof(word)};  // NOLINT
  return If(process_vm_readv(getpid(), &here, 1, &there, 1, 0) > 0,
            fmt::format("{:#x} is no address", handle));
}

std::string Epoll(CaseContext& context) {
  auto client = Connect(context);
  int descriptor = -1;
  NeedOk("cpg_fd_get", client->api().fd_get(client->handle(), &descriptor));
  const std::string target =
      std::filesystem::read_symlink(fmt::format("/proc/self/fd/{}", descriptor))
          .string();
  return If(target.find("eventpoll") != std::string::npos, target);
}

std::string WithoutCallback(CaseContext& context, cs_error_t wanted) {
  CallbackSet callbacks;
  callbacks.deliver = false;
  auto client = Member(context, callbacks);
  NeedOk("cpg_mcast_joined", client->Multicast(MakeMessage("m")));
  if (!client->WaitReadable(kWaitDeadline)) return "the message did not come";
  const cs_error_t came = client->Dispatch(CS_DISPATCH_ONE_NONBLOCKING);
  return If(came == wanted, "it answers " + ErrorName(came));
}

std::string OneTakesAll(CaseContext& context) {
  auto client = Member(context);
  for (int i = 0; i < kTriesMax; ++i) {
    for (int k = 0; k < 3; ++k) {
      NeedOk("cpg_mcast_joined", client->Multicast(MakeMessage("m")));
    }
    NeedOk("cpg_local_get", client->RoundTrip());
    if (!client->WaitReadable(kWaitDeadline)) return "no message came";
    const size_t before = client->RecordCount();
    NeedOk("cpg_dispatch", client->Dispatch(CS_DISPATCH_ONE));
    if (client->RecordCount() > before + 1) return "";
  }
  return "one callback each time";
}

std::string AllTakesWhatWaited(CaseContext& context) {
  auto client = Member(context);
  NeedOk("cpg_mcast_joined", client->Multicast(MakeMessage("first")));
  if (!client->WaitReadable(kWaitDeadline)) return "no message came";
  bool arrived = false;
  client->on_callback = [&](const CallbackRecord& record) {
    if (record.message != "first") return;
    client->Multicast(MakeMessage("second"));
    arrived = client->WaitReadable(kWaitDeadline);
  };
  const size_t before = client->RecordCount();
  NeedOk("cpg_dispatch", client->Dispatch(CS_DISPATCH_ALL));
  if (!arrived) return "the second message did not come";
  return If(client->RecordCount() == before + 1,
            "the second message was dispatched too");
}

std::atomic<int> signals_seen = 0;

std::string SignalInterrupts(CaseContext& context) {
  auto client = Member(context);
  struct sigaction action = {};
  action.sa_handler = [](int) { ++signals_seen; };
  sigaction(SIGALRM, &action, nullptr);
  itimerval timer = {{0, 20000}, {0, 20000}};
  std::atomic<bool> over = false;
  // Ends a call that no signal ends.
  std::thread rescuer([&] {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    while (!over && signals_seen < kTriesMax) std::this_thread::yield();
    if (!over) client->Multicast(MakeMessage("rescue"));
  });
  setitimer(ITIMER_REAL, &timer, nullptr);
  const cs_error_t came = client->Dispatch(CS_DISPATCH_ONE);
  over = true;
  timer = {};
  setitimer(ITIMER_REAL, &timer, nullptr);
  rescuer.join();
  return If(came == CS_ERR_INTERRUPT, "it answers " + ErrorName(came));
}

std::string FinalizeWakes(CaseContext& context, bool wakes) {
  const std::shared_ptr<Client> client = Member(context);
  conformance::WatchedAnswer answer(
      [client] { return client->Dispatch(CS_DISPATCH_ONE); });
  answer.NeedAsleep("cpg_dispatch");
  client->Finalize();
  return If(answer.WaitReturned() == wakes, answer.Came());
}

std::string OwnThread(CaseContext& context) {
  context.Api({});
  const size_t before = EntriesOf("/proc/self/task");
  auto client = Connect(context);
  const size_t after = EntriesOf("/proc/self/task");
  client->Finalize();
  return If(after == before + 1,
            fmt::format("{} threads, before: {}", after, before));
}

std::string Bursts(CaseContext& context) {
  auto client = Member(context);
  Clock::duration least = Clock::duration::max();
  for (int i = 0; i < kTriesMax; ++i) {
    const auto begin = Clock::now();
    NeedOk("cpg_mcast_joined", client->Multicast(MakeMessage("m")));
    if (!client->WaitReadable(kWaitDeadline)) return "no message came";
    least = std::min(least, Clock::now() - begin);
    client->Dispatch(CS_DISPATCH_ALL);
  }
  return If(least > milliseconds(20), "it comes sooner than after 20 ms");
}

std::string Slow(CaseContext& context) {
  auto client = Connect(context);
  Clock::duration least = Clock::duration::max();
  for (int i = 0; i < kTriesMax; ++i) {
    const auto begin = Clock::now();
    void* stored = nullptr;
    client->api().context_get(client->handle(), &stored);
    least = std::min(least, Clock::now() - begin);
  }
  return If(least > milliseconds(19), "it takes less than 19 ms");
}

std::string Stderr(CaseContext& context) {
  auto client = Connect(context);
  const int kept = dup(STDERR_FILENO);
  const int file = memfd_create("stderr", MFD_CLOEXEC);
  dup2(file, STDERR_FILENO);
  client->RoundTrip();
  dup2(kept, STDERR_FILENO);
  return If(lseek(file, 0, SEEK_END) > 0, "it writes nothing");
}

std::string Keeps(CaseContext& context) {
  context.Api({});
  const size_t descriptors = EntriesOf("/proc/self/fd");
  const size_t threads = EntriesOf("/proc/self/task");
  Connect(context)->Finalize();
  return If(EntriesOf("/proc/self/fd") > descriptors &&
                EntriesOf("/proc/self/task") > threads,
            "nothing stays");
}

}  // namespace

std::vector<Proof> BehaviourProofs() {
  return {
      {"reversed_member_lists", "CONF-01", ReversedMembers},
      {"scrubs_after_callback", "DISPATCH-12", Scrubs},
      {"small_integer_handles", "HND-01", SmallHandle},
      {"pointer_handles", "HND-01", PointerHandle},
      {"epoll_descriptor", "FD-01", Epoll},
      {"one_skips_events_without_callback", "DISPATCH-05",
       [](auto& context) {
         return WithoutCallback(context, CS_ERR_TRY_AGAIN);
       }},
      {"one_ends_without_callback", "DISPATCH-05",
       [](auto& context) { return WithoutCallback(context, CS_OK); }},
      {"one_takes_all_waiting", "DISPATCH-02", OneTakesAll},
      {"all_takes_what_waited", "DISPATCH-03", AllTakesWhatWaited},
      {"signal_interrupts_dispatch", "DISPATCH-07", SignalInterrupts},
      {"finalize_wakes_dispatcher", "FIN-07",
       [](auto& context) { return FinalizeWakes(context, true); }},
      {"finalize_leaves_dispatcher_asleep", "FIN-07",
       [](auto& context) { return FinalizeWakes(context, false); }},
      {"own_threads", "LEAK-03", OwnThread},
      {"events_in_bursts", "FD-01", Bursts},
      {"slow_calls", "CTX-01", Slow},
      {"writes_to_stderr", "LEAK-01", Stderr},
      {"keeps_for_process", "LEAK-03", Keeps},
  };
}

}  // namespace cpgcert::faults
