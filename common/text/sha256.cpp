#include "common/text/sha256.h"

#include <openssl/evp.h>

#include <cstdio>
#include <cstdlib>

namespace strawberry {
namespace {

/// Looked up once, since that takes longer than hashing a few hundred bytes.
const EVP_MD* sha256_algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return algorithm;
}

void check_sha256(bool done) {
  if (done) return;
  std::fputs("strawberry: OpenSSL has no SHA-256\n", stderr);
  std::abort();
}

}  // namespace

Sha256 sha256(std::string_view bytes) {
  Sha256 digest{};
  check_sha256(EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, sha256_algorithm(), nullptr) == 1);
  return digest;
}

Sha256Sum::Sha256Sum() : context_(EVP_MD_CTX_new()) {
  check_sha256(EVP_DigestInit_ex(context_.get(), sha256_algorithm(), nullptr) == 1);
}

void Sha256Sum::add(std::string_view bytes) {
  check_sha256(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
}

Sha256 Sha256Sum::finish() {
  Sha256 digest{};
  check_sha256(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) == 1);
  return digest;
}

void Sha256Sum::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

}  // namespace strawberry
