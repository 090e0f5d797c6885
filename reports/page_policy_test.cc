#include "reports/page_policy.h"

#include "gtest/gtest.h"

namespace cpgcert::reports {
namespace {

// The digests are those of `printf abc | openssl dgst -sha256 -binary |
// base64`.
TEST(PagePolicyTest, NamesTheStyleAndTheScriptsByTheirDigests) {
  EXPECT_EQ(PagePolicy("abc", {"", "abc"}),
            "default-src 'none'; base-uri 'none'; form-action 'none'; "
            "style-src 'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0='; "
            "script-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' "
            "'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0='");
}

TEST(PagePolicyTest, WithoutScriptsNoneRuns) {
  EXPECT_EQ(PagePolicy("abc", {}).find("script-src"), std::string::npos);
}

}  // namespace
}  // namespace cpgcert::reports
