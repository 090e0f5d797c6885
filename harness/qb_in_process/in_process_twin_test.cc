// Is the honest service in process as honest as the scripted one, which is
// held against corosync? The same calls get the same answers and callbacks,
// with and without a transport.

#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "harness/cpg_api.h"
#include "harness/inside_worker.h"
#include "harness/qb_in_process/call_diary.h"
#include "harness/qb_in_process/in_process_node.h"
#include "harness/qb_in_process/in_process_service.h"

namespace cpgcert::harness {
namespace {

// The program that writes the diary over the scripted service, and the
// libraries to try.
std::string scripted_diary;
std::vector<std::string> libraries = {"libcpg.so.4"};

// What a command prints, with its errors.
std::string Output(const std::string& command) {
  std::string text;
  FILE* const pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) {
    return "no pipe";
  }
  std::array<char, 4096> part{};
  size_t got = 0;
  while ((got = fread(part.data(), 1, part.size(), pipe)) > 0) {
    text.append(part.data(), got);
  }
  const int status = pclose(pipe);
  return status == 0 ? text : text + "status " + std::to_string(status);
}

std::string InProcessDiary(const std::string& library) {
  std::string error;
  const std::unique_ptr<CpgApi> api = LoadCpgApi(library, &error);
  if (api == nullptr) {
    return error;
  }
  InProcessService service;
  const InProcessNode node(9, &service);
  const std::string diary = CallDiary(*api).Write();
  EXPECT_EQ(service.counters().connects, 2U);
  EXPECT_EQ(service.counters().open, 0);
  return diary;
}

TEST(InProcessTwinTest, AnswersAsTheScriptedServiceDoes) {
  InsideWorker([] {
    for (const std::string& library : libraries) {
      const std::string scripted = Output(scripted_diary + " " + library);
      EXPECT_EQ(InProcessDiary(library), scripted) << library;
      EXPECT_NE(scripted.find("first is given 'big' of 2500000 bytes"),
                std::string::npos)
          << scripted;
    }
  });
}

}  // namespace
}  // namespace cpgcert::harness

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  cpgcert::harness::scripted_diary = argc > 1 ? argv[1] : "";
  for (int i = 2; i < argc; ++i) {
    cpgcert::harness::libraries.emplace_back(argv[i]);
  }
  return RUN_ALL_TESTS();
}
