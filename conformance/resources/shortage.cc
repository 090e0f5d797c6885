#include "conformance/resources/shortage.h"

#include <fmt/core.h>

#include <array>
#include <cstddef>

namespace cpgcert::conformance::resources {

namespace {

// More requests or descriptors than any call needs.
constexpr int kRequestsMax = 200;
constexpr int kDescriptorsMax = 40;

// What is left of shared memory at each step. A connection of corosync's takes
// 3.1 MiB, in six files.
constexpr std::array<size_t, 16> kRoomKib = {0,    4,    8,    12,   16,   64,
                                             512,  1040, 1056, 1536, 2080, 2112,
                                             2560, 3072, 4096, 16384};

}  // namespace

std::string NameOf(Resource resource) {
  switch (resource) {
    case Resource::kMemory:
      return "Allocation";
    case Resource::kDescriptors:
      return "Descriptors";
    case Resource::kSharedMemory:
      return "SharedMemory";
  }
  return "";
}

std::string RequirementOf(Resource resource) {
  switch (resource) {
    case Resource::kMemory:
      return "RES-01";
    case Resource::kDescriptors:
      return "RES-02";
    case Resource::kSharedMemory:
      return "RES-03";
  }
  return "";
}

int StepsMax(Resource resource) {
  switch (resource) {
    case Resource::kMemory:
      return kRequestsMax;
    case Resource::kDescriptors:
      return kDescriptorsMax;
    case Resource::kSharedMemory:
      return static_cast<int>(kRoomKib.size());
  }
  return 0;
}

std::string Describe(Resource resource, int step) {
  switch (resource) {
    case Resource::kMemory:
      return fmt::format("request {} for memory fails", step);
    case Resource::kDescriptors:
      return fmt::format("{} descriptors left", step - 1);
    case Resource::kSharedMemory:
      return fmt::format("{} KiB left in /dev/shm", kRoomKib.at(step - 1));
  }
  return "";
}

Shortage::Shortage(Resource resource, int step, harness::AllocationWatch* watch,
                   harness::SharedMemorySize* shared_memory)
    : resource_(resource),
      step_(step),
      watch_(watch),
      shared_memory_(shared_memory) {}

std::string Shortage::Begin() {
  if (step_ == 0) {
    noticed_ = false;
    return "";
  }
  switch (resource_) {
    case Resource::kMemory:
      watch_->FailRequest(step_);
      return "";
    case Resource::kDescriptors:
      descriptors_.emplace(step_ - 1);
      return descriptors_->error();
    case Resource::kSharedMemory:
      return shared_memory_->Leave(kRoomKib.at(step_ - 1) << 10);
  }
  return "";
}

bool Shortage::MayHaveActed() const {
  return resource_ != Resource::kMemory || step_ == 0 || watch_->fired();
}

std::string Shortage::End() {
  if (step_ == 0) {
    return "";
  }
  switch (resource_) {
    case Resource::kMemory:
      noticed_ = watch_->fired();
      watch_->FailRequest(0);
      return "";
    case Resource::kDescriptors:
      descriptors_.reset();
      return "";
    case Resource::kSharedMemory:
      return shared_memory_->Restore();
  }
  return "";
}

}  // namespace cpgcert::conformance::resources
