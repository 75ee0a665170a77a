#include "tests/common/generated_keys.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "common/text/base64url.h"

namespace strawberry::test {
namespace {

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using PrivateKey = std::unique_ptr<EVP_PKEY, FreeKey>;

/// A big number of the key, in base64url, padded with zeros to `size` bytes.
std::string number(const PrivateKey& key, const char* name, int size = 0) {
  BIGNUM* value = nullptr;
  if (EVP_PKEY_get_bn_param(key.get(), name, &value) != 1) throw std::runtime_error(name);
  const std::unique_ptr<BIGNUM, void (*)(BIGNUM*)> owned(value, BN_clear_free);
  std::string bytes(static_cast<std::size_t>(size == 0 ? BN_num_bytes(value) : size), '\0');
  BN_bn2binpad(value, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  return base64url_encode(bytes);
}

std::string public_pem(const PrivateKey& key) {
  const std::unique_ptr<BIO, int (*)(BIO*)> memory(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_PUBKEY(memory.get(), key.get());
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

GeneratedKeys keys_of(const PrivateKey& key, const nlohmann::json& public_part, const nlohmann::json& private_part) {
  nlohmann::json whole = public_part;
  whole.update(private_part);
  const auto set_of = [](const nlohmann::json& jwk) {
    nlohmann::json set = nlohmann::json::object();
    set["keys"] = nlohmann::json::array();
    set["keys"].push_back(jwk);
    return set.dump();
  };
  return {set_of(whole), set_of(public_part), public_pem(key)};
}

}  // namespace

GeneratedKeys generate_rsa_keys(unsigned bits) {
  const PrivateKey key(EVP_RSA_gen(bits));
  if (!key) throw std::runtime_error("no RSA key");
  const nlohmann::json public_part = {{"kty", "RSA"},
                                      {"alg", "RS256"},
                                      {"kid", "rsa"},
                                      {"n", number(key, OSSL_PKEY_PARAM_RSA_N)},
                                      {"e", number(key, OSSL_PKEY_PARAM_RSA_E)}};
  const nlohmann::json private_part = {
      {"d", number(key, OSSL_PKEY_PARAM_RSA_D)},          {"p", number(key, OSSL_PKEY_PARAM_RSA_FACTOR1)},
      {"q", number(key, OSSL_PKEY_PARAM_RSA_FACTOR2)},    {"dp", number(key, OSSL_PKEY_PARAM_RSA_EXPONENT1)},
      {"dq", number(key, OSSL_PKEY_PARAM_RSA_EXPONENT2)}, {"qi", number(key, OSSL_PKEY_PARAM_RSA_COEFFICIENT1)}};
  return keys_of(key, public_part, private_part);
}

GeneratedKeys generate_ec_keys(const char* curve) {
  const PrivateKey key(EVP_EC_gen(curve));
  if (!key) throw std::runtime_error("no EC key");
  const int size = (EVP_PKEY_get_bits(key.get()) + 7) / 8;
  const nlohmann::json public_part = {{"kty", "EC"},
                                      {"kid", "ec"},
                                      {"crv", curve},
                                      {"x", number(key, OSSL_PKEY_PARAM_EC_PUB_X, size)},
                                      {"y", number(key, OSSL_PKEY_PARAM_EC_PUB_Y, size)}};
  return keys_of(key, public_part, {{"d", number(key, OSSL_PKEY_PARAM_PRIV_KEY, size)}});
}

}  // namespace strawberry::test
