#include "harness/disturbances/resource_limits.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>

#include "harness/trace/trace.h"

namespace cpgcert::harness {

namespace {

constexpr char kSharedMemory[] = "/dev/shm";
// What namespaces.h gives each worker; see proc(5), /proc/[pid]/mounts.
constexpr char kWorkersOwn[] = "cpgcert /dev/shm tmpfs ";

std::string ErrnoText(const std::string& what, int error) {
  return what + ": " + std::strerror(error);
}

bool IsWorkersOwn() {
  std::ifstream mounts("/proc/self/mounts");
  bool own = false;
  for (std::string line; std::getline(mounts, line);) {
    if (line.find(" /dev/shm ") != std::string::npos) {
      own = line.starts_with(kWorkersOwn);  // the last one is on top
    }
  }
  return own;
}

void* CallFunction(void* call) {
  (*static_cast<const std::function<void()>*>(call))();
  return nullptr;
}

}  // namespace

DescriptorLimit::DescriptorLimit(int left)
    : error_(trace::Observe("descriptor_limit", [&] { return Set(left); })) {}

std::string DescriptorLimit::Set(int left) {
  if (getrlimit(RLIMIT_NOFILE, &before_) != 0) {
    return ErrnoText("getrlimit", errno);
  }
  // A new descriptor takes the lowest number that is free.
  rlim_t limit = 0;
  for (int free_numbers = 0; limit < before_.rlim_cur; ++limit) {
    const bool open = fcntl(static_cast<int>(limit), F_GETFD) >= 0;
    if (!open && free_numbers++ == left) {
      break;
    }
  }
  const rlimit fewer{limit, before_.rlim_max};
  return setrlimit(RLIMIT_NOFILE, &fewer) != 0 ? ErrnoText("setrlimit", errno)
                                               : "";
}

DescriptorLimit::~DescriptorLimit() {
  if (!trace::Replaying()) {
    setrlimit(RLIMIT_NOFILE, &before_);
  }
}

SharedMemorySize::SharedMemorySize()
    : error_(trace::Observe("shared_memory_size", [this] { return Look(); })) {}

std::string SharedMemorySize::Look() {
  struct statvfs room{};
  if (!IsWorkersOwn()) {
    return "/dev/shm is not the own one of this worker";
  }
  if (statvfs(kSharedMemory, &room) != 0) {
    return ErrnoText("statvfs /dev/shm", errno);
  }
  before_ = room.f_blocks * room.f_bsize;
  return "";
}

SharedMemorySize::~SharedMemorySize() { Restore(); }

std::string SharedMemorySize::Leave(size_t bytes) {
  return trace::Observe("shared_memory_left", [&] { return Fill(bytes); });
}

std::string SharedMemorySize::Fill(size_t bytes) const {
  struct statvfs room{};
  if (!error_.empty() || statvfs(kSharedMemory, &room) != 0) {
    return error_.empty() ? ErrnoText("statvfs /dev/shm", errno) : error_;
  }
  const size_t used = (room.f_blocks - room.f_bfree) * room.f_bsize;
  // 0 would mean no limit, see tmpfs(5).
  return Resize(std::max<size_t>(used + bytes, room.f_bsize));
}

std::string SharedMemorySize::Restore() {
  return trace::Observe("shared_memory_restored", [this] {
    return error_.empty() ? Resize(before_) : error_;
  });
}

std::string SharedMemorySize::Resize(size_t bytes) const {
  const std::string option = "size=" + std::to_string(bytes);
  if (mount(nullptr, kSharedMemory, nullptr, MS_REMOUNT | MS_NOSUID | MS_NODEV,
            option.c_str()) != 0) {
    return ErrnoText("remount /dev/shm with " + option, errno);
  }
  return "";
}

std::string RunOnStack(size_t bytes, const std::function<void()>& call) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  int error = pthread_attr_setstacksize(&attributes, bytes);
  pthread_t thread{};
  if (error == 0) {
    error = pthread_create(&thread, &attributes, CallFunction,
                           const_cast<std::function<void()>*>(&call));
  }
  pthread_attr_destroy(&attributes);
  if (error != 0) {
    return ErrnoText(
        "a thread with a stack of " + std::to_string(bytes) + " bytes", error);
  }
  pthread_join(thread, nullptr);
  return "";
}

}  // namespace cpgcert::harness
