#include "harness/namespaces.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace cpgcert::harness {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr char kSeparator = ' ';

steady_clock::time_point Soon() {
  return steady_clock::now() + std::chrono::seconds(30);
}

void Send(int fd, const std::string& text) {
  send(fd, text.data(), text.size(), MSG_NOSIGNAL);
}

// One message, or "" at the end of the channel or after a deadline.
std::string Receive(int fd) {
  pollfd entry = {.fd = fd, .events = POLLIN, .revents = 0};
  if (poll(&entry, 1, 30'000) <= 0) return "";
  std::string text(65'536, '\0');
  ssize_t size = recv(fd, text.data(), text.size(), 0);
  text.resize(static_cast<size_t>(std::max<ssize_t>(0, size)));
  return text;
}

// What `body` says of itself from inside.
std::string AskInside(const std::function<std::string()>& body) {
  StartWorkerResult started = StartWorker([&](int control_fd) {
    Send(control_fd, "says " + body());
    return 0;
  });
  if (!started.error.empty()) return started.error;
  std::string answer = Receive(started.worker.control_fd());
  EXPECT_EQ(started.worker.Wait(Soon()), 0);
  return answer.substr(std::min<size_t>(5, answer.size()));
}

// The wait status of a worker that runs `body`.
int StatusOf(const WorkerBody& body) {
  StartWorkerResult started = StartWorker(body);
  EXPECT_EQ(started.error, "");
  return started.worker.Wait(Soon()).value_or(-1);
}

// The names in a directory, sorted.
std::string List(const char* path) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(path)) {
    names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  std::string list;
  for (const std::string& name : names) list += name + kSeparator;
  return list;
}

std::string ReadAll(const char* path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

int DescriptorCount() {
  return static_cast<int>(std::distance(fs::directory_iterator("/proc/self/fd"),
                                        fs::directory_iterator()));
}

// A pipe whose end of file tells that no process holds the write end any more.
class Trace {
 public:
  Trace() {
    if (pipe2(ends_, O_CLOEXEC) != 0) abort();
  }
  ~Trace() {
    close(ends_[0]);
    CloseOurs();
  }
  // A line of life inside: a process and its child hold the write end forever.
  void HoldForever() {
    fork();
    (void)!write(ends_[1], "h", 1);
    for (;;) pause();
  }
  // True once both of HoldForever() have it.
  bool Held() { return ReadOne() && ReadOne(); }
  // True once everyone let it go.
  bool LetGo() {
    CloseOurs();
    pollfd entry = {.fd = ends_[0], .events = POLLIN, .revents = 0};
    return poll(&entry, 1, 30'000) == 1 && !(entry.revents & POLLIN);
  }

 private:
  bool ReadOne() {
    pollfd entry = {.fd = ends_[0], .events = POLLIN, .revents = 0};
    char byte;
    return poll(&entry, 1, 30'000) == 1 && read(ends_[0], &byte, 1) == 1;
  }
  void CloseOurs() {
    if (ends_[1] >= 0) close(ends_[1]);
    ends_[1] = -1;
  }
  int ends_[2];
};

TEST(Namespaces, AreAllowedHere) { EXPECT_EQ(CheckNamespacesAllowed(), ""); }

TEST(Namespaces, ProcShowsOnlyOurs) {
  std::string pids = AskInside([] {
    std::string found;
    for (const auto& entry : fs::directory_iterator("/proc")) {
      std::string name = entry.path().filename();
      if (isdigit(name[0])) found += name + kSeparator;
    }
    return found + "self=" + fs::read_symlink("/proc/self").string();
  });
  EXPECT_EQ(pids, "1 2 self=2");
}

TEST(Namespaces, BodyIsRootInside) {
  std::string ids = AskInside([] {
    return std::to_string(getuid()) + kSeparator + std::to_string(getegid());
  });
  EXPECT_EQ(ids, "0 0");
}

TEST(Namespaces, DirectoriesAreFreshAndStayInside) {
  for (int round = 0; round < 2; ++round) {
    std::string lists = AskInside([] {
      std::string found = List("/run") + "| " + List("/dev/shm") + "| " +
                          List(kScratchDirectory);
      for (std::string path : {"/run", "/dev/shm", kScratchDirectory}) {
        std::ofstream(path + "/cpgcert_left_behind") << "x";
      }
      return found + "| " + List("/dev/shm");
    });
    EXPECT_EQ(lists, "cpgcert lock | | | cpgcert_left_behind ");
  }
  EXPECT_EQ(ReadAll("/proc/self/mountinfo").find(" - tmpfs cpgcert "),
            std::string::npos);
  EXPECT_FALSE(fs::exists("/dev/shm/cpgcert_left_behind"));
  EXPECT_FALSE(fs::exists("/run/cpgcert_left_behind"));
  EXPECT_FALSE(fs::exists(kScratchDirectory));
}

TEST(Namespaces, LoopbackWorks) {
  std::string answer = AskInside([]() -> std::string {
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(5405);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (bind(server, generic, sizeof(address)) != 0) return "no bind";
    if (listen(server, 1) != 0) return "no listen";
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(client, generic, sizeof(address)) != 0) return "no connect";
    return "connected";
  });
  EXPECT_EQ(answer, "connected");
}

TEST(Namespaces, AbstractSocketsAreTheirOwn) {
  auto bind_cpg = [] {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    memcpy(address.sun_path, "\0cpgcert_test", 13);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t size = offsetof(sockaddr_un, sun_path) + 13;
    return bind(fd, reinterpret_cast<sockaddr*>(&address), size);
  };
  // Both hold the same name at the same time.
  auto body = [&](int control_fd) {
    Send(control_fd, bind_cpg() == 0 ? "bound" : "taken");
    Receive(control_fd);
    return 0;
  };
  StartWorkerResult first = StartWorker(body);
  StartWorkerResult second = StartWorker(body);
  EXPECT_EQ(Receive(first.worker.control_fd()), "bound");
  EXPECT_EQ(Receive(second.worker.control_fd()), "bound");
}

TEST(Worker, RelaysTheExitStatus) {
  int status = StatusOf([](int) { return 7; });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

TEST(Worker, RelaysTheSignal) {
  for (int signal_number : {SIGABRT, SIGSEGV, SIGTERM, SIGKILL}) {
    int status = StatusOf([&](int) {
      signal(signal_number, SIG_DFL);  // a sanitizer may have taken it
      raise(signal_number);
      return 0;
    });
    ASSERT_TRUE(WIFSIGNALED(status)) << signal_number;
    EXPECT_EQ(WTERMSIG(status), signal_number);
  }
}

TEST(Worker, AnExceptionIsAnAbort) {
  int status = StatusOf([](int) -> int { throw 1; });
  ASSERT_TRUE(WIFSIGNALED(status)) << status;
  EXPECT_EQ(WTERMSIG(status), SIGABRT);
}

TEST(Worker, SurvivesABodyThatKillsItsGroupAndEverybody) {
  for (pid_t target : {0, -1, 1}) {
    int status = StatusOf([&](int) {
      kill(target, SIGKILL);
      return 3;
    });
    if (target == 0) {
      EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    } else {
      EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 3) << target;
    }
  }
}

TEST(Worker, InitReapsOrphans) {
  std::string answer = AskInside([]() -> std::string {
    int report[2];
    if (pipe(report) != 0) return "no pipe";
    if (fork() == 0) {
      pid_t orphan = fork();
      if (orphan == 0) _exit(0);
      (void)!write(report[1], &orphan, sizeof(orphan));
      _exit(0);
    }
    wait(nullptr);
    pid_t orphan = 0;
    if (read(report[0], &orphan, sizeof(orphan)) < 0) return "no orphan";
    auto deadline = Soon();
    while (kill(orphan, 0) == 0) {
      if (steady_clock::now() > deadline) return "a zombie";
      sched_yield();
    }
    return "reaped";
  });
  EXPECT_EQ(answer, "reaped");
}

TEST(Worker, ControlChannelKeepsMessagesApart) {
  StartWorkerResult started = StartWorker([](int control_fd) {
    for (std::string text; !(text = Receive(control_fd)).empty();) {
      Send(control_fd, "<" + text + ">");
    }
    return 5;
  });
  ASSERT_EQ(started.error, "");
  int control_fd = started.worker.control_fd();
  Send(control_fd, "one");
  Send(control_fd, "two");
  EXPECT_EQ(Receive(control_fd), "<one>");
  EXPECT_EQ(Receive(control_fd), "<two>");
  shutdown(control_fd, SHUT_WR);
  EXPECT_EQ(WEXITSTATUS(started.worker.Wait(Soon()).value_or(-1)), 5);
}

TEST(Worker, WaitKeepsItsDeadline) {
  StartWorkerResult started = StartWorker([](int) { return pause(); });
  EXPECT_FALSE(started.worker.Wait(steady_clock::now()));
  started.worker.Kill();
  int status = started.worker.Wait(steady_clock::now()).value_or(-1);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
}

TEST(Worker, DestructorEndsEverything) {
  Trace trace;
  {
    StartWorkerResult started = StartWorker([&](int) {
      trace.HoldForever();
      return 0;
    });
    EXPECT_TRUE(trace.Held());
  }
  EXPECT_TRUE(trace.LetGo());
}

TEST(Worker, AssignmentEndsTheOldOne) {
  Trace trace;
  Worker worker = StartWorker([&](int) {
                    trace.HoldForever();
                    return 0;
                  }).worker;
  EXPECT_TRUE(trace.Held());
  worker = StartWorker([](int) { return 1; }).worker;
  EXPECT_TRUE(trace.LetGo());
  EXPECT_EQ(WEXITSTATUS(worker.Wait(Soon()).value_or(-1)), 1);
}

TEST(Worker, DeathOfTheSupervisorEndsEverything) {
  Trace trace;
  StartWorkerResult started = StartWorker([&](int) {
    trace.HoldForever();
    return 0;
  });
  EXPECT_TRUE(trace.Held());
  kill(started.worker.supervisor_pid(), SIGKILL);
  EXPECT_TRUE(trace.LetGo());
}

TEST(Worker, AStoppedSupervisorIsKilledToo) {
  StartWorkerResult started = StartWorker([](int) { return pause(); });
  kill(started.worker.supervisor_pid(), SIGSTOP);
  siginfo_t info;
  waitid(P_PID, static_cast<id_t>(started.worker.supervisor_pid()), &info,
         WSTOPPED);
  started.worker.Kill();
  EXPECT_TRUE(started.worker.Wait(steady_clock::now()));
}

TEST(Worker, DeathOfTheCallerEndsEverything) {
  Trace trace;
  pid_t caller = fork();
  if (caller == 0) {
    StartWorkerResult started = StartWorker([&](int) {
      trace.HoldForever();
      return 0;
    });
    for (;;) pause();
  }
  EXPECT_TRUE(trace.Held());
  kill(caller, SIGKILL);
  waitpid(caller, nullptr, 0);
  EXPECT_TRUE(trace.LetGo());
}

TEST(Worker, OutlivesTheThreadThatStartedIt) {
  Worker worker;
  std::thread([&] {
    worker = StartWorker([](int control_fd) {
               Receive(control_fd);
               return 9;
             }).worker;
  }).join();
  Send(worker.control_fd(), "end");
  EXPECT_EQ(WEXITSTATUS(worker.Wait(Soon()).value_or(-1)), 9);
}

TEST(Worker, StartsFromManyThreads) {
  std::vector<std::thread> threads;
  std::vector<int> statuses(8, -1);
  for (int& status : statuses) {
    threads.emplace_back([&] { status = StatusOf([](int) { return 4; }); });
  }
  for (std::thread& thread : threads) thread.join();
  for (int status : statuses) EXPECT_EQ(WEXITSTATUS(status), 4);
}

TEST(Worker, Nests) {
  std::string answer = AskInside(
      [] { return AskInside([] { return std::to_string(getpid()); }); });
  EXPECT_EQ(answer, "2");
}

TEST(Worker, LeaksNoDescriptor) {
  int before = DescriptorCount();
  for (int round = 0; round < 10; ++round) StatusOf([](int) { return 0; });
  EXPECT_EQ(DescriptorCount(), before);
}

TEST(CheckNamespacesAllowed, NamesTheLimit) {
  std::string error = AskInside([] {
    std::ofstream("/proc/sys/user/max_user_namespaces") << "0";
    return CheckNamespacesAllowed();
  });
  EXPECT_EQ(error,
            "cannot make namespaces: user namespace: No space left on device; "
            "user.max_user_namespaces is 0: as root, run \"sysctl -w "
            "user.max_user_namespaces=10000\"");
}

TEST(CheckNamespacesAllowed, NamesTheOtherLimits) {
  std::string error = AskInside([] {
    std::ofstream("/proc/sys/user/max_net_namespaces") << "0";
    return CheckNamespacesAllowed();
  });
  EXPECT_NE(error.find("user.max_{mnt,net,ipc,uts,pid}_namespaces"),
            std::string::npos)
      << error;
}

// Moves to a root that has but a /proc with a covered /proc/sys. To cover the
// old one would not do: for the kernel one /proc in full view is enough, and a
// chroot of somebody else's may hold another.
bool MoveToCoveredProc() {
  const std::string root = std::string(kScratchDirectory) + "/root";
  const std::string proc = root + "/proc";
  return mkdir(root.c_str(), 0755) == 0 &&
         mount("root", root.c_str(), "tmpfs", 0, nullptr) == 0 &&
         mkdir(proc.c_str(), 0755) == 0 &&
         mount("proc", proc.c_str(), "proc", 0, nullptr) == 0 &&
         mount("cover", (proc + "/sys").c_str(), "tmpfs", 0, nullptr) == 0 &&
         chdir(root.c_str()) == 0 && syscall(SYS_pivot_root, ".", ".") == 0 &&
         umount2(".", MNT_DETACH) == 0;
}

TEST(CheckNamespacesAllowed, NamesACoveredProc) {
  std::string error = AskInside([] {
    return MoveToCoveredProc() ? CheckNamespacesAllowed() : "no new root";
  });
  EXPECT_EQ(error.find("cannot make namespaces: mount /proc: Operation not "
                       "permitted; parts of the outer /proc are covered"),
            0u)
      << error;
}

}  // namespace
}  // namespace cpgcert::harness
