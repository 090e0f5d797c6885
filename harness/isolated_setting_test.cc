// What the child of an isolated run finds, and what the parent keeps.

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "gtest/gtest.h"
#include "harness/isolated_run.h"

namespace cpgcert::harness {
namespace {

namespace fs = std::filesystem;

std::string AskChild(const std::function<std::string()>& ask) {
  const IsolatedResult result =
      RunIsolated({}, [&](ReportWriter& writer, uint64_t nonce) {
        writer.Finish(ask(), nonce);
      });
  EXPECT_EQ(result.verdict, Verdict::kPass) << result.end;
  return result.report;
}

// A directory of the test's own.
class ScratchRoot {
 public:
  ScratchRoot() {
    path_ = testing::TempDir() + "isolated-XXXXXX";
    if (mkdtemp(path_.data()) == nullptr) {
      abort();
    }
  }
  ~ScratchRoot() { fs::remove_all(path_); }
  ScratchRoot(const ScratchRoot&) = delete;
  ScratchRoot& operator=(const ScratchRoot&) = delete;
  const std::string& path() const { return path_; }
  bool empty() const { return fs::is_empty(path_); }

 private:
  std::string path_;
};

// The numbers of the open descriptors of this process, each with a blank.
std::string OpenDescriptors() {
  std::string list;
  for (int number = 0; number < 1024; ++number) {
    if (fcntl(number, F_GETFD) >= 0) {
      list += std::to_string(number) + " ";
    }
  }
  return list;
}

TEST(IsolatedSettingTest, NoDescriptorAboveTwoIsInherited) {
  const int leak = open("/dev/zero", O_RDONLY);  // without O_CLOEXEC
  const int high_leak = fcntl(leak, F_DUPFD, 900);
  EXPECT_EQ(AskChild(OpenDescriptors), "0 1 2 ");
  close(leak);
  close(high_leak);
}

TEST(IsolatedSettingTest, StandardInputIsEmpty) {
  EXPECT_EQ(AskChild([] {
              char byte = 0;
              return std::to_string(read(STDIN_FILENO, &byte, 1));
            }),
            "0");
}

TEST(IsolatedSettingTest, TheChildLeadsAProcessGroupOfItsOwn) {
  EXPECT_EQ(
      AskChild([] { return getpgid(0) == getpid() ? "a group" : "none"; }),
      "a group");
}

TEST(IsolatedSettingTest, SignalsHaveTheirDefaultsAndAreNotBlocked) {
  const auto old_term = signal(SIGTERM, SIG_IGN);
  const auto old_user = signal(SIGUSR1, [](int) {});
  sigset_t blocked;
  sigset_t old_mask;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR2);
  sigprocmask(SIG_BLOCK, &blocked, &old_mask);
  EXPECT_EQ(AskChild([] {
              std::string unusual;
              sigset_t mask;
              sigprocmask(SIG_SETMASK, nullptr, &mask);
              for (int number = 1; number < NSIG; ++number) {
                struct sigaction action{};
                if (sigaction(number, nullptr, &action) == 0 &&
                    action.sa_handler != SIG_DFL) {
                  unusual += std::to_string(number) + " handled ";
                }
                if (sigismember(&mask, number) == 1) {
                  unusual += std::to_string(number) + " blocked ";
                }
              }
              return unusual;
            }),
            "");
  sigprocmask(SIG_SETMASK, &old_mask, nullptr);
  signal(SIGTERM, old_term);
  signal(SIGUSR1, old_user);
}

TEST(IsolatedSettingTest, ACrashLeavesNoCoreFile) {
  EXPECT_EQ(AskChild([] {
              rlimit limit{};
              getrlimit(RLIMIT_CORE, &limit);
              return std::to_string(limit.rlim_max);
            }),
            "0");
}

TEST(IsolatedSettingTest, TheWorkingDirectoryIsAnEmptyScratchOfTheRun) {
  const ScratchRoot root;
  IsolatedOptions options;
  options.scratch_root = root.path();
  const IsolatedResult result =
      RunIsolated(options, [](ReportWriter& writer, uint64_t nonce) {
        const fs::path here = fs::current_path();
        writer.Finish(here.string() + (fs::is_empty(here) ? "" : " not empty"),
                      nonce);
      });
  EXPECT_EQ(fs::path(result.report).parent_path(), fs::canonical(root.path()));
  EXPECT_TRUE(root.empty());
}

TEST(IsolatedSettingTest, TheScratchDirectoryGoesWithAllThatIsInIt) {
  const ScratchRoot root;
  IsolatedOptions options;
  options.scratch_root = root.path();
  for (const bool crashes : {false, true}) {
    const IsolatedResult result =
        RunIsolated(options, [crashes](ReportWriter& writer, uint64_t nonce) {
          fs::create_directories("one/two/three");
          std::ofstream("one/two/file") << "text";
          (void)!symlink("/", "link");
          if (crashes) {
            abort();
          }
          writer.Finish(fs::exists("one/two/file") ? "made" : "", nonce);
        });
    EXPECT_EQ(result.verdict, crashes ? Verdict::kCrash : Verdict::kPass);
    EXPECT_TRUE(root.empty());
  }
  EXPECT_TRUE(fs::exists("/dev/null"));  // the link was not followed
}

TEST(IsolatedSettingTest, ADirectoryThatCannotBeMadeIsAnError) {
  IsolatedOptions options;
  options.scratch_root = "/proc/nowhere";
  const IsolatedResult result = RunIsolated(
      options,
      [](ReportWriter& writer, uint64_t nonce) { writer.Finish("", nonce); });
  EXPECT_EQ(result.verdict, Verdict::kError);
  EXPECT_EQ(result.end,
            "cannot make a scratch directory in /proc/nowhere: No such file "
            "or directory");
}

TEST(IsolatedSettingTest, TheParentKeepsItsSettings) {
  const auto handler = [](int) {};
  const auto old_handler = signal(SIGUSR1, handler);
  const mode_t old_umask = umask(027);
  const std::string directory = fs::current_path();
  const std::string descriptors = OpenDescriptors();
  const pid_t group = getpgid(0);
  EXPECT_EQ(AskChild([] {
              signal(SIGUSR1, SIG_IGN);
              (void)!chdir("/");
              setenv("OF_THE_CHILD", "1", 1);
              return "";
            }),
            "");
  EXPECT_EQ(signal(SIGUSR1, old_handler), +handler);
  EXPECT_EQ(umask(old_umask), 027U);
  EXPECT_EQ(fs::current_path(), directory);
  EXPECT_EQ(OpenDescriptors(), descriptors);
  EXPECT_EQ(getpgid(0), group);
  EXPECT_EQ(getenv("OF_THE_CHILD"), nullptr);
}

TEST(IsolatedSettingTest, AHundredRunsLeakNothing) {
  const ScratchRoot root;
  IsolatedOptions options;
  options.scratch_root = root.path();
  const std::string descriptors = OpenDescriptors();
  for (int i = 0; i < 100; ++i) {
    const IsolatedResult result =
        RunIsolated(options, [i](ReportWriter& writer, uint64_t nonce) {
          writer.Finish(std::to_string(i), nonce);
        });
    ASSERT_EQ(result.report, std::to_string(i));
  }
  EXPECT_EQ(OpenDescriptors(), descriptors);
  EXPECT_TRUE(root.empty());
}

}  // namespace
}  // namespace cpgcert::harness
