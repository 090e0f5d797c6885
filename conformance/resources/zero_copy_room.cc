#include "conformance/resources/zero_copy_room.h"

#include <fmt/core.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/resources/connection.h"
#include "conformance/resources/footprint.h"
#include "conformance/resources/probe.h"
#include "harness/disturbances/resource_limits.h"
#include "harness/forked_call.h"

namespace cpgcert::conformance::resources {

namespace {

using harness::ErrorName;

constexpr size_t kMib = size_t{1} << 20;
// The library may fill what there is: that must not be the whole machine.
constexpr size_t kRoomForImpossible = 4 * kMib;

const std::vector<std::string_view> kSymbols = {
    "cpg_initialize", "cpg_finalize", "cpg_fd_get",          "cpg_local_get",
    "cpg_zcb_alloc",  "cpg_zcb_free", "cpg_zcb_mcast_joined"};

struct Wanted {
  size_t size;  // of the buffer, bytes
  size_t room;  // left in /dev/shm, bytes
};

// What a child says that could not make the call.
constexpr std::string_view kUnprepared = "unprepared: ";

// In the child: "" if the promise was kept, else what came.
std::string Allocate(const harness::CpgApi& api, const Wanted& wanted,
                     bool is_possible, harness::SharedMemorySize& memory) {
  WaitSharedMemoryQuiet(api);
  Connection connection(api, "", "");
  std::string error = connection.Connect();
  if (error.empty()) {
    error = memory.Leave(wanted.room);
  }
  if (!error.empty()) {
    return std::string(kUnprepared) + error;
  }
  void* buffer = nullptr;
  const cs_error_t answer =
      api.zcb_alloc(connection.handle, wanted.size, &buffer);
  if (answer != CS_OK) {
    const bool admitted = IsAdmitted(answer) || answer == CS_ERR_TOO_BIG;
    memory.Restore();
    unsigned int node_id = 0;
    error = Answer("then cpg_local_get",
                   api.local_get(connection.handle, &node_id));
    return admitted && error.empty()
               ? ""
               : fmt::format("{} {}", ErrorName(answer), error);
  }
  if (!is_possible) {
    return "CS_OK";
  }
  std::memset(buffer, 'x', wanted.size);
  return Answer("then cpg_zcb_free", api.zcb_free(connection.handle, buffer));
}

void AllocateEach(CaseContext& context, const std::vector<Wanted>& all,
                  bool is_possible, const char* owed) {
  const harness::CpgApi& api = context.Api(kSymbols);
  harness::SharedMemorySize memory;
  if (!memory.error().empty()) {
    CaseContext::Untested(memory.error());
  }
  std::string came;
  for (const Wanted& wanted : all) {
    const std::string call =
        fmt::format("{} bytes with {} KiB left in /dev/shm", wanted.size,
                    wanted.room >> 10);
    context.Step("cpg_zcb_alloc of " + call);
    const harness::ForkedCallResult child = harness::RunInForkedChild(
        [&] { return Allocate(api, wanted, is_possible, memory); }, kDeadline);
    memory.Restore();
    const std::string text =
        child.returned ? child.text : "the process " + child.end;
    const bool ended =
        context.service().allowed() && !context.service().Resume().empty();
    if (text.starts_with(kUnprepared) && came.empty() && !ended) {
      CaseContext::Untested(text);
    }
    if (!text.empty()) {
      came += fmt::format("\n  {}: {}", call, text);
    }
    if (ended) {
      came += fmt::format("\n  {}: the service died", call);
      break;
    }
  }
  if (!came.empty()) {
    context.Fail("ZCB-02", fmt::format("call: cpg_zcb_alloc\nowed: {}\ncame:{}",
                                       owed, came));
  }
}

}  // namespace

void AllocateImpossibleSizes(CaseContext& context) {
  // Some become small, or negative, when a header's size is added.
  AllocateEach(context,
               {{SIZE_MAX, kRoomForImpossible},
                {SIZE_MAX - 16, kRoomForImpossible},
                {SIZE_MAX - 256, kRoomForImpossible},
                {SIZE_MAX - 4096, kRoomForImpossible},
                {SIZE_MAX / 2, kRoomForImpossible},
                {SIZE_MAX / 2 + 1, kRoomForImpossible}},
               false, "an error, and a process and a service that live");
}

void AllocateInFullSharedMemory(CaseContext& context,
                                const std::vector<size_t>& sizes) {
  std::vector<Wanted> all;
  for (const size_t size : sizes) {
    for (const size_t room : {size_t{64} << 10, size_t{4096}, size_t{0}}) {
      all.push_back({size, room});
    }
  }
  AllocateEach(context, all, true,
               "an error, or a buffer that can be written; and a process and a "
               "service that live");
}

}  // namespace cpgcert::conformance::resources
