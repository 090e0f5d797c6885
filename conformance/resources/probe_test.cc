#include "conformance/resources/probe.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "conformance/resources/operations.h"
#include "harness/cpg_api.h"
#include "harness/disturbances/allocation_faults.h"
#include "harness/disturbances/resource_limits.h"
#include "harness/namespaces.h"

namespace cpgcert::conformance::resources {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// The compiler must not leave a request out.
void* Get(size_t size) {
  void* block = malloc(size);
  asm volatile("" : "+r"(block) : : "memory");
  return block;
}

std::string Ready(Connection& /*connection*/) { return ""; }
std::string Done(Connection& /*connection*/) { return ""; }

// An operation that is sound but for its call.
Operation OperationOf(cs_error_t (*call)(Connection& connection)) {
  return {.name = "Test",
          .text = "a call",
          .symbols = {},
          .prepare = Ready,
          .call = call,
          .confirm = Done};
}

// A library that can do nothing; no operation here needs it.
harness::CpgApi NoLibrary() {
  harness::CpgApi api;
  api.initialize = [](cpg_handle_t* /*handle*/, cpg_callbacks_t* /*all*/) {
    return CS_ERR_LIBRARY;
  };
  api.finalize = [](cpg_handle_t /*handle*/) { return CS_ERR_BAD_HANDLE; };
  return api;
}

ProbeResult Try(const Operation& operation, Resource resource, int step) {
  const harness::CpgApi api = NoLibrary();
  harness::SharedMemorySize shared_memory;
  return Probe({api, operation, resource, step}, &shared_memory);
}

// "RES-04: text" of each finding.
std::vector<std::string> Texts(const ProbeResult& result) {
  std::vector<std::string> texts;
  for (const Finding& finding : result.findings) {
    texts.push_back(finding.requirement + ": " + finding.text);
  }
  return texts;
}

class MemoryProbeTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!harness::AllocationWatch::Available()) {
      GTEST_SKIP() << "a sanitizer makes it impossible";
    }
  }
};

// Gets two blocks and gives them back, whatever happens.
cs_error_t GetTwo(Connection& /*connection*/) {
  void* first = Get(10);
  void* second = first == nullptr ? nullptr : Get(20);
  const bool got = second != nullptr;
  free(first);
  free(second);
  return got ? CS_OK : CS_ERR_NO_MEMORY;
}

TEST_F(MemoryProbeTest, GoesThroughEachRequest) {
  const Operation operation = OperationOf(GetTwo);
  for (const int step : {1, 2}) {
    const ProbeResult result = Try(operation, Resource::kMemory, step);
    EXPECT_TRUE(result.returned && result.noticed);
    EXPECT_EQ(result.answer, CS_ERR_NO_MEMORY);
    EXPECT_THAT(Texts(result), IsEmpty());
  }
  const ProbeResult last = Try(operation, Resource::kMemory, 3);
  EXPECT_FALSE(last.noticed);
  EXPECT_EQ(last.answer, CS_OK);
}

TEST_F(MemoryProbeTest, ADeathIsAFinding) {
  const Operation operation = OperationOf([](Connection& /*connection*/) {
    (void)signal(SIGSEGV, SIG_DFL);  // a sanitizer may have a handler
    static_cast<volatile char*>(Get(10))[0] = 'x';
    return CS_OK;
  });
  const ProbeResult result = Try(operation, Resource::kMemory, 1);
  EXPECT_FALSE(result.returned);
  EXPECT_THAT(Texts(result),
              ElementsAre("RES-01: the process killed by signal 11 (SIGSEGV)"));
}

TEST_F(MemoryProbeTest, AnErrorOfAnotherMeaningIsAFinding) {
  const Operation operation = OperationOf([](Connection& connection) {
    return GetTwo(connection) == CS_OK ? CS_OK : CS_ERR_EXIST;
  });
  EXPECT_THAT(Texts(Try(operation, Resource::kMemory, 1)),
              ElementsAre("RES-01: CS_ERR_EXIST"));
}

TEST_F(MemoryProbeTest, ALostBlockIsAFinding) {
  const Operation operation = OperationOf([](Connection& /*connection*/) {
    void* first = Get(10);
    void* second = Get(20);
    if (second == nullptr) {
      return CS_ERR_NO_MEMORY;
    }
    free(second);
    free(first);
    return CS_OK;
  });
  EXPECT_THAT(
      Texts(Try(operation, Resource::kMemory, 2)),
      ElementsAre("RES-04: each such failure loses 1 blocks of memory"));
}

