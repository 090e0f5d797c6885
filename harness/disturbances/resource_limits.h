// Resources that run out: descriptors, shared memory, stack.

#ifndef CPGCERT_HARNESS_DISTURBANCES_RESOURCE_LIMITS_H_
#define CPGCERT_HARNESS_DISTURBANCES_RESOURCE_LIMITS_H_

#include <sys/resource.h>

#include <cstddef>
#include <functional>
#include <string>

namespace cpgcert::harness {

// While it lives, the calling process can open just so many descriptors more,
// see RLIMIT_NOFILE in setrlimit(2). Those that are open stay.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(int left);
  ~DescriptorLimit();
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;

  // "" or why the limit is not in force.
  const std::string& error() const { return error_; }

 private:
  std::string Set(int left);

  rlimit before_{};
  std::string error_;
};

// The size of a worker's /dev/shm (namespaces.h), for all who use it: the
// service and every process beside the caller. A process that forks may let
// the child change the size and set it right itself afterwards.
class SharedMemorySize {
 public:
  // Remembers the size as it is.
  SharedMemorySize();
  // Restores it.
  ~SharedMemorySize();
  SharedMemorySize(const SharedMemorySize&) = delete;
  SharedMemorySize& operator=(const SharedMemorySize&) = delete;

  // "" or why the size cannot be changed: no worker's /dev/shm, for example.
  const std::string& error() const { return error_; }

  // Leaves room for so many bytes, whole pages of them.
  std::string Leave(size_t bytes);
  std::string Restore();

 private:
  std::string Look();
  std::string Fill(size_t bytes) const;
  std::string Resize(size_t bytes) const;

  size_t before_ = 0;  // bytes
  std::string error_;
};

// Runs `call` in a thread with a stack of so many bytes and waits for its end.
// Returns "" or why there is no such thread. A stack that does not suffice
// kills the process.
std::string RunOnStack(size_t bytes, const std::function<void()>& call);

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_DISTURBANCES_RESOURCE_LIMITS_H_
