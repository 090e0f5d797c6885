// Prints the diary that a libcpg gets from the scripted service.
//
// usage: scripted_diary LIBCPG

#include <cstdio>
#include <memory>
#include <string>

#include "harness/cpg_api.h"
#include "harness/qb_in_process/call_diary.h"
#include "harness/scripted_service/scripted_service.h"

int main(int argc, char** argv) {
  using cpgcert::harness::CpgApi;
  using cpgcert::harness::ScriptedService;
  std::string error = "usage: scripted_diary LIBCPG";
  if (argc == 2) {
    const auto service = ScriptedService::Start({.node = 9}, &error);
    const std::unique_ptr<CpgApi> api =
        service == nullptr ? nullptr
                           : cpgcert::harness::LoadCpgApi(argv[1], &error);
    if (api != nullptr) {
      std::fputs(cpgcert::harness::CallDiary(*api).Write().c_str(), stdout);
      return 0;
    }
  }
  std::fprintf(stderr, "%s\n", error.c_str());
  return 1;
}
