#include "common/text/keyed_digest.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>

namespace strawberry {
namespace {

void check_siphash(bool done) {
  if (done) return;
  std::fputs("strawberry: OpenSSL has no SipHash or no random numbers\n", stderr);
  std::abort();
}

KeyedDigest::Key random_key() {
  KeyedDigest::Key key{};
  check_siphash(RAND_bytes(key.data(), static_cast<int>(key.size())) == 1);
  return key;
}

}  // namespace

KeyedDigest::KeyedDigest() : KeyedDigest(random_key()) {}

KeyedDigest::KeyedDigest(const Key& key) : key_(key) {
  EVP_MAC* algorithm = EVP_MAC_fetch(nullptr, "SIPHASH", nullptr);
  check_siphash(algorithm != nullptr);
  context_.reset(EVP_MAC_CTX_new(algorithm));
  EVP_MAC_free(algorithm);  // the context has one of its own
  std::size_t size = sizeof(Value);
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size), OSSL_PARAM_construct_end()};
  check_siphash(context_ != nullptr && EVP_MAC_CTX_set_params(context_.get(), params) == 1);
}

KeyedDigest::~KeyedDigest() { OPENSSL_cleanse(key_.data(), key_.size()); }

KeyedDigest::Value KeyedDigest::of(std::string_view text) {
  Value value{};
  std::size_t size = 0;
  EVP_MAC_CTX* context = context_.get();
  check_siphash(EVP_MAC_init(context, key_.data(), key_.size(), nullptr) == 1 &&
                EVP_MAC_update(context, reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1 &&
                EVP_MAC_final(context, value.data(), &size, value.size()) == 1 && size == value.size());
  return value;
}

void KeyedDigest::Free::operator()(evp_mac_ctx_st* context) const { EVP_MAC_CTX_free(context); }

}  // namespace strawberry
