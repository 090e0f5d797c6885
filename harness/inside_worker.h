// For tests: runs a body inside a worker, and expectations that fail there
// fail the test outside.

#ifndef CPGCERT_HARNESS_INSIDE_WORKER_H_
#define CPGCERT_HARNESS_INSIDE_WORKER_H_

#include <chrono>
#include <functional>

#include "gtest/gtest.h"
#include "harness/corosync.h"
#include "harness/namespaces.h"

namespace cpgcert::harness {

// Far more than a busy machine needs; no test waits for it to pass.
inline constexpr std::chrono::milliseconds kFarAway{60'000};

inline void InsideWorker(const std::function<void()>& body) {
  StartWorkerResult started = StartWorker([&](int /*control*/) {
    body();
    return testing::Test::HasFailure() ? 1 : 0;
  });
  ASSERT_EQ(started.error, "");
  EXPECT_EQ(started.worker.Wait(std::chrono::steady_clock::now() + kFarAway),
            0);
}

// The same with a corosync that is ready.
inline void InsideWithService(
    const std::function<void(Corosync* service)>& body) {
  InsideWorker([&] {
    Corosync service;
    ASSERT_EQ(service.Restart(std::chrono::steady_clock::now() + kFarAway), "");
    body(&service);
  });
}

}  // namespace cpgcert::harness

#endif  // CPGCERT_HARNESS_INSIDE_WORKER_H_
