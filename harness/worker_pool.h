// Runs many items on a few workers, each with a namespace and a service of
// its own.

#ifndef CPGCERT_HARNESS_WORKER_POOL_H_
#define CPGCERT_HARNESS_WORKER_POOL_H_

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "harness/service_choice.h"

namespace cpgcert::harness {

// Where an item runs.
struct WorkerPlace {
  pid_t service_process = 0;  // 0: not ours to disturb
  std::string scratch_root;
};

// Runs in a worker, one item at a time; the result is at most some MB. The
// service answers when it is called, and is mended afterwards if the item
// killed or stopped it.
using RunItem =
    std::function<std::string(size_t item, const WorkerPlace& place)>;

// How an item ended, as the caller of RunPool learns it.
struct ItemEnd {
  size_t item = 0;
  bool killed = false;  // its worker was killed while it ran: by the item
  std::string text{};   // otherwise what RunItem returned
};
using OnItemEnd = std::function<void(const ItemEnd& end)>;

struct PoolOptions {
  int workers = 1;
  // With kRunning there is one worker, whatever `workers` says: it has nothing
  // of its own by which its items could be told from those of another.
  ServiceChoice service;
  // Polled; readable ends the run. -1: none. For a signalfd or an eventfd.
  int stop_fd = -1;
};

struct PoolResult {
  bool stopped = false;  // by stop_fd: some items have not ended
  // Not empty: the service would not start, or not again; what was under way
  // has not ended. The first line says why.
  std::string error;
};

// Runs `run(item)` for each of `items`, in their order as workers get free,
// and calls `on_end` in this process, once per item that ended.
// When it returns no process of it is left.
PoolResult RunPool(const PoolOptions& options, const std::vector<size_t>& items,
                   const RunItem& run, const OnItemEnd& on_end);

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_WORKER_POOL_H_
