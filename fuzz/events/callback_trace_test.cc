#include "fuzz/events/callback_trace.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace cpgcert::fuzz {
namespace {

constexpr cpg_handle_t kHandle = 7;

class CallbackTraceTest : public testing::Test {
 protected:
  CallbackTraceTest() { recorder_.set_handle(kHandle); }

  CallbackRecorder recorder_{100};
  cpg_model_v1_data_t callbacks_ = CallbackRecorder::Callbacks();
  cpg_name group_{.length = 1, .value = "g"};
};

TEST_F(CallbackTraceTest, CallbacksMakeTheEntriesThatAreOwed) {
  std::string message = "text";
  std::vector<cpg_address> members = {{1, 2, 0}, {3, 4, 0}};
  const std::vector<cpg_address> joined = {{3, 4, 1}};
  const std::vector<uint32_t> nodes = {1, 3};
  const cpg_ring_id ring{.nodeid = 1, .seq = uint64_t{5} << 32};
  callbacks_.cpg_deliver_fn(kHandle, &group_, 1, 2, message.data(), 4);
  callbacks_.cpg_confchg_fn(kHandle, &group_, members.data(), 2, nullptr, 0,
                            joined.data(), 1);
  callbacks_.cpg_totem_confchg_fn(kHandle, ring, 2, nodes.data());
  std::string owed;
  AppendMessage("g", 1, 2, "text", &owed);
  AppendChange({.group = "g", .members = members, .left = {}, .joined = joined},
               &owed);
  AppendTotem(ring, nodes, &owed);
  EXPECT_EQ(recorder_.trace(), owed);
  EXPECT_EQ(DescribeTrace(owed),
            "message of 4 bytes 'text' from 1:2 in 'g'\n"
            "change of 'g': members 1:2:0 3:4:0, left, joined 3:4:1\n"
            "totem change: ring 1.21474836480, nodes 1 3\n");
}

TEST_F(CallbackTraceTest, EntriesAreTakenApart) {
  std::string first;
  AppendMessage("g", 1, 2, "text", &first);
  std::string trace = first;
  AppendTotem({.nodeid = 1, .seq = 2}, {}, &trace);
  TraceEntry entry = FirstEntry(trace);
  EXPECT_EQ(entry.callback, "message");
  EXPECT_EQ(entry.bytes, first);
  ASSERT_EQ(entry.arguments.size(), 4U);
  EXPECT_EQ(entry.arguments[3].name, "message");
  EXPECT_EQ(entry.arguments[3].bytes, "text");
  entry = FirstEntry(std::string_view(trace).substr(first.size()));
  EXPECT_EQ(entry.callback, "totem change");
  EXPECT_EQ(entry.bytes.size(), trace.size() - first.size());
  EXPECT_EQ(FirstEntry("").callback, "");
}

TEST_F(CallbackTraceTest, EveryArgumentMatters) {
  std::string one;
  std::string other;
  AppendMessage("g", 1, 2, "text", &one);
  AppendMessage("gt", 1, 2, "ext", &other);
  EXPECT_NE(one, other);
}

TEST_F(CallbackTraceTest, WhatCannotHaveArrivedIsNotRead) {
  cpg_address address{};
  const uint32_t node = 0;
  group_.length = 129;
  callbacks_.cpg_deliver_fn(kHandle, &group_, 1, 2, nullptr, 0);
  group_.length = 1;
  callbacks_.cpg_deliver_fn(kHandle, &group_, 1, 2, nullptr, 101);
  callbacks_.cpg_confchg_fn(kHandle, &group_, &address, 1, &address, 5,
                            &address, 1);
  callbacks_.cpg_totem_confchg_fn(kHandle, {}, 26, &node);
  callbacks_.cpg_totem_confchg_fn(kHandle + 1, {}, 1, &node);
  EXPECT_EQ(DescribeTrace(recorder_.trace()),
            "a callback whose group's name has 129 bytes\n"
            "a message's bytes, which take 101 bytes; 100 have arrived\n"
            "those who left, which take 120 bytes; 100 have arrived\n"
            "nodes, which take 104 bytes; 100 have arrived\n"
            "a callback for handle 0x8, not 0x7\n");
}

}  // namespace
}  // namespace cpgcert::fuzz
