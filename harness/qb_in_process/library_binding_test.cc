#include "harness/qb_in_process/library_binding.h"

#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "harness/client.h"
#include "harness/qb_in_process/in_process_node.h"
#include "harness/qb_in_process/in_process_service.h"
#include "harness/wire/wire.h"

namespace cpgcert::harness {
namespace {

// Those to try: the system's, and what the command line names.
std::vector<std::string> libraries = {"libcpg.so.4"};

std::unique_ptr<CpgApi> Load(const std::string& library) {
  std::string error;
  std::unique_ptr<CpgApi> api = LoadCpgApi(library, &error);
  EXPECT_NE(api, nullptr) << error;
  return api;
}

class LibraryBindingTest : public testing::TestWithParam<std::string> {
 protected:
  const std::unique_ptr<CpgApi> api_ = Load(GetParam());
};

INSTANTIATE_TEST_SUITE_P(Libraries, LibraryBindingTest,
                         testing::ValuesIn(libraries));

TEST_P(LibraryBindingTest, UnmodifiedLibraryBinds) {
  EXPECT_EQ(WhyLibraryDoesNotBindHere(*api_), "");
}

// Stands for a library that has a transport of its own.
cs_error_t ConnectsElsewhere(cpg_handle_t* handle, cpg_callbacks_t* /*all*/) {
  *handle = 1;
  return CS_OK;
}
cs_error_t FindsNoService(cpg_handle_t* /*handle*/, cpg_callbacks_t* /*all*/) {
  return CS_ERR_LIBRARY;
}

TEST_P(LibraryBindingTest, SaysThatALibraryDoesNot) {
  api_->initialize = ConnectsElsewhere;
  EXPECT_NE(WhyLibraryDoesNotBindHere(*api_).find("was made elsewhere"),
            std::string::npos);
  api_->initialize = FindsNoService;
  EXPECT_EQ(WhyLibraryDoesNotBindHere(*api_),
            "cpg_initialize: CS_ERR_LIBRARY, and no connection to "
            "qb_ipcc_connect");
}

TEST_P(LibraryBindingTest, DispatchesWhatIsPushed) {
  InProcessService service;
  const InProcessNode node(1, &service);
  Client client(*api_, {});
  ASSERT_EQ(client.Initialize(), CS_OK);
  EXPECT_EQ(client.Dispatch(CS_DISPATCH_ONE_NONBLOCKING), CS_ERR_TRY_AGAIN);
  service.Push(0,
               wire::Build(wire::DeliverEvent{
                   .group = "g", .node = 3, .process = 5, .message = "text"}));
  EXPECT_EQ(client.Dispatch(CS_DISPATCH_ONE), CS_OK);
  ASSERT_EQ(client.RecordCount(), 1U);
  EXPECT_EQ(client.Records()[0].head, "text");
  EXPECT_EQ(client.Records()[0].node_id, 3U);
  EXPECT_EQ(client.Finalize(), CS_OK);
}

TEST_P(LibraryBindingTest, BlockingDispatchComesBackAtTheEnd) {
  InProcessService service;
  const InProcessNode node(1, &service);
  Client client(*api_, {});
  ASSERT_EQ(client.Initialize(), CS_OK);
  ASSERT_EQ(client.Join("g"), CS_OK);
  service.End(0);
  EXPECT_EQ(client.Dispatch(CS_DISPATCH_BLOCKING), CS_ERR_LIBRARY);
  EXPECT_EQ(client.RecordCount(), 1U);
  EXPECT_EQ(client.Finalize(), CS_OK);
}

TEST_P(LibraryBindingTest, DescriptorIsReadableWhileEventsWait) {
  InProcessService service;
  const InProcessNode node(1, &service);
  Client client(*api_, {});
  ASSERT_EQ(client.Initialize(), CS_OK);
  EXPECT_FALSE(client.WaitReadable(std::chrono::milliseconds(0)));
  ASSERT_EQ(client.Join("g"), CS_OK);
  EXPECT_TRUE(client.WaitReadable(std::chrono::milliseconds(0)));
  EXPECT_EQ(client.Dispatch(CS_DISPATCH_ALL), CS_OK);
  EXPECT_FALSE(client.WaitReadable(std::chrono::milliseconds(0)));
  EXPECT_EQ(client.Finalize(), CS_OK);
}

TEST_P(LibraryBindingTest, RefusalsReachTheCaller) {
  InProcessService service;
  const InProcessNode node(1, &service);
  service.on_connect = [](int /*connection*/) { return -EACCES; };
  cpg_handle_t handle = 0;
  EXPECT_EQ(api_->initialize(&handle, nullptr), CS_ERR_ACCESS);
  service.on_connect = nullptr;
  ASSERT_EQ(api_->initialize(&handle, nullptr), CS_OK);
  service.Cut(1);
  const cpg_name group = MakeGroupName("g");
  EXPECT_EQ(api_->join(handle, &group), CS_ERR_LIBRARY);
  EXPECT_EQ(api_->dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING),
            CS_ERR_LIBRARY);
  api_->finalize(handle);
  EXPECT_EQ(service.counters().open, 0);
}

}  // namespace
}  // namespace cpgcert::harness

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (argv[i][0] != '-') {
      cpgcert::harness::libraries.emplace_back(argv[i]);
    }
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
