#include "reports/page_policy.h"

#include <openssl/evp.h>

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace cpgcert::reports {
namespace {

// "'sha256-" and the digest in base 64, as the policy wants it.
std::string Source(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(),
                 nullptr) != 1) {
    throw std::runtime_error("SHA-256 is not to be had");
  }
  std::array<unsigned char, 2 * EVP_MAX_MD_SIZE> base64{};
  const int length =
      EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(size));
  return "'sha256-" + std::string(base64.begin(), base64.begin() + length) +
         "'";
}

}  // namespace

std::string PagePolicy(std::string_view style,
                       const std::vector<std::string_view>& scripts) {
  std::string policy =
      "default-src 'none'; base-uri 'none'; "
      "form-action 'none'; style-src " +
      Source(style);
  if (!scripts.empty()) policy += "; script-src";
  for (const std::string_view script : scripts) policy += " " + Source(script);
  return policy;
}

}  // namespace cpgcert::reports
