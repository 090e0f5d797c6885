#include "harness/cpg_api.h"

#include <corosync/corotypes.h>
#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace cpgcert::harness {
namespace {

constexpr char kSystemLibrary[] = "libcpg.so.4";

std::string LibcPath() {
  Dl_info info{};
  dladdr(reinterpret_cast<const void*>(&getpid), &info);
  return info.dli_fname;
}

TEST(CpgApiTest, TheSymbolsAreThoseOfTheHeaderInItsOrder) {
  const std::vector<std::string>& symbols = CpgSymbols();
  EXPECT_EQ(symbols.size(), 20U);
  EXPECT_EQ(symbols.front(), "cpg_initialize");
  EXPECT_EQ(symbols.back(), "cpg_iteration_finalize");
  EXPECT_EQ(std::set<std::string>(symbols.begin(), symbols.end()).size(), 20U);
  for (const std::string& symbol : symbols) {
    EXPECT_TRUE(symbol.starts_with("cpg_")) << symbol;
  }
}

TEST(CpgApiTest, TheSystemsLibraryHasThemAll) {
  std::string error = "of before";
  const std::unique_ptr<CpgApi> api = LoadCpgApi(kSystemLibrary, &error);
  ASSERT_NE(api, nullptr) << error;
  EXPECT_EQ(error, "");
  EXPECT_EQ(api->missing, std::vector<std::string>{});
  for (const std::string& symbol : CpgSymbols()) {
    EXPECT_TRUE(api->Has(symbol)) << symbol;
  }
  EXPECT_FALSE(api->Has("cpg_nonsense"));
  EXPECT_FALSE(api->Has("cpg_"));
  EXPECT_FALSE(api->Has(""));
}

TEST(CpgApiTest, EachPointerIsTheFunctionOfItsName) {
  std::string error;
  const std::unique_ptr<CpgApi> api = LoadCpgApi(kSystemLibrary, &error);
  ASSERT_NE(api, nullptr) << error;
  const auto name_of = [](auto function) -> std::string {
    Dl_info info{};
    dladdr(reinterpret_cast<const void*>(function), &info);
    return info.dli_sname != nullptr ? info.dli_sname : "";
  };
  const std::vector<std::string> names = {
      name_of(api->initialize),
      name_of(api->model_initialize),
      name_of(api->finalize),
      name_of(api->fd_get),
      name_of(api->max_atomic_msgsize_get),
      name_of(api->context_get),
      name_of(api->context_set),
      name_of(api->dispatch),
      name_of(api->join),
      name_of(api->leave),
      name_of(api->mcast_joined),
      name_of(api->membership_get),
      name_of(api->local_get),
      name_of(api->flow_control_state_get),
      name_of(api->zcb_alloc),
      name_of(api->zcb_free),
      name_of(api->zcb_mcast_joined),
      name_of(api->iteration_initialize),
      name_of(api->iteration_next),
      name_of(api->iteration_finalize),
  };
  EXPECT_EQ(names, CpgSymbols());
}

TEST(CpgApiTest, ALibraryWithoutTheSymbolsLacksThemAll) {
  std::string error;
  const std::unique_ptr<CpgApi> api = LoadCpgApi(LibcPath(), &error);
  ASSERT_NE(api, nullptr) << error;
  EXPECT_EQ(api->missing, CpgSymbols());
  EXPECT_FALSE(api->Has("cpg_dispatch"));
  EXPECT_FALSE(api->Has("getpid"));
  EXPECT_EQ(api->initialize, nullptr);
  EXPECT_EQ(api->iteration_finalize, nullptr);
}

TEST(CpgApiTest, WhatCannotBeLoadedGivesTheLoadersLine) {
  for (const char* path : {"/nowhere/libcpg.so", "/etc/passwd", "/"}) {
    std::string error;
    EXPECT_EQ(LoadCpgApi(path, &error), nullptr);
    EXPECT_TRUE(error.starts_with(std::string(path) + ": ")) << error;
    EXPECT_EQ(error.find('\n'), std::string::npos) << error;
  }
}

TEST(CpgApiTest, EveryErrorHasTheNameOfTheHeader) {
  EXPECT_EQ(ErrorName(CS_OK), "CS_OK");
  EXPECT_EQ(ErrorName(CS_ERR_LIBRARY), "CS_ERR_LIBRARY");
  EXPECT_EQ(ErrorName(CS_ERR_TRY_AGAIN), "CS_ERR_TRY_AGAIN");
  EXPECT_EQ(ErrorName(CS_ERR_BAD_HANDLE), "CS_ERR_BAD_HANDLE");
  EXPECT_EQ(ErrorName(CS_ERR_SECURITY), "CS_ERR_SECURITY");
  std::set<std::string> names;
  for (int value = CS_OK; value <= CS_ERR_SECURITY; ++value) {
    names.insert(ErrorName(static_cast<cs_error_t>(value)));
  }
  EXPECT_EQ(names.size(), static_cast<size_t>(CS_ERR_SECURITY));
}

TEST(CpgApiTest, AValueThatIsNoErrorIsGivenAsANumber) {
  EXPECT_EQ(ErrorName(static_cast<cs_error_t>(0)), "cs_error_t(0)");
  EXPECT_EQ(ErrorName(static_cast<cs_error_t>(77)), "cs_error_t(77)");
  EXPECT_EQ(ErrorName(static_cast<cs_error_t>(127)), "cs_error_t(127)");
}

}  // namespace
}  // namespace cpgcert::harness