TEST_F(MemoryProbeTest, ALostMappingIsAFinding) {
  const Operation operation = OperationOf([](Connection& /*connection*/) {
    void* pages =
        mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    void* block = Get(20);
    if (block == nullptr) {
      return CS_ERR_NO_MEMORY;
    }
    free(block);
    munmap(pages, 4096);
    return CS_OK;
  });
  EXPECT_THAT(
      Texts(Try(operation, Resource::kMemory, 2)),
      ElementsAre("RES-04: each such failure leaves 4096 bytes mapped"));
}

TEST_F(MemoryProbeTest, WhatIsKeptForLaterIsNone) {
  const Operation operation = OperationOf([](Connection& connection) {
    static void* kept = Get(1000);
    return kept == nullptr ? CS_ERR_NO_MEMORY : GetTwo(connection);
  });
  EXPECT_THAT(Texts(Try(operation, Resource::kMemory, 2)), IsEmpty());
  EXPECT_THAT(Texts(Try(operation, Resource::kMemory, 3)), IsEmpty());
}

// A descriptor that a library keeps for the process is known from a call
// without a shortage.
TEST_F(MemoryProbeTest, ADescriptorThatIsKeptIsNone) {
  const Operation operation = OperationOf([](Connection& connection) {
    static const int kept = open("/dev/null", O_RDONLY);
    return kept < 0 ? CS_ERR_LIBRARY : GetTwo(connection);
  });
  const ProbeResult control = Try(operation, Resource::kMemory, 0);
  EXPECT_FALSE(control.noticed);
  EXPECT_EQ(control.answer, CS_OK);
  EXPECT_EQ(control.kept.descriptors, 1U);
  const harness::CpgApi api = NoLibrary();
  harness::SharedMemorySize shared_memory;
  ProbeRequest request{api, operation, Resource::kMemory, 2};
  EXPECT_THAT(Texts(Probe(request, &shared_memory)), Not(IsEmpty()));
  request.allowed = control.kept;
  EXPECT_THAT(Texts(Probe(request, &shared_memory)), IsEmpty());
}

TEST_F(MemoryProbeTest, ACallThatNeverWorksAgainIsAFinding) {
  const Operation operation = OperationOf([](Connection& connection) {
    static bool broken = false;
    broken = broken || GetTwo(connection) != CS_OK;
    return broken ? CS_ERR_LIBRARY : CS_OK;
  });
  EXPECT_THAT(Texts(Try(operation, Resource::kMemory, 1)),
              ElementsAre("RES-04: called again with the resource there: "
                          "CS_ERR_LIBRARY"));
}

TEST_F(MemoryProbeTest, AWrongEffectIsAFinding) {
  Operation operation = OperationOf(GetTwo);
  operation.confirm = [](Connection& /*connection*/) {
    return std::string("2 deliveries");
  };
  EXPECT_THAT(Texts(Try(operation, Resource::kMemory, 1)),
              ElementsAre("ERR-06: after a repeated call: 2 deliveries"));
  operation.call = [](Connection& connection) {
    GetTwo(connection);
    return CS_OK;
  };
  EXPECT_THAT(Texts(Try(operation, Resource::kMemory, 1)),
              ElementsAre("RES-01: CS_OK, but 2 deliveries"));
  // Where nothing failed it is not the want of memory that did it.
  EXPECT_THAT(Texts(Try(operation, Resource::kMemory, 3)), IsEmpty());
}

TEST_F(MemoryProbeTest, ASceneThatCannotBeMadeIsNoFinding) {
  Operation operation = OperationOf(GetTwo);
  operation.prepare = [](Connection& /*connection*/) {
    return std::string("no scene");
  };
  const ProbeResult result = Try(operation, Resource::kMemory, 1);
  EXPECT_EQ(result.unprepared, "no scene");
  EXPECT_THAT(Texts(result), IsEmpty());
}

