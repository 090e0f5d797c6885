#include "harness/identity/sha256.h"

#include <fmt/core.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <memory>

namespace cpgcert::harness {

namespace {

class Digest {
 public:
  Digest() { EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr); }

  void Add(const void* bytes, size_t size) {
    EVP_DigestUpdate(context_.get(), bytes, size);
  }

  std::string Hexadecimal() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    EVP_DigestFinal_ex(context_.get(), digest.data(), &size);
    std::string text;
    for (size_t i = 0; i < size; ++i) {
      text += fmt::format("{:02x}", digest.at(i));
    }
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_{
      EVP_MD_CTX_new(), EVP_MD_CTX_free};
};

}  // namespace

std::string Sha256(std::string_view bytes) {
  Digest digest;
  digest.Add(bytes.data(), bytes.size());
  return digest.Hexadecimal();
}

std::string Sha256OfFile(int file) {
  Digest digest;
  std::array<char, 65536> buffer{};
  ssize_t size = 0;
  for (off_t at = 0; (size = pread(file, buffer.data(), buffer.size(), at)) > 0;
       at += size) {
    digest.Add(buffer.data(), static_cast<size_t>(size));
  }
  return size < 0 ? "" : digest.Hexadecimal();
}

}  // namespace cpgcert::harness
