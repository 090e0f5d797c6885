#include "fuzz/calls/zero_copy_maps.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace cpgcert::fuzz {

namespace {

constexpr size_t kHeaderSize = 16;
constexpr size_t kAddressOffset = 8;
// Of what is behind the header: its own size is at 8.
constexpr size_t kRequestSizeOffset = 8;

void* At(uint64_t address) {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): it is one
  return reinterpret_cast<void*>(address);
}

}  // namespace

ZeroCopyMaps::~ZeroCopyMaps() {
  for (const auto& [address, map] : maps_) munmap(At(address), map.size);
}

bool ZeroCopyMaps::Allocate(
    int connection, const harness::wire::ZeroCopyAllocateRequest& request) {
  const int file = open(request.path.c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) return false;
  unlink(request.path.c_str());
  struct stat status{};
  void* memory = MAP_FAILED;
  const size_t size = request.map_size;
  if (size >= kHeaderSize + harness::wire::kMulticastOverhead &&
      fstat(file, &status) == 0 &&
      static_cast<uint64_t>(status.st_size) >= size) {
    memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  }
  close(file);
  if (memory == MAP_FAILED) return false;
  const auto address = reinterpret_cast<uint64_t>(memory);
  std::memcpy(static_cast<char*>(memory) + kAddressOffset, &address,
              sizeof address);
  maps_[address] = {.connection = connection, .size = size};
  return true;
}

bool ZeroCopyMaps::Free(int connection, uint64_t address) {
  const auto found = maps_.find(address);
  if (found == maps_.end() || found->second.connection != connection) {
    return false;
  }
  munmap(At(address), found->second.size);
  maps_.erase(found);
  return true;
}

std::optional<std::string_view> ZeroCopyMaps::RequestAt(
    int connection, uint64_t address) const {
  const auto found = maps_.find(address);
  if (found == maps_.end() || found->second.connection != connection) {
    return std::nullopt;
  }
  const char* const request =
      static_cast<const char*>(At(address)) + kHeaderSize;
  int32_t size = 0;
  std::memcpy(&size, request + kRequestSizeOffset, sizeof size);
  const size_t room = found->second.size - kHeaderSize;
  return std::string_view(
      request, std::min(room, static_cast<size_t>(std::max(size, 0))));
}

void ZeroCopyMaps::Forget(int connection) {
  for (auto at = maps_.begin(); at != maps_.end();) {
    const auto [address, map] = *at;
    if (map.connection == connection) {
      munmap(At(address), map.size);
      at = maps_.erase(at);
    } else {
      ++at;
    }
  }
}

}  // namespace cpgcert::fuzz
