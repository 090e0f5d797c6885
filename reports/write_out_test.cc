#include "reports/write_out.h"

#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reports/certificate.h"
#include "reports/example.h"
#include "reports/html.h"
#include "reports/json.h"
#include "reports/junit.h"

namespace cpgcert::reports {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

class WriteOutTest : public testing::Test {
 protected:
  WriteOutTest() {
    std::string pattern = testing::TempDir() + "/write_out.XXXXXX";
    directory_ = mkdtemp(pattern.data());
  }
  ~WriteOutTest() override { fs::remove_all(directory_); }

  std::string Path(const std::string& name) const {
    return directory_ + "/" + name;
  }

  static std::string Content(const std::string& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  static std::set<std::string> Names(const std::string& directory) {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory)) {
      names.insert(entry.path().filename().string());
    }
    return names;
  }

  std::string directory_;
};

// What `body` says in a child process of its own, whose limits and mounts it
// may change.
std::string InChild(const std::function<std::string()>& body) {
  int channel[2];
  if (pipe(channel) != 0) return "no pipe";
  const pid_t child = fork();
  if (child == 0) {
    const std::string text = body();
    const ssize_t size = write(channel[1], text.data(), text.size());
    _exit(size == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  close(channel[1]);
  std::string text;
  char buffer[512];
  for (ssize_t size; (size = read(channel[0], buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(size));
  }
  close(channel[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return status == 0 ? text : "the child died: " + text;
}

TEST_F(WriteOutTest, WritesTheThreeFilesAndMakesTheirDirectory) {
  const std::string out = Path("a/b");
  const Certificate certificate = ExampleCertificate();
  const Written written = WriteOut(certificate, out);
  EXPECT_EQ(written.error, "");
  EXPECT_THAT(written.files,
              ElementsAre(out + "/certificate.json", out + "/certificate.html",
                          out + "/junit.xml"));
  EXPECT_EQ(Content(out + "/certificate.json"), ToJson(certificate));
  EXPECT_EQ(Content(out + "/certificate.html"), ToHtml(certificate));
  EXPECT_EQ(Content(out + "/junit.xml"), ToJunit(certificate));
  EXPECT_EQ(Names(out),
            (std::set<std::string>{"certificate.json", "certificate.html",
                                   "junit.xml"}));
}

TEST_F(WriteOutTest, ReplacesWhatIsThere) {
  EXPECT_EQ(WriteOut(ExampleCertificate(), directory_).error, "");
  EXPECT_EQ(WriteOut(GoodCertificate(), directory_ + "/").error, "");
  EXPECT_EQ(Content(Path("certificate.json")), ToJson(GoodCertificate()));
  EXPECT_EQ(Names(directory_).size(), 3u);
}

TEST_F(WriteOutTest, HonoursTheFileModeMask) {
  EXPECT_EQ(InChild([&] {
              umask(027);
              return WriteFile(Path("x"), "content");
            }),
            "");
  struct stat status{};
  ASSERT_EQ(stat(Path("x").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640u);
}

TEST_F(WriteOutTest, AFileInTheWayOfTheDirectoryIsAnError) {
  ASSERT_EQ(WriteFile(Path("file"), "x"), "");
  const Written written = WriteOut(GoodCertificate(), Path("file/out"));
  EXPECT_EQ(written.error,
            "cannot write " + Path("file/out") + ": Not a directory");
  EXPECT_THAT(written.files, IsEmpty());
  EXPECT_EQ(WriteOut(GoodCertificate(), Path("file")).error,
            "cannot write " + Path("file") + ": Not a directory");
  EXPECT_EQ(WriteOut(GoodCertificate(), "").error,
            "cannot write the reports: no directory was given");
}

TEST_F(WriteOutTest, OneFileThatFailsDoesNotStopTheOthers) {
  fs::create_directory(Path("certificate.html"));
  const Written written = WriteOut(GoodCertificate(), directory_);
  EXPECT_EQ(written.error,
            "cannot write " + Path("certificate.html") + ": Is a directory");
  EXPECT_THAT(written.files,
              ElementsAre(Path("certificate.json"), Path("junit.xml")));
  EXPECT_EQ(Names(directory_).size(), 3u);
}

// Also for root: from then on permissions count.
bool GiveUpPrivileges() {
  __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3,
                                     .pid = 0};
  const __user_cap_data_struct none[2] = {};
  return syscall(SYS_capset, &header, none) == 0;
}

TEST_F(WriteOutTest, ADirectoryWithoutPermissionIsAnError) {
  EXPECT_EQ(InChild([&] {
              if (!GiveUpPrivileges()) return std::string("still privileged");
              chmod(directory_.c_str(), 0500);
              return WriteFile(Path("x"), "content");
            }),
            "cannot write " + Path("x") + ": Permission denied");
  chmod(directory_.c_str(), 0700);
}

// A write that stops half-way: the old file stays and nothing else does.
TEST_F(WriteOutTest, AWriteThatStopsHalfwayLeavesTheOldFile) {
  ASSERT_EQ(WriteFile(Path("x"), "old"), "");
  EXPECT_EQ(InChild([&] {
              signal(SIGXFSZ, SIG_IGN);
              const rlimit limit = {.rlim_cur = 100, .rlim_max = 100};
              setrlimit(RLIMIT_FSIZE, &limit);
              return WriteFile(Path("x"), std::string(5000, 'n'));
            }),
            "cannot write " + Path("x") + ": File too large");
  EXPECT_EQ(Content(Path("x")), "old");
  EXPECT_EQ(Names(directory_), (std::set<std::string>{"x"}));
}

// Makes a file system of 64 KiB on `directory` that only this process sees.
bool MountSmall(const std::string& directory) {
  const uid_t user = getuid();
  const gid_t group = getgid();
  if (unshare(CLONE_NEWNS | (user == 0 ? 0 : CLONE_NEWUSER)) != 0) return false;
  if (user != 0) {
    // A user and a group that the new file system does not know could make no
    // file on it.
    std::ofstream("/proc/self/uid_map") << "0 " << user << " 1";
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/gid_map") << "0 " << group << " 1";
  }
  mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
  return mount("tmpfs", directory.c_str(), "tmpfs", 0, "size=64k") == 0;
}

TEST_F(WriteOutTest, AFullDiskIsAnError) {
  const std::string said = InChild([&] {
    if (!MountSmall(directory_)) return std::string("no mount");
    if (!WriteFile(Path("x"), "old").empty()) return std::string("no start");
    std::string error = WriteFile(Path("x"), std::string(1 << 20, 'n'));
    if (Content(Path("x")) != "old") error += "; the old file is gone";
    if (Names(directory_).size() != 1) error += "; something was left";
    return error;
  });
  if (said == "no mount") GTEST_SKIP() << "no file system can be mounted here";
  EXPECT_EQ(said, "cannot write " + Path("x") + ": No space left on device");
}

TEST_F(WriteOutTest, WhatFitsOnAFullDiskIsListed) {
  Certificate certificate = GoodCertificate();
  // JUnit shows no sentences.
  certificate.requirements[0].sentence = std::string(35000, 's');
  const std::string said = InChild([&] {
    if (!MountSmall(directory_)) return std::string("no mount");
    const Written written = WriteOut(certificate, directory_);
    std::string text = written.error;
    for (const std::string& file : written.files) text += "\n" + file;
    return text;
  });
  if (said == "no mount") GTEST_SKIP() << "no file system can be mounted here";
  EXPECT_EQ(said, "cannot write " + Path("certificate.html") +
                      ": No space left on device\n" + Path("certificate.json") +
                      "\n" + Path("junit.xml"));
}

TEST_F(WriteOutTest, AStaleTemporaryFileIsNoObstacle) {
  const std::string stale = Path(".x." + std::to_string(getpid()) + ".tmp");
  std::ofstream(stale) << "stale";
  EXPECT_EQ(WriteFile(Path("x"), "content"), "");
  EXPECT_EQ(Content(Path("x")), "content");
  EXPECT_EQ(Names(directory_), (std::set<std::string>{"x"}));
}

TEST_F(WriteOutTest, ErrorsAreOneLine) {
  const std::string error = WriteFile(Path("no\ndirectory/x"), "content");
  EXPECT_EQ(error, "cannot write " + Path("no\\ndirectory/x") +
                       ": No such file or directory");
}

}  // namespace
}  // namespace cpgcert::reports
