#include "harness/spare_service.h"

#include <qb/qbipcc.h>

#include <cerrno>
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "harness/inside_worker.h"

namespace cpgcert::harness {
namespace {

// 0, or the errno of a connection to "cpg".
int ConnectError() {
  qb_ipcc_connection_t* connection = qb_ipcc_connect("cpg", 1 << 20);
  if (connection == nullptr) {
    return errno;
  }
  qb_ipcc_disconnect(connection);
  return 0;
}

TEST(SpareServiceTest, ServesOnceTheFirstIsDeadAndEndsWithTheObject) {
  InsideWithService([](Corosync* service) {
    std::string error;
    std::unique_ptr<SpareService> spare = SpareService::Prepare({}, &error);
    ASSERT_NE(spare, nullptr) << error;
    ASSERT_EQ(ServiceControl(service->pid()).Kill(), "");
    EXPECT_NE(ConnectError(), 0);
    ASSERT_EQ(spare->Start(), "");
    EXPECT_EQ(ConnectError(), 0);
    ASSERT_EQ(spare->control().Stop(), "");
    ASSERT_EQ(spare->control().Resume(), "");
    EXPECT_EQ(ConnectError(), 0);
    spare.reset();
    EXPECT_NE(ConnectError(), 0);
  });
}

TEST(SpareServiceTest, StartsAgain) {
  InsideWithService([](Corosync* service) {
    std::string error;
    const std::unique_ptr<SpareService> spare =
        SpareService::Prepare({}, &error);
    ASSERT_NE(spare, nullptr) << error;
    ASSERT_EQ(ServiceControl(service->pid()).Kill(), "");
    for (int i = 0; i < 2; ++i) {
      ASSERT_EQ(spare->Start(), "");
      EXPECT_EQ(ConnectError(), 0);
      ASSERT_EQ(spare->control().Kill(), "");
    }
  });
}

}  // namespace
}  // namespace cpgcert::harness
