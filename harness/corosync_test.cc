#include "harness/corosync.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <qb/qbipcc.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <system_error>

#include "gtest/gtest.h"
#include "harness/namespaces.h"

namespace cpgcert::harness {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

Corosync::Deadline After(milliseconds span) {
  return steady_clock::now() + span;
}

// Far more than a busy machine needs.
Corosync::Deadline Soon() { return After(milliseconds(60'000)); }

// Runs a test in a worker. Expectations that fail there fail the test here.
void Inside(const std::function<void()>& body) {
  StartWorkerResult started = StartWorker([&](int) {
    body();
    return testing::Test::HasFailure() ? 1 : 0;
  });
  ASSERT_EQ(started.error, "");
  EXPECT_EQ(started.worker.Wait(Soon()), 0);
}

// 0, or the errno of a connection to "cpg" as libcpg would make it.
int ConnectError() {
  qb_ipcc_connection_t* connection = qb_ipcc_connect("cpg", 1024 * 1024);
  if (connection == nullptr) return errno;
  qb_ipcc_disconnect(connection);
  return 0;
}

int EntryCount(const char* path) {
  return static_cast<int>(
      std::distance(fs::directory_iterator(path), fs::directory_iterator()));
}

bool HasChildren() { return waitpid(-1, nullptr, WNOHANG) >= 0; }

// The letter of /proc/PID/stat.
char State(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text(std::istreambuf_iterator<char>(file), {});
  size_t name_end = text.rfind(')');
  return name_end == std::string::npos ? '?' : text[name_end + 2];
}

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Corosync, FindsItself) {
  Corosync::Found found = Corosync::FindCorosync();
  EXPECT_EQ(found.error, "");
  EXPECT_EQ(fs::path(found.path).filename(), "corosync");
  setenv("PATH", "", 1);
  EXPECT_EQ(Corosync::FindCorosync().path, "/usr/sbin/corosync");
  EXPECT_EQ(Corosync().Version().substr(0, 2), "3.");
}

TEST(Corosync, SaysThatItIsNotInstalled) {
  Inside([] {
    setenv("PATH", "/nowhere::relative", 1);
    ASSERT_EQ(mount("cover", "/usr/sbin", "tmpfs", 0, nullptr), 0);
    const char* expected =
        "no corosync on this machine: install the package corosync";
    Corosync corosync;
    EXPECT_EQ(Corosync::FindCorosync().error, expected);
    EXPECT_EQ(corosync.Start(), expected);
    EXPECT_EQ(corosync.Version(), "");
  });
}

TEST(Corosync, ServesFromReadyToKill) {
  Inside([] {
    Corosync corosync;
    EXPECT_FALSE(corosync.Alive());
    EXPECT_EQ(corosync.WaitReady(Soon()), "corosync was not started");
    ASSERT_EQ(corosync.Start(), "");
    EXPECT_EQ(corosync.Start(), "corosync is already running");
    ASSERT_EQ(corosync.WaitReady(Soon()), "");
    EXPECT_EQ(ConnectError(), 0);
    EXPECT_TRUE(corosync.Alive());
    pid_t pid = corosync.pid();
    EXPECT_EQ(kill(pid, 0), 0);
    corosync.Kill();
    EXPECT_EQ(kill(pid, 0), -1);
    EXPECT_FALSE(corosync.Alive());
    EXPECT_EQ(corosync.pid(), -1);
    EXPECT_EQ(ConnectError(), ECONNREFUSED);
  });
}

TEST(Corosync, KnetServesToo) {
  Inside([] {
    Corosync corosync({.transport = CorosyncTransport::kKnet});
    ASSERT_EQ(corosync.Start(), "");
    ASSERT_EQ(corosync.WaitReady(Soon()), "");
    EXPECT_EQ(ConnectError(), 0);
  });
}

TEST(Corosync, RestartsWithoutALeak) {
  Inside([] {
    Corosync corosync;
    ASSERT_EQ(corosync.Restart(Soon()), "");
    corosync.Kill();
    int descriptors = EntryCount("/proc/self/fd");
    int files = EntryCount("/run");
    for (int round = 0; round < 10; ++round) {
      ASSERT_EQ(corosync.Restart(Soon()), "");
      ASSERT_EQ(ConnectError(), 0);
      corosync.Kill();
      ASSERT_EQ(EntryCount("/proc/self/fd"), descriptors);
      ASSERT_EQ(EntryCount("/run"), files);
      ASSERT_EQ(EntryCount("/dev/shm"), 0);
      ASSERT_FALSE(HasChildren());
    }
  });
}

TEST(Corosync, StopsAndResumes) {
  Inside([] {
    Corosync corosync;
    ASSERT_EQ(corosync.Restart(Soon()), "");
    for (int round = 0; round < 3; ++round) {
      ASSERT_EQ(corosync.Stop(), "");
      ASSERT_EQ(corosync.Stop(), "");
      EXPECT_EQ(State(corosync.pid()), 'T');
      EXPECT_TRUE(corosync.Alive());
      // It doesn't answer, and the deadline is kept.
      std::string error = corosync.WaitReady(After(milliseconds(20)));
      EXPECT_TRUE(Contains(error, "not ready in time")) << error;
      ASSERT_EQ(corosync.Resume(), "");
      ASSERT_EQ(corosync.Resume(), "");
      EXPECT_NE(State(corosync.pid()), 'T');
      ASSERT_EQ(corosync.WaitReady(Soon()), "");
    }
    ASSERT_EQ(corosync.Stop(), "");
    corosync.Kill();
    EXPECT_EQ(corosync.Stop(), "corosync is not running");
  });
}

TEST(Corosync, EarlyDeathSaysWhy) {
  Inside([] {
    Corosync corosync({.extra_configuration = "totem {\n  version: 9\n}\n"});
    ASSERT_EQ(corosync.Start(), "");
    std::string error = corosync.WaitReady(Soon());
    EXPECT_TRUE(Contains(error, "corosync ended with exit status")) << error;
    EXPECT_TRUE(Contains(error, "can only parse version 2")) << error;
    EXPECT_FALSE(corosync.Alive());
    EXPECT_FALSE(corosync.Stop().empty());
    EXPECT_EQ(EntryCount("/dev/shm"), 0);
  });
}

TEST(Corosync, SaysThatItCannotBeExecuted) {
  Inside([] {
    Corosync corosync({.executable = "/etc/passwd"});
    ASSERT_EQ(corosync.Start(), "");
    EXPECT_EQ(corosync.WaitReady(Soon()),
              "corosync ended with exit status 127; its last words:\n"
              "  cannot execute /etc/passwd: Permission denied");
  });
}

TEST(Corosync, SaysThatItCannotWrite) {
  Inside([] {
    Corosync corosync({.run_directory = "/proc/nowhere"});
    std::string error = corosync.Start();
    EXPECT_TRUE(Contains(error, "cannot make /proc/nowhere: ")) << error;
  });
}

TEST(Corosync, StartsAgainAfterADeathOfItsOwn) {
  Inside([] {
    Corosync corosync;
    ASSERT_EQ(corosync.Restart(Soon()), "");
    kill(corosync.pid(), SIGKILL);
    pollfd entry = {.fd = corosync.pidfd(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(poll(&entry, 1, 30'000), 1);
    EXPECT_FALSE(corosync.Alive());
    std::string error = corosync.Stop();
    EXPECT_TRUE(Contains(error, "signal 9 (Killed)")) << error;
    ASSERT_EQ(corosync.Start(), "");
    ASSERT_EQ(corosync.WaitReady(Soon()), "");
    corosync.Kill();
    EXPECT_EQ(EntryCount("/dev/shm"), 0);
  });
}

TEST(Corosync, DiesWithItsStarter) {
  Inside([] {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    pid_t starter = fork();
    if (starter == 0) {
      Corosync corosync;
      corosync.Restart(Soon());
      pid_t pid = corosync.pid();
      (void)!write(ends[1], &pid, sizeof(pid));
      for (;;) pause();
    }
    pid_t pid = 0;
    ASSERT_EQ(read(ends[0], &pid, sizeof(pid)), ssize_t{sizeof(pid)});
    int pidfd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
    ASSERT_GE(pidfd, 0);
    kill(starter, SIGKILL);
    waitpid(starter, nullptr, 0);
    pollfd entry = {.fd = pidfd, .events = POLLIN, .revents = 0};
    EXPECT_EQ(poll(&entry, 1, 30'000), 1);
  });
}

TEST(Corosync, RefusesClientsIfToldTo) {
  Inside([] {
    Corosync corosync({.admit_clients = false});
    ASSERT_EQ(corosync.Restart(Soon()), "");
    EXPECT_EQ(ConnectError(), EACCES);
    corosync.Kill();
    EXPECT_EQ(EntryCount("/dev/shm"), 0);
  });
}

TEST(Corosync, DaemonInheritsNoDescriptor) {
  Inside([] {
    int leak = open("/dev/zero", O_RDONLY);  // without O_CLOEXEC
    Corosync corosync;
    ASSERT_EQ(corosync.Restart(Soon()), "");
    std::string folder = "/proc/" + std::to_string(corosync.pid()) + "/fd";
    for (const auto& entry : fs::directory_iterator(folder)) {
      std::error_code closed;  // it may close one meanwhile
      EXPECT_NE(fs::read_symlink(entry.path(), closed), "/dev/zero");
    }
    close(leak);
  });
}

TEST(Corosync, LogTailGivesWholeLines) {
  Inside([] {
    Corosync corosync;
    EXPECT_EQ(corosync.LogTail(1), "");
    ASSERT_EQ(corosync.Restart(Soon()), "");
    corosync.Kill();
    std::string all = corosync.LogTail(1000);
    std::string two = corosync.LogTail(2);
    EXPECT_EQ(std::count(two.begin(), two.end(), '\n'), 2) << two;
    EXPECT_TRUE(all.ends_with("\n" + two)) << all;
    EXPECT_TRUE(Contains(all, "starting up")) << all;
    EXPECT_EQ(corosync.LogTail(0), "");
  });
}

}  // namespace
}  // namespace cpgcert::harness
