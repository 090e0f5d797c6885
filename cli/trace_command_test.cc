#include "cli/trace_command.h"

#include <gtest/gtest.h>

#include <string>

namespace cpgcert::cli {
namespace {

constexpr const char* kTrace =
    R"trace({"case":"JOIN-01/First","process":7,"kept":{"threads":0}}
{"thread":0,"note":"step","with":"loads the library"}
{"thread":0,"saw":"readable","with":1}
{"thread":0,"saw":"library","with":{"error":"","missing":[]}}
{"thread":0,"call":"cpg_join","with":{"handle":"0x1","group":"g7"}}
{"thread":0,"return":"cpg_join","with":{"code":14}}
{"thread":12,"begins":"0.1"}
{"thread":12,"call":"cpg_dispatch","with":{"handle":"0x1","type":4}}
{"thread":12,"callback":"deliver","with":{"message":{"name":"m1","size":5}}}
{"thread":12,"callback_end":"deliver"}
{"thread":12,"return":"cpg_dispatch","with":{"code":1,"events":2}}
{"thread":0,"return":"cpg_join","with":{"code":4711}}
{"thread":0,"return":"cpg_join","with":{"code":"text"}}
{"thread":0,"note":"failure","with":"JOIN-01: owed: a change\ncame: nothing\n"}
{"end":"killed by signal 11 (SIGSEGV)","verdict":"crash","incomplete":false}
)trace";

constexpr const char* kReadable =
    R"(case JOIN-01/First, process 7, kept {"threads":0}
  0 # step: loads the library
  0 ? readable: 1
  0 ? library: error , missing []
  0 > cpg_join: handle 0x1, group g7
  0 < cpg_join: CS_ERR_EXIST
 12 + 0.1
 12 > cpg_dispatch: handle 0x1, type 4
 12 ! deliver: message {"name":"m1","size":5}
 12 ~ deliver
 12 < cpg_dispatch: CS_OK, events 2
  0 < cpg_join: cs_error_t(4711)
  0 < cpg_join: code text
  0 # failure: JOIN-01: owed: a change
      came: nothing
end killed by signal 11 (SIGSEGV), verdict crash, incomplete false
)";

TEST(Readable, IsALineForEachEvent) { EXPECT_EQ(Readable(kTrace), kReadable); }

TEST(Readable, NothingIsNothing) { EXPECT_EQ(Readable(""), ""); }

TEST(Readable, ALineWithoutAnEndIsALine) {
  EXPECT_EQ(Readable(R"({"thread":0,"begins":"0.0"})"), "  0 + 0.0\n");
}

TEST(Readable, WhatIsNoEventStandsAsItIs) {
  const std::string lines =
      "\n"
      "no JSON\n"
      "{\"thread\":0,\n"
      "[1,2]\n"
      "null\n"
      "\"text\"\n";
  EXPECT_EQ(Readable(lines), lines);
}

TEST(Readable, ObjectsThatAreNoEventsAreShownAsTheFirstLineIs) {
  EXPECT_EQ(Readable("{\"thread\":\"0\",\"call\":\"cpg_join\"}\n"),
            "thread 0, call cpg_join\n");
  EXPECT_EQ(Readable("{\"thread\":0,\"laugh\":\"loud\"}\n"),
            "thread 0, laugh loud\n");
  EXPECT_EQ(Readable("{\"thread\":0,\"call\":7}\n"), "thread 0, call 7\n");
  EXPECT_EQ(Readable("{}\n"), "\n");
}

TEST(Readable, NothingSteersTheTerminal) {
  const std::string text = Readable(
      "{\"thread\":0,\"note\":\"\\u001b[2J\",\"with\":\"\\u0000\\u202e\"}\n"
      "\x1b[2J\xff\n");
  EXPECT_EQ(text, "  0 # \\x1b[2J: \\x00\\u202e\n\\x1b[2J\uFFFD\n");
}

}  // namespace
}  // namespace cpgcert::cli
