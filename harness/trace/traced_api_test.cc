#include "harness/trace/traced_api.h"

#include <corosync/cpg.h>
#include <fmt/core.h>
#include <fmt/ranges.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "harness/cpg_api.h"
#include "harness/message.h"
#include "harness/trace/recorded_run.h"
#include "harness/trace/trace.h"

namespace cpgcert::harness::trace {
namespace {

constexpr size_t kPageMask = 4095;

// What the body under way has seen, for callbacks know no other way.
std::string said;
const CpgApi* api = nullptr;
// The same object in both runs is another one in each.
int context_of_the_recording = 0;
int context_of_the_replay = 0;

void* OwnContext() {
  return Replaying() ? &context_of_the_replay : &context_of_the_recording;
}

cpg_name MakeName(const std::string& value) {
  cpg_name name{};
  name.length = static_cast<uint32_t>(value.size());
  std::memcpy(name.value, value.data(), value.size());
  return name;
}

// Text, with other bytes as "\\xff".
std::string Text(const std::string& bytes) {
  std::string text;
  for (const char byte : bytes) {
    text += byte >= ' ' && byte <= '~'
                ? std::string(1, byte)
                : fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
  }
  return text;
}

std::string Text(const cpg_name* name) {
  return name == nullptr ? "no group"
                         : Text(std::string(name->value, name->length));
}

std::string Text(const cpg_address* list, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    text +=
        fmt::format("{}/{}/{} ", list[i].nodeid, list[i].pid, list[i].reason);
  }
  return text;
}

void Deliver(cpg_handle_t handle, const cpg_name* group, uint32_t node,
             uint32_t process, void* message, size_t size) {
  const std::string bytes(static_cast<const char*>(message), size);
  said += fmt::format(
      "message {:x} of {} from {}/{}: {} bytes, {}, at {}\n", handle,
      Text(group), node, process, size,
      size < 20 ? Text(bytes) : DescribeMessage(bytes),
      size == 0 ? 0 : reinterpret_cast<uintptr_t>(message) & kPageMask);
}

// Callbacks may make calls, and change the message where it stands.
void DeliverAndAsk(cpg_handle_t handle, const cpg_name* /*group*/,
                   uint32_t /*node*/, uint32_t /*process*/, void* message,
                   size_t size) {
  unsigned int node = 0;
  said += fmt::format("{} ", static_cast<int>(api->local_get(handle, &node)));
  std::memset(message, 0, size);
  said += fmt::format("{}\n", node);
}

void Configuration(cpg_handle_t handle, const cpg_name* group,
                   const cpg_address* members, size_t member_count,
                   const cpg_address* left, size_t left_count,
                   const cpg_address* joined, size_t joined_count) {
  said += fmt::format("change {:x} of {}: {}, left {}, joined {}\n", handle,
                      Text(group), Text(members, member_count),
                      Text(left, left_count), Text(joined, joined_count));
}

void Totem(cpg_handle_t handle, cpg_ring_id ring, uint32_t count,
           const uint32_t* nodes) {
  said += fmt::format("ring {:x}: {}/{}, {}\n", handle, ring.nodeid, ring.seq,
                      fmt::join(nodes, nodes + count, " "));
}

std::string LibraryPath() {
  static const std::string path =
      std::filesystem::absolute("harness/trace/told_libcpg.so").string();
  return path;
}

using Calls = std::function<void(const CpgApi& api)>;

// Makes the calls of a library, which is not there in a replay.
Body Calling(const Calls& calls) {
  return [path = LibraryPath(), calls] {
    std::string error;
    const auto loaded =
        LoadTracedApi(Replaying() ? "/no/such/library.so" : path, &error);
    said = error;
    api = loaded.get();
    if (loaded != nullptr) {
      calls(*loaded);
    }
    return said;
  };
}

void Say(const std::string& what, cs_error_t code) {
  said += fmt::format("{}: {}\n", what, ErrorName(code));
}

cpg_handle_t Connect(const CpgApi& functions, cpg_deliver_fn_t deliver,
                     cpg_confchg_fn_t configuration = Configuration,
                     cpg_totem_confchg_fn_t totem = nullptr) {
  cpg_model_v1_data_t data{CPG_MODEL_V1, deliver, configuration, totem, 0};
  cpg_handle_t handle = 0;
  Say("connect", functions.model_initialize(
                     &handle, CPG_MODEL_V1,
                     reinterpret_cast<cpg_model_data_t*>(&data), OwnContext()));
  return handle;
}

// What the calls see, in a recording and in its replay.
std::string SeenTwice(const Calls& calls) {
  const Body body = Calling(calls);
  const Recorded recorded = Record(body);
  EXPECT_EQ(recorded.verdict, Verdict::kPass);
  const Replayed replayed = ReplayOf(recorded, body);
  EXPECT_EQ(replayed.process_end, "");
  EXPECT_EQ(replayed.end.difference, "");
  EXPECT_FALSE(replayed.end.over);
  EXPECT_EQ(replayed.said, recorded.said) << recorded.text;
  EXPECT_EQ(replayed.left, 0);
  return recorded.said;
}

// How the replay of some calls differs that makes others.
std::string Difference(const Calls& calls, const Calls& others) {
  return ReplayOf(Record(Calling(calls)), Calling(others)).end.difference;
}

TEST(TracedApiTest, OutParametersAndCodesComeBack) {
  EXPECT_EQ(SeenTwice([](const CpgApi& functions) {
              cpg_callbacks_t callbacks{Deliver, nullptr};
              cpg_handle_t handle = 0;
              Say("connect", functions.initialize(&handle, &callbacks));
              said += fmt::format("handle {:x}\n", handle);
              unsigned int node = 0;
              Say("local", functions.local_get(handle, &node));
              said += fmt::format("node {}\n", node);
              node = 5;
              Say("local", functions.local_get(handle + 1, &node));
              said += fmt::format("node {}\n", node);
              const cpg_name group = MakeName("refused");
              Say("join", functions.join(handle, &group));
              Say("leave", functions.leave(handle, &group));
              Say("dispatch", functions.dispatch(handle, CS_DISPATCH_BLOCKING));
              Say("finalize", functions.finalize(handle));
            }),
            "connect: CS_OK\nhandle 1122334455667788\n"
            "local: CS_OK\nnode 4294967295\n"
            "local: CS_ERR_BAD_HANDLE\nnode 5\n"
            "join: CS_ERR_ACCESS\nleave: cs_error_t(77)\n"
            "dispatch: CS_ERR_TRY_AGAIN\nfinalize: CS_OK\n");
}

TEST(TracedApiTest, MessagesComeBackByteForByteAtTheirPlaceInThePage) {
  EXPECT_EQ(SeenTwice([](const CpgApi& functions) {
              const cpg_handle_t handle = Connect(functions, Deliver);
              Say("dispatch", functions.dispatch(handle, CS_DISPATCH_ALL));
            }),
            "connect: CS_OK\n"
            "message 1122334455667788 of group from 1/2: 8 bytes, small/0/, at "
            "77\n"
            "message 1122334455667788 of odd\\x00name from 1/2: 8 bytes, "
            "\\x00\\xff bytes, at 77\n"
            "message 1122334455667788 of no group from 1/2: 3145728 "
            "bytes, large, at 77\n"
            "message 1122334455667788 of group from 3/4: 0 bytes, , at 0\n"
            "dispatch: CS_OK\n");
}

TEST(TracedApiTest, ChangesAndRingsComeBack) {
  EXPECT_EQ(SeenTwice([](const CpgApi& functions) {
              const cpg_handle_t handle =
                  Connect(functions, nullptr, Configuration, Totem);
              Say("dispatch", functions.dispatch(handle, CS_DISPATCH_ONE));
            }),
            "connect: CS_OK\n"
            "change 1122334455667788 of group: 1/10/0 2/20/0 , left , joined "
            "2/20/1 \n"
            "ring 1122334455667788: 7/1099511627776, 1 2 3\n"
            "dispatch: CS_OK\n");
}

TEST(TracedApiTest, ACallbackMayMakeCallsAndChangeItsMessage) {
  EXPECT_EQ(SeenTwice([](const CpgApi& functions) {
              const cpg_handle_t handle =
                  Connect(functions, DeliverAndAsk, nullptr);
              Say("dispatch", functions.dispatch(handle, CS_DISPATCH_ALL));
            }),
            "connect: CS_OK\n1 4294967295\n1 4294967295\n1 4294967295\n"
            "1 4294967295\ndispatch: CS_OK\n");
}

TEST(TracedApiTest, WhatWasSentComesBackWhenItIsDelivered) {
  const std::string text = SeenTwice([](const CpgApi& functions) {
    const cpg_handle_t handle = Connect(functions, Deliver);
    std::string sent = MakeMessage("sent", 5000);
    const std::array<iovec, 2> parts = {
        {{sent.data(), 2000}, {sent.data() + 2000, 3000}}};
    Say("send", functions.mcast_joined(handle, CPG_TYPE_AGREED, parts.data(),
                                       parts.size()));
    Say("dispatch", functions.dispatch(handle, CS_DISPATCH_ALL));
  });
  EXPECT_NE(text.find("5000 bytes, sent, at 77\n"), std::string::npos) << text;
}

TEST(TracedApiTest, AContextIsThatOfTheRunUnderWay) {
  EXPECT_EQ(SeenTwice([](const CpgApi& functions) {
              static std::array<int, 2> others{};
              const cpg_handle_t handle = Connect(functions, Deliver);
              void* context = nullptr;
              Say("get", functions.context_get(handle, &context));
              said += context == OwnContext() ? "own\n" : "other\n";
              void* const other = &others.at(Replaying() ? 1 : 0);
              Say("set", functions.context_set(handle, other));
              Say("get", functions.context_get(handle, &context));
              said += context == other ? "own\n" : "other\n";
              Say("set", functions.context_set(handle, nullptr));
              Say("get", functions.context_get(handle, &context));
              said += context == nullptr ? "null\n" : "other\n";
            }),
            "connect: CS_OK\nget: CS_OK\nown\nset: CS_OK\nget: CS_OK\nown\n"
            "set: CS_OK\nget: CS_OK\nnull\n");
}

TEST(TracedApiTest, ASymbolThatIsMissingIsMissingInAReplay) {
  EXPECT_EQ(SeenTwice([](const CpgApi& functions) {
              said +=
                  fmt::format("{} {} {} {}", fmt::join(functions.missing, ","),
                              functions.Has("cpg_flow_control_state_get"),
                              functions.flow_control_state_get == nullptr,
                              functions.Has("cpg_dispatch"));
            }),
            "cpg_flow_control_state_get false true true");
}

TEST(TracedApiTest, ALibraryThatDoesNotLoadDoesNotLoadInAReplay) {
  const Body body = [] {
    std::string error;
    const auto loaded = LoadTracedApi(
        Replaying() ? LibraryPath() : "/no/such/library.so", &error);
    return loaded == nullptr ? error : "loaded";
  };
  const Recorded recorded = Record(body);
  EXPECT_NE(recorded.said.find("/no/such/library.so"), std::string::npos);
  EXPECT_EQ(ReplayOf(recorded, body).said, recorded.said);
}

TEST(TracedApiTest, TheTableEndsAtAGuardAndIsGoneAfterTheCall) {
  EXPECT_EQ(SeenTwice([](const CpgApi& functions) {
              int marks = 0;
              uint32_t which = 0;
              const cpg_handle_t handle =
                  Connect(functions, Deliver, nullptr, Totem);
              functions.fd_get(handle, &marks);
              functions.max_atomic_msgsize_get(handle, &which);
              said += fmt::format("{} {}\n", marks, which);
              cpg_callbacks_t callbacks{nullptr, Configuration};
              cpg_handle_t old = 0;
              Say("connect", functions.initialize(&old, &callbacks));
              functions.fd_get(old, &marks);
              functions.max_atomic_msgsize_get(old, &which);
              said += fmt::format("{} {}\n", marks, which);
            }),
            "connect: CS_OK\n3 5\nconnect: CS_OK\n3 2\n");
}

TEST(TracedApiTest, TheCallersOwnTableIsLeftAlone) {
  EXPECT_EQ(SeenTwice([](const CpgApi& functions) {
              cpg_model_v1_data_t data{CPG_MODEL_V1, Deliver, Configuration,
                                       Totem, 1};
              const cpg_model_v1_data_t before = data;
              cpg_handle_t handle = 0;
              functions.model_initialize(
                  &handle, CPG_MODEL_V1,
                  reinterpret_cast<cpg_model_data_t*>(&data), nullptr);
              said += std::memcmp(&data, &before, sizeof(data)) == 0
                          ? "as it was"
                          : "altered";
            }),
            "as it was");
}

TEST(TracedApiTest, ATableOfAnotherModelAndNoneArePassedOn) {
  EXPECT_EQ(SeenTwice([](const CpgApi& functions) {
              cpg_model_data_t data{static_cast<cpg_model_t>(2)};
              cpg_handle_t handle = 0;
              Say("other", functions.model_initialize(&handle, data.model,
                                                      &data, nullptr));
              Say("none", functions.model_initialize(&handle, CPG_MODEL_V1,
                                                     nullptr, nullptr));
            }),
            "other: CS_ERR_NOT_SUPPORTED\nnone: CS_ERR_INVALID_PARAM\n");
}

TEST(TracedApiTest, AnIterationComesBack) {
  EXPECT_EQ(SeenTwice([](const CpgApi& functions) {
              const cpg_handle_t handle = Connect(functions, Deliver);
              cpg_iteration_handle_t iteration = 0;
              Say("begin", functions.iteration_initialize(
                               handle, CPG_ITERATION_ALL, nullptr, &iteration));
              said += fmt::format("{:x}\n", iteration);
              cpg_iteration_description_t item{};
              for (int i = 0; i < 3; ++i) {
                Say("next", functions.iteration_next(iteration, &item));
                said += fmt::format("{} {} {}\n", Text(&item.group),
                                    item.nodeid, item.pid);
              }
              Say("end", functions.iteration_finalize(iteration));
            }),
            "connect: CS_OK\nbegin: CS_OK\nfedcba9876543210\nnext: CS_OK\n"
            "one 5 1001\nnext: CS_OK\ntwo 5 1002\nnext: CS_ERR_NO_SECTIONS\n"
            "two 5 1002\nend: CS_OK\n");
}

TEST(TracedApiTest, ZeroCopyMemoryIsThatOfTheRunUnderWay) {
  EXPECT_EQ(SeenTwice([](const CpgApi& functions) {
              const cpg_handle_t handle = Connect(functions, nullptr);
              const std::string message = MakeMessage("zero copy", 100'000);
              void* buffer = nullptr;
              Say("get", functions.zcb_alloc(handle, message.size(), &buffer));
              std::memcpy(buffer, message.data(), message.size());
              Say("send", functions.zcb_mcast_joined(handle, CPG_TYPE_AGREED,
                                                     buffer, message.size()));
              Say("free", functions.zcb_free(handle, buffer));
              Say("too much",
                  functions.zcb_alloc(handle, size_t{1} << 40, &buffer));
            }),
            "connect: CS_OK\nget: CS_OK\nsend: CS_OK\nfree: CS_OK\n"
            "too much: CS_ERR_INVALID_PARAM\n");
}

// A replay is told of a message what only the recording had to find out.
TEST(TracedApiTest, APieceOfWhatWasDeliveredMayBeSentOn) {
  const std::string text = SeenTwice([](const CpgApi& functions) {
    const cpg_handle_t handle = Connect(functions, Deliver);
    Say("dispatch", functions.dispatch(handle, CS_DISPATCH_ALL));
    const std::string piece =
        MakeMessage("large", size_t{3} << 20).substr(5000, 60'000);
    void* buffer = nullptr;
    Say("get", functions.zcb_alloc(handle, piece.size(), &buffer));
    std::memcpy(buffer, piece.data(), piece.size());
    Say("send", functions.zcb_mcast_joined(handle, CPG_TYPE_AGREED, buffer,
                                           piece.size()));
  });
  EXPECT_TRUE(text.ends_with("get: CS_OK\nsend: CS_OK\n")) << text;
}

// --- The list of members ----------------------------------------------------

// Entries that end where no memory may be touched.
cpg_address* EntriesBeforeAGuard(int count) {
  const size_t page = sysconf(_SC_PAGESIZE);
  auto* const memory =
      static_cast<std::byte*>(mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE,
                                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  mprotect(memory + page, page, PROT_NONE);
  return reinterpret_cast<cpg_address*>(memory + page) - count;
}

void AskForMembers(const CpgApi& functions, const std::string& group,
                   cpg_address* members, int room) {
  cpg_name name = MakeName(group);
  int count = room;
  Say(group, functions.membership_get(1, &name, members, &count));
  said += fmt::format("{} entries: {}\n", count, Text(members, room));
}

TEST(TracedApiTest, MembersComeBack) {
  EXPECT_EQ(SeenTwice([](const CpgApi& functions) {
              std::array<cpg_address, 3> members{};
              AskForMembers(functions, "two", members.data(), 3);
            }),
            "two: CS_OK\n2 entries: 1/100/1 1/101/1 0/0/0 \n");
}

// In a replay too, memory that is not the caller's stays as it is.
TEST(TracedApiTest, AClaimOfMoreMembersThanThereIsRoomForWritesNoMore) {
  EXPECT_EQ(SeenTwice([](const CpgApi& functions) {
              std::vector<cpg_address> members(300, {7, 7, 7});
              const uint32_t other = Replaying() ? 9 : 8;
              members[3] = {other, other, other};
              AskForMembers(functions, "claims", members.data(), 3);
              said += members[3].pid == other ? "untouched" : "written";
            }),
            "claims: CS_OK\n200 entries: 1/100/1 1/101/1 1/102/1 \nuntouched");
}

TEST(TracedApiTest, AClaimOfMoreMembersThanThereIsMemoryCostsNoMember) {
  EXPECT_EQ(SeenTwice([](const CpgApi& functions) {
              AskForMembers(functions, "claims", EntriesBeforeAGuard(3), 3);
            }),
            "claims: CS_OK\n200 entries: 1/100/1 1/101/1 1/102/1 \n");
}

TEST(TracedApiTest, MembersBeyondTheRoomComeBackWhereTheCaseLooksForThem) {
  EXPECT_EQ(SeenTwice([](const CpgApi& functions) {
              std::array<cpg_address, 10> members{};
              const SpareRoom spare(members.data(), sizeof(members));
              AskForMembers(functions, "beyond", members.data(), 2);
              said += Text(members.data() + 2, 8);
            }),
            "beyond: CS_OK\n6 entries: 1/100/1 1/101/1 \n"
            "1/102/1 1/103/1 1/104/1 1/105/1 0/0/0 0/0/0 0/0/0 0/0/0 ");
}

// --- Ends and differences ---------------------------------------------------

TEST(TracedApiTest, ACallThatKillsIsTheEndOfTheReplay) {
  const Body body = Calling([](const CpgApi& functions) {
    const cpg_handle_t handle = Connect(functions, Deliver);
    const cpg_name group = MakeName("die");
    Say("join", functions.join(handle, &group));
  });
  const Recorded recorded = Record(body);
  EXPECT_EQ(recorded.verdict, Verdict::kCrash);
  EXPECT_TRUE(recorded.text.ends_with(
      "{\"thread\":0,\"call\":\"cpg_join\",\"with\":{\"handle\":"
      "\"0x1122334455667788\",\"group\":\"die\"}}\n"))
      << recorded.text;
  const Replayed replayed = ReplayOf(recorded, body);
  EXPECT_TRUE(replayed.end.over);
  EXPECT_EQ(replayed.left, 0);
}

TEST(TracedApiTest, OtherArgumentsAreADifference) {
  const auto joins = [](const std::string& group) {
    return [group](const CpgApi& functions) {
      const cpg_name name = MakeName(group);
      functions.join(7, &name);
    };
  };
  EXPECT_EQ(Difference(joins("one"), joins("other")),
            "cpg_join was given {\"handle\":\"0x7\",\"group\":\"one\"}; the "
            "case gives {\"handle\":\"0x7\",\"group\":\"other\"}");
}

TEST(TracedApiTest, OtherCallsAreADifference) {
  EXPECT_EQ(Difference([](const CpgApi& functions) { functions.finalize(7); },
                       [](const CpgApi& functions) {
                         functions.dispatch(7, CS_DISPATCH_ALL);
                       }),
            "event 2 is call cpg_finalize of thread 0; the case has call "
            "cpg_dispatch");
}

TEST(TracedApiTest, OtherCallbacksAreADifference) {
  const std::string difference =
      Difference([](const CpgApi& functions) { Connect(functions, Deliver); },
                 [](const CpgApi& functions) { Connect(functions, nullptr); });
  EXPECT_NE(difference.find("[\"deliver\",\"configuration\"]"),
            std::string::npos)
      << difference;
}

}  // namespace
}  // namespace cpgcert::harness::trace
