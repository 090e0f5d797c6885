#include "harness/service_choice.h"

#include <qb/qbipcc.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "harness/inside_worker.h"
#include "harness/service_control.h"

namespace cpgcert::harness {
namespace {

using Kind = ServiceChoice::Kind;

constexpr char kProgram[] = "harness/scripted_service/single_node_service";

Service::Deadline Soon() { return std::chrono::steady_clock::now() + kFarAway; }

std::string Directory() { return std::string(kScratchDirectory) + "/chosen"; }

// 0, or the errno of a connection to "cpg".
int ConnectError() {
  qb_ipcc_connection_t* connection = qb_ipcc_connect("cpg", 1 << 20);
  if (connection == nullptr) return errno;
  qb_ipcc_disconnect(connection);
  return 0;
}

TEST(ServiceChoiceTest, IsReadFromTheCommandLine) {
  ServiceChoice choice;
  EXPECT_EQ(ParseServiceChoice("scripted", &choice), "");
  EXPECT_EQ(choice.kind, Kind::kScripted);
  EXPECT_EQ(ParseServiceChoice("running", &choice), "");
  EXPECT_EQ(choice.kind, Kind::kRunning);
  EXPECT_EQ(ParseServiceChoice("exec:a b 'c d'", &choice), "");
  EXPECT_EQ(choice.kind, Kind::kCommand);
  EXPECT_EQ(choice.command, "a b 'c d'");
  EXPECT_EQ(ParseServiceChoice("corosync", &choice), "");
  EXPECT_EQ(choice.kind, Kind::kCorosync);
  for (const char* wrong : {"", "exec", "exec:", "exec: ", "Corosync"}) {
    EXPECT_EQ(ParseServiceChoice(wrong, &choice),
              "'" + std::string(wrong) +
                  "' is no service; there are corosync, scripted, running, "
                  "exec:COMMAND");
  }
}

class EachService : public testing::TestWithParam<ServiceChoice> {};

TEST_P(EachService, ServesStopsResumesDiesAndComesAgain) {
  InsideWorker([] {
    const auto service = MakeService(GetParam(), Directory());
    for (int round = 0; round < 3; ++round) {
      ASSERT_EQ(service->Restart(Soon()), "");
      EXPECT_EQ(ConnectError(), 0);
      const ServiceControl control(service->pid());
      ASSERT_EQ(control.Stop(), "");
      ASSERT_EQ(control.Resume(), "");
      EXPECT_EQ(ConnectError(), 0);
      ASSERT_EQ(control.Kill(), "");
      EXPECT_FALSE(service->Alive());
      EXPECT_EQ(ConnectError(), ECONNREFUSED);
      service->Kill();
      EXPECT_TRUE(std::filesystem::is_empty("/dev/shm"));
    }
  });
}

std::vector<ServiceChoice> OurOwn() {
  return {{.kind = Kind::kCorosync},
          {.kind = Kind::kScripted},
          {.kind = Kind::kCommand, .command = kProgram}};
}

std::string NameOf(const testing::TestParamInfo<ServiceChoice>& choice) {
  return std::vector{"Corosync", "Scripted", "Command"}.at(choice.index);
}

INSTANTIATE_TEST_SUITE_P(Choices, EachService, testing::ValuesIn(OurOwn()),
                         NameOf);

TEST(CommandService, HasADirectoryAndTheArgumentsOfTheLine) {
  InsideWorker([] {
    const auto service = MakeService(
        {.kind = Kind::kCommand,
         .command = R"(sh -c 'echo "$1" >"$CPGCERT_RUN_DIRECTORY/saw"; exec )" +
                    std::string(kProgram) + "' sh 'two words'"},
        Directory());
    ASSERT_EQ(service->Restart(Soon()), "");
    std::string saw;
    std::ifstream file(Directory() + "/saw");
    std::getline(file, saw);
    EXPECT_EQ(saw, "two words");
  });
}

TEST(CommandService, ItsLastWordsAreShownIfItDies) {
  InsideWorker([] {
    const auto service = MakeService(
        {.kind = Kind::kCommand, .command = "sh -c 'echo no power; exit 3'"},
        Directory());
    EXPECT_EQ(service->Restart(Soon()),
              "the service ended with exit status 3; its last words:\n"
              "  no power");
  });
}

TEST(CommandService, OneThatDoesNotServeIsNotWaitedForWithoutEnd) {
  InsideWorker([] {
    const auto service = MakeService(
        {.kind = Kind::kCommand, .command = "tail -f /dev/null"}, Directory());
    EXPECT_EQ(service->Restart(std::chrono::steady_clock::now() +
                               std::chrono::milliseconds(50)),
              "the service is not ready in time, its last answer: Connection "
              "refused");
  });
}

TEST(CommandService, WhatItStartsEndsWithIt) {
  InsideWorker([] {
    const auto service =
        MakeService({.kind = Kind::kCommand,
                     .command = "sh -c '" + std::string(kProgram) + " & wait'"},
                    Directory());
    ASSERT_EQ(service->Restart(Soon()), "");
    service->Kill();
    EXPECT_EQ(ConnectError(), ECONNREFUSED);
  });
}

TEST(ServiceChoiceTest, TheMachinesOwnIsNotStarted) {
  InsideWorker([] {
    EXPECT_EQ(MakeService({.kind = Kind::kRunning}, Directory()), nullptr);
    EXPECT_EQ(WaitForAnyService(std::chrono::steady_clock::now()),
              "the service \"cpg\" of this machine is not ready in time, its "
              "last answer: Connection refused");
    const auto service = MakeService({.kind = Kind::kScripted}, Directory());
    ASSERT_EQ(service->Start(), "");
    EXPECT_EQ(WaitForAnyService(Soon()), "");
  });
}

}  // namespace
}  // namespace cpgcert::harness
