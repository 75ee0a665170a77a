#include "common/text/sha256.h"

#include <openssl/evp.h>

#include <cstdio>
#include <cstdlib>

namespace strawberry {

Sha256 sha256(std::string_view bytes) {
  // Looked up once: that takes longer than the digest of a few hundred bytes.
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  Sha256 digest{};
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, algorithm, nullptr) != 1) {
    std::fputs("strawberry: OpenSSL has no SHA-256\n", stderr);
    std::abort();
  }
  return digest;
}

}  // namespace strawberry
