#include "harness/namespace_setup.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#ifndef __has_feature
#define __has_feature(feature) 0
#endif

namespace cpgcert::harness {
namespace {

bool WriteFile(const char* path, const std::string& text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  bool written =
      write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  int saved_errno = errno;
  close(fd);
  errno = saved_errno;
  return written;
}

// The number in a file of /proc/sys, or -1 if there is no such file.
long ReadSysctl(const char* path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  char text[32] = {};
  ssize_t size = read(fd, text, sizeof(text) - 1);
  close(fd);
  return size > 0 ? atol(text) : -1;
}

std::string ExplainUserNamespace(int error) {
  std::string line = DescribeSetUpFailure("user namespace", error);
  if (ReadSysctl("/proc/sys/user/max_user_namespaces") == 0) {
    return line +
           "; user.max_user_namespaces is 0: as root, run "
           "\"sysctl -w user.max_user_namespaces=10000\"";
  }
  if (error == ENOSPC || error == EUSERS) {
    return line +
           "; too many are in use or nested: as root, run "
           "\"sysctl -w user.max_user_namespaces=100000\", or end some";
  }
  if (ReadSysctl("/proc/sys/kernel/unprivileged_userns_clone") == 0) {
    return line +
           "; kernel.unprivileged_userns_clone is 0: as root, run "
           "\"sysctl -w kernel.unprivileged_userns_clone=1\"";
  }
  if (error == EPERM) {
    return line +
           "; a container or a chroot forbids it: leave it, or start the "
           "container with \"--security-opt seccomp=unconfined\"";
  }
#if __has_feature(thread_sanitizer)
  return line + "; ThreadSanitizer adds a thread: build without it";
#else
  return line + "; this needs a kernel with CONFIG_USER_NS";
#endif
}

// For a step after the user namespace, in which we should be privileged.
std::string ExplainPrivileged(const std::string& step, int error) {
  std::string line = DescribeSetUpFailure(step, error);
  const char* restricted =
      "/proc/sys/kernel/apparmor_restrict_unprivileged_userns";
  if ((error == EPERM || error == EACCES) && ReadSysctl(restricted) == 1) {
    return line +
           "; AppArmor takes the privileges of user namespaces away: as root, "
           "run \"sysctl -w kernel.apparmor_restrict_unprivileged_userns=0\"";
  }
  if (error == ENOSPC) {
    return line +
           "; a limit below /proc/sys/user is 0 or reached: as root, raise "
           "user.max_{mnt,net,ipc,uts,pid}_namespaces";
  }
  if (error == EPERM || error == EACCES) {
    return line +
           "; a container or a security module forbids it: start the "
           "container with \"--security-opt seccomp=unconfined --security-opt "
           "apparmor=unconfined\"";
  }
  return line;
}

std::string ExplainProc(int error) {
  if (error != EPERM) return ExplainPrivileged("mount /proc", error);
  return DescribeSetUpFailure("mount /proc", error) +
         "; parts of the outer /proc are covered, as in a container: start "
         "it with \"--security-opt systempaths=unconfined\" or as privileged";
}

std::string MountTmpfs(const char* path, const char* options) {
  if (mount("cpgcert", path, "tmpfs", MS_NOSUID | MS_NODEV, options) == 0) {
    return "";
  }
  return ExplainPrivileged(std::string("mount tmpfs on ") + path, errno);
}

bool IsDirectory(const char* path) {
  struct stat status;
  return lstat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

}  // namespace

std::string DescribeSetUpFailure(const std::string& step, int error) {
  return "cannot make namespaces: " + step + ": " + strerror(error);
}

std::string UnshareForWorker(WorkerNetwork network) {
  uid_t uid = geteuid();
  gid_t gid = getegid();
  if (unshare(CLONE_NEWUSER) != 0) return ExplainUserNamespace(errno);
  if (!WriteFile("/proc/self/setgroups", "deny")) {
    return ExplainPrivileged("write /proc/self/setgroups", errno);
  }
  if (!WriteFile("/proc/self/uid_map", "0 " + std::to_string(uid) + " 1")) {
    return ExplainPrivileged("write /proc/self/uid_map", errno);
  }
  if (!WriteFile("/proc/self/gid_map", "0 " + std::to_string(gid) + " 1")) {
    return ExplainPrivileged("write /proc/self/gid_map", errno);
  }
  const int own =
      network == WorkerNetwork::kOwn ? CLONE_NEWNET | CLONE_NEWIPC : 0;
  if (unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWPID | own) != 0) {
    return ExplainPrivileged("mount, network and PID namespaces", errno);
  }
  return "";
}

std::string MountForWorker(WorkerNetwork network) {
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return ExplainPrivileged("make mounts private", errno);
  }
  if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC,
            nullptr) != 0) {
    return ExplainProc(errno);
  }
  std::string error = MountTmpfs("/run", "mode=0755");
  if (!error.empty()) return error;
  const std::string scratch = kScratchDirectory;
  const std::string parent = scratch.substr(0, scratch.rfind('/'));
  if (mkdir("/run/lock", 0755) != 0 || chmod("/run/lock", 01777) != 0 ||
      mkdir(parent.c_str(), 0755) != 0 || mkdir(scratch.c_str(), 0700) != 0) {
    return DescribeSetUpFailure("make directories in /run", errno);
  }
  error = MountTmpfs(kScratchDirectory, "mode=0700");
  if (!error.empty()) return error;
  if (network == WorkerNetwork::kOwn) {
    error = MountTmpfs("/dev/shm", "mode=1777");
    if (!error.empty()) return error;
  }
  // Absent without corosync; /var/run is a link to /run almost everywhere.
  for (const char* path :
       {"/var/lib/corosync", "/var/log/corosync", "/var/run"}) {
    if (!IsDirectory(path)) continue;
    error = MountTmpfs(path, "mode=0755");
    if (!error.empty()) return error;
  }
  return "";
}

std::string BringUpLoopback() {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return DescribeSetUpFailure("socket", errno);
  ifreq request = {};
  memcpy(request.ifr_name, "lo", sizeof("lo"));
  request.ifr_flags = IFF_UP;
  int result = ioctl(fd, SIOCSIFFLAGS, &request);
  int saved_errno = errno;
  close(fd);
  return result == 0 ? "" : ExplainPrivileged("bring lo up", saved_errno);
}

}  // namespace cpgcert::harness
