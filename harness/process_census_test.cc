#include "harness/process_census.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <future>
#include <thread>

namespace cpgcert::harness {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(ProcessCensusTest, NothingGrowsWhereNothingHappens) {
  const ProcessCensus before = TakeProcessCensus();
  EXPECT_GE(before.threads, 1);
  EXPECT_TRUE(Growth(before, TakeProcessCensus()).empty());
}

TEST(ProcessCensusTest, ShowsADescriptorThatIsLeftOpen) {
  const ProcessCensus before = TakeProcessCensus();
  const int left = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const CensusGrowth growth = Growth(before, TakeProcessCensus());
  close(left);
  EXPECT_THAT(growth.descriptors, ElementsAre(HasSubstr("(/dev/null)")));
  EXPECT_TRUE(growth.shared_mappings.empty());
  EXPECT_FALSE(growth.empty());
}

TEST(ProcessCensusTest, ShowsADescriptorThatNowIsAnother) {
  const int first = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const ProcessCensus before = TakeProcessCensus();
  const int second = open("/dev/zero", O_RDONLY | O_CLOEXEC);
  dup3(second, first, O_CLOEXEC);
  close(second);
  const CensusGrowth growth = Growth(before, TakeProcessCensus());
  close(first);
  EXPECT_THAT(growth.descriptors, ElementsAre(HasSubstr("(/dev/zero)")));
}

TEST(ProcessCensusTest, ShowsASharedMappingAndNoPrivateOne) {
  const ProcessCensus before = TakeProcessCensus();
  void* hidden = mmap(nullptr, 4096, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  EXPECT_TRUE(Growth(before, TakeProcessCensus()).empty());
  void* shared = mmap(nullptr, 4096, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  const CensusGrowth growth = Growth(before, TakeProcessCensus());
  munmap(shared, 4096);
  munmap(hidden, 4096);
  EXPECT_THAT(growth.shared_mappings, ElementsAre(HasSubstr("shared mapping")));
}

TEST(ProcessCensusTest, ShowsAThread) {
  std::promise<void> end;
  const std::shared_future<void> ended = end.get_future().share();
  // To the first thread ThreadSanitizer adds one of its own.
  std::thread first([ended] { ended.wait(); });
  const ProcessCensus before = TakeProcessCensus();
  std::thread second([ended] { ended.wait(); });
  EXPECT_EQ(Growth(before, TakeProcessCensus()).threads, 1);
  end.set_value();
  first.join();
  second.join();
}

}  // namespace
}  // namespace cpgcert::harness