TEST_F(MemoryProbeTest, EachAspectHasItsOwnFindings) {
  const Operation operation = OperationOf([](Connection& /*connection*/) {
    void* first = Get(10);
    void* second = first == nullptr ? nullptr : Get(20);
    if (second == nullptr) {
      return CS_ERR_EXIST;  // and the first block is lost
    }
    free(second);
    free(first);
    return CS_OK;
  });
  const harness::CpgApi api = NoLibrary();
  harness::SharedMemorySize shared_memory;
  EXPECT_THAT(
      Texts(Probe({api, operation, Resource::kMemory, 2, Aspect::kSurvival},
                  &shared_memory)),
      ElementsAre("RES-01: CS_ERR_EXIST"));
  EXPECT_THAT(
      Texts(Probe({api, operation, Resource::kMemory, 2, Aspect::kAftermath},
                  &shared_memory)),
      ElementsAre("RES-04: each such failure loses 1 blocks of memory"));
}

TEST(DescriptorProbeTest, AnOpenDescriptorIsAFinding) {
  const Operation operation = OperationOf([](Connection& /*connection*/) {
    const int first = open("/dev/null", O_RDONLY);
    const int second = open("/dev/null", O_RDONLY);
    if (second < 0) {
      return first < 0 ? CS_ERR_NO_RESOURCES : CS_ERR_LIBRARY;
    }
    close(first);
    close(second);
    return CS_OK;
  });
  EXPECT_THAT(Texts(Try(operation, Resource::kDescriptors, 1)), IsEmpty());
  EXPECT_THAT(
      Texts(Try(operation, Resource::kDescriptors, 2)),
      ElementsAre(testing::AllOf(HasSubstr("RES-04: CS_ERR_LIBRARY, and"),
                                 HasSubstr("(/dev/null) was left open"))));
  const ProbeResult last = Try(operation, Resource::kDescriptors, 3);
  EXPECT_EQ(last.answer, CS_OK);
  EXPECT_THAT(Texts(last), IsEmpty());
}

TEST(DescriptorProbeTest, AForeignDescriptorThatIsClosedIsAFinding) {
  const Operation operation = OperationOf([](Connection& /*connection*/) {
    const int file = open("/dev/null", O_RDONLY);
    close(file < 0 ? STDIN_FILENO : file);
    return file < 0 ? CS_ERR_LIBRARY : CS_OK;
  });
  EXPECT_THAT(
      Texts(Try(operation, Resource::kDescriptors, 1)),
      ElementsAre("RES-04: CS_ERR_LIBRARY, and descriptor 0 was closed"));
}

// Runs `body`, which may have expectations, where /dev/shm is its own.
void InWorker(const std::function<void()>& body) {
  harness::StartWorkerResult started =
      harness::StartWorker([&](int /*control*/) {
        body();
        return testing::Test::HasFailure() ? 1 : 0;
      });
  ASSERT_EQ(started.error, "");
  EXPECT_EQ(started.worker.Wait(std::chrono::steady_clock::now() +
                                std::chrono::minutes(1)),
            0);
}

// Writes a page to a file, which it leaves there if that fails.
cs_error_t WriteFile(Connection& /*connection*/) {
  const int file = open("/dev/shm/own", O_CREAT | O_RDWR, 0600);
  const bool written = write(file, "x", 1) == 1;
  close(file);
  if (written) {
    unlink("/dev/shm/own");
  }
  return written ? CS_OK : CS_ERR_NO_SPACE;
}

TEST(SharedMemoryProbeTest, AFileThatStaysIsAFinding) {
  InWorker([] {
    const int other = open("/dev/shm/other", O_CREAT | O_RDWR, 0600);
    ASSERT_EQ(write(other, "x", 1), 1);
    Operation operation = OperationOf(WriteFile);
    EXPECT_THAT(Texts(Try(operation, Resource::kSharedMemory, 2)), IsEmpty());
    operation.can_be_repeated = false;
    EXPECT_THAT(Texts(Try(operation, Resource::kSharedMemory, 1)),
                ElementsAre("RES-04: left in /dev/shm: own"));
  });
}

TEST(SharedMemoryProbeTest, ADeathLeavesTheSizeAsItWas) {
  InWorker([] {
    const int other = open("/dev/shm/other", O_CREAT | O_RDWR, 0600);
    ASSERT_EQ(write(other, "x", 1), 1);
    const Operation operation =
        OperationOf([](Connection& /*connection*/) -> cs_error_t {
          raise(SIGKILL);
          return CS_OK;
        });
    EXPECT_THAT(Texts(Try(operation, Resource::kSharedMemory, 1)),
                ElementsAre("RES-03: the process killed by signal 9 "
                            "(SIGKILL)"));
    EXPECT_EQ(pwrite(other, "x", 1, 4096), 1);
  });
}

}  // namespace
}  // namespace cpgcert::conformance::resources
