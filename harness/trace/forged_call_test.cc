// Traces of calls such as nobody would write who is not out to confuse the
// reader.

#include <corosync/cpg.h>

#include <functional>
#include <string>

#include "gtest/gtest.h"
#include "harness/cpg_api.h"
#include "harness/trace/recorded_run.h"
#include "harness/trace/traced_api.h"

namespace cpgcert::harness::trace {
namespace {

// Makes the calls of a library that is not there.
Body Calling(const std::function<void(const CpgApi& api)>& calls) {
  return [calls] {
    std::string error;
    const auto api = LoadTracedApi("/no/such/library.so", &error);
    if (api != nullptr) {
      calls(*api);
    }
    return error;
  };
}

TEST(ForgedCallTest, ResultsThatNoCallGivesAreADifference) {
  const std::string call =
      "{\"thread\":0,\"saw\":\"library\",\"with\":{\"error\":\"\","
      "\"missing\":[]}}\n"
      "{\"thread\":0,\"call\":\"cpg_local_get\",\"with\":{\"handle\":"
      "\"0x7\"}}\n";
  for (const std::string& result :
       {"", ",\"with\":7", ",\"with\":[]", ",\"with\":{}",
        ",\"with\":{\"code\":\"1\",\"node\":1}", ",\"with\":{\"code\":1}",
        ",\"with\":{\"code\":1,\"node\":\"x\"}",
        ",\"with\":{\"code\":1,\"node\":[[[]]]}"}) {
    const Replayed replayed = ReplayText(
        call + "{\"thread\":0,\"return\":\"cpg_local_get\"" + result + "}\n",
        true, Calling([](const CpgApi& functions) {
          unsigned int node = 0;
          functions.local_get(7, &node);
        }));
    EXPECT_EQ(replayed.process_end, "") << result;
    EXPECT_TRUE(replayed.end.difference.starts_with("cpg_local_get: "))
        << result << ": " << replayed.end.difference;
  }
}

TEST(ForgedCallTest, CallbacksThatNobodyMadeAreADifference) {
  const std::string before =
      "{\"thread\":0,\"saw\":\"library\",\"with\":{\"error\":\"\","
      "\"missing\":[]}}\n"
      "{\"thread\":0,\"call\":\"cpg_dispatch\",\"with\":{\"handle\":"
      "\"0x7\",\"type\":2}}\n"
      "{\"thread\":0,\"callback\":";
  for (const std::string& callback :
       {R"("deliver")", R"("deliver","with":{})", R"("totem","with":{})",
        R"("configuration","with":{"slot":0,"handle":"0x7","group":[]})",
        R"("deliver","with":{"slot":3,"handle":"0x7","group":"g","node":1,)"
        R"("process":2,"message":"m","at":0})",
        R"("deliver","with":{"slot":64,"handle":"0x7","group":"g","node":1,)"
        R"("process":2,"message":"m","at":0})",
        R"("deliver","with":{"slot":-1,"handle":"0x7","group":"g","node":1,)"
        R"("process":2,"message":"m","at":0})",
        R"("totem","with":{"slot":0,"handle":"0x7","ring":[1,2],"count":1,)"
        R"("nodes":[1]})",
        R"("configuration","with":{"slot":0,"handle":"0x7","group":null,)"
        R"("members":[[1]],"left":[],"joined":[]})"}) {
    const Replayed replayed = ReplayText(
        before + callback + "}\n", true, Calling([](const CpgApi& functions) {
          functions.dispatch(7, CS_DISPATCH_ALL);
        }));
    EXPECT_EQ(replayed.process_end, "") << callback;
    EXPECT_NE(replayed.end.difference, "") << callback;
  }
}

}  // namespace
}  // namespace cpgcert::harness::trace
