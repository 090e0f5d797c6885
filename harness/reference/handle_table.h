// What the handles of the interface stand for. A handle is a number that is
// given once and never again.

#ifndef CPGCERT_HARNESS_REFERENCE_HANDLE_TABLE_H_
#define CPGCERT_HARNESS_REFERENCE_HANDLE_TABLE_H_

#include <sys/random.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace cpgcert::reference {

// Safe for threads. Whoever found an object may go on using it after another
// thread has removed its handle.
template <class Object>
class HandleTable {
 public:
  HandleTable() {
    // A handle of another process, or of another run, is none here.
    uint32_t run = 0x5eed;
#ifndef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION  // the same each time there
    if (getrandom(&run, sizeof run, GRND_NONBLOCK) != sizeof run) run = 0;
#endif
    last_ = uint64_t{run} << 32;
  }

  // Throws std::bad_alloc, and has done nothing then.
  uint64_t Add(std::shared_ptr<Object> object) {
    const std::lock_guard lock(mutex_);
    objects_.emplace(last_ + 1, std::move(object));
    return ++last_;
  }

  // Null if the handle stands for nothing.
  std::shared_ptr<Object> Find(uint64_t handle) const {
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find(handle);
    return found == objects_.end() ? nullptr : found->second;
  }

  // What the handle stood for; of several threads one is given it.
  std::shared_ptr<Object> Remove(uint64_t handle) {
    const std::lock_guard lock(mutex_);
    const auto node = objects_.extract(handle);
    return node.empty() ? nullptr : node.mapped();
  }

  template <class Predicate>
  void RemoveIf(Predicate predicate) {
    const std::lock_guard lock(mutex_);
    std::erase_if(objects_, [&predicate](const auto& entry) {
      return predicate(*entry.second);
    });
  }

  // Throws std::bad_alloc.
  std::vector<std::shared_ptr<Object>> All() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<Object>> all;
    all.reserve(objects_.size());
    for (const auto& [handle, object] : objects_) all.push_back(object);
    return all;
  }

 private:
  mutable std::mutex mutex_;
  uint64_t last_ = 0;
  std::map<uint64_t, std::shared_ptr<Object>> objects_;
};

}  // namespace cpgcert::reference

#endif  // CPGCERT_HARNESS_REFERENCE_HANDLE_TABLE_H_
