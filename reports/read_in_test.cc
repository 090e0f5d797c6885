#include "reports/read_in.h"

#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reports/certificate.h"
#include "reports/example.h"
#include "reports/json.h"
#include "reports/write_out.h"

namespace cpgcert::reports {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

class ReadInTest : public testing::Test {
 protected:
  ReadInTest() : folder_(testing::TempDir() + "read_in_test") {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
  }

  std::string ErrorOf(const std::string& path) {
    Certificate certificate;
    std::string error = ReadIn(path, &certificate);
    EXPECT_EQ(error.find('\n'), std::string::npos);
    return error;
  }

  std::string folder_;
};

TEST_F(ReadInTest, ReadsAFileOrTheOneInAFolder) {
  const std::string file = folder_ + "/certificate.json";
  ASSERT_EQ(WriteFile(file, ToJson(FullCertificate())), "");
  for (const std::string& path : {file, folder_}) {
    Certificate certificate;
    ASSERT_EQ(ReadIn(path, &certificate), "");
    EXPECT_EQ(ToJson(certificate), ToJson(FullCertificate()));
  }
}

TEST_F(ReadInTest, SaysWhatIsWrong) {
  EXPECT_EQ(ErrorOf(folder_), "cannot read " + folder_ +
                                  "/certificate.json: No such file or "
                                  "directory");
  EXPECT_THAT(ErrorOf(""), HasSubstr("cannot read"));
  const std::string file = folder_ + "/x.json";
  ASSERT_EQ(WriteFile(file, "{}"), "");
  EXPECT_EQ(ErrorOf(file), file + " is no certificate: schema: is missing");
  ASSERT_EQ(WriteFile(file, "\x1b\n"), "");
  EXPECT_THAT(ErrorOf(file), HasSubstr(file + " is no certificate: not JSON"));
}

TEST_F(ReadInTest, WaitsForNobody) {
  const std::string pipe = folder_ + "/pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(ErrorOf(pipe), EndsWith("it is no ordinary file"));
}

}  // namespace
}  // namespace cpgcert::reports
