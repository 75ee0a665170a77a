#include "cli/key_material.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include <array>
#include <initializer_list>
#include <memory>

#include "cli/files.h"
#include "cli/text.h"
#include "common/text/base64url.h"
#include "common/text/strict_json.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;

constexpr std::size_t hmac_key_bytes = 32;
constexpr unsigned rsa_key_bits = 3072;
constexpr int p256_bytes = 32;

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(BIGNUM* number) const { BN_clear_free(number); }
};
using Pkey = std::unique_ptr<EVP_PKEY, Free>;

struct Member {
  const char* name;       // in a JWK
  const char* parameter;  // in OpenSSL
};
constexpr std::initializer_list<Member> rsa_public = {{"n", OSSL_PKEY_PARAM_RSA_N}, {"e", OSSL_PKEY_PARAM_RSA_E}};
constexpr std::initializer_list<Member> rsa_private = {
    {"d", OSSL_PKEY_PARAM_RSA_D},          {"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
    {"q", OSSL_PKEY_PARAM_RSA_FACTOR2},    {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
    {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2}, {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1}};
constexpr std::initializer_list<Member> ec_public = {{"x", OSSL_PKEY_PARAM_EC_PUB_X}, {"y", OSSL_PKEY_PARAM_EC_PUB_Y}};
constexpr std::initializer_list<Member> ec_private = {{"d", OSSL_PKEY_PARAM_PRIV_KEY}};

/// Copies numbers of the key into the JWK; `bytes` is their length, 0 for the shortest.
bool add_numbers(json& jwk, const Pkey& key, std::initializer_list<Member> members, int bytes) {
  for (const Member& member : members) {
    BIGNUM* number = nullptr;
    if (EVP_PKEY_get_bn_param(key.get(), member.parameter, &number) != 1) return false;
    const std::unique_ptr<BIGNUM, Free> owned(number);
    std::string text(static_cast<std::size_t>(bytes == 0 ? BN_num_bytes(number) : bytes), '\0');
    if (BN_bn2binpad(number, reinterpret_cast<unsigned char*>(text.data()), static_cast<int>(text.size())) < 0) {
      return false;
    }
    jwk[member.name] = base64url_encode(text);
    OPENSSL_cleanse(text.data(), text.size());
  }
  return true;
}

json empty_key(JwsAlgorithm algorithm, const std::string& kid) {
  return {{"kid", kid}, {"alg", to_string(algorithm)}, {"use", "sig"}};
}

std::optional<json> make_hmac_key(json key) {
  std::array<unsigned char, hmac_key_bytes> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return std::nullopt;
  key["kty"] = "oct";
  key["k"] = base64url_encode({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return key;
}

std::optional<json> make_rsa_key(json key) {
  const Pkey made(EVP_RSA_gen(rsa_key_bits));
  key["kty"] = "RSA";
  if (!made || !add_numbers(key, made, rsa_public, 0) || !add_numbers(key, made, rsa_private, 0)) return std::nullopt;
  return key;
}

std::optional<json> make_ec_key(json key) {
  const Pkey made(EVP_EC_gen("P-256"));
  key["kty"] = "EC";
  key["crv"] = "P-256";
  if (!made || !add_numbers(key, made, ec_public, p256_bytes) || !add_numbers(key, made, ec_private, p256_bytes)) {
    return std::nullopt;
  }
  return key;
}

/// Keys here are not encrypted; without this OpenSSL would ask for a password on the terminal.
int no_password(char*, int, int, void*) { return 0; }

Outcome<json> from_pem(const std::string& path, const std::string& text) {
  const std::unique_ptr<BIO, Free> memory(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  const Pkey key(memory ? PEM_read_bio_PUBKEY(memory.get(), nullptr, &no_password, nullptr) : nullptr);
  if (!key) {
    return cli_error(ExitCode::local, path + " is neither a public key in PEM (\"BEGIN PUBLIC KEY\") nor a JWK");
  }
  json jwk = json::object();
  if (EVP_PKEY_is_a(key.get(), "RSA") == 1) {
    jwk["kty"] = "RSA";
    if (add_numbers(jwk, key, rsa_public, 0)) return jwk;
  } else if (EVP_PKEY_is_a(key.get(), "EC") == 1) {
    std::array<char, 64> group{};
    const bool is_p256 = EVP_PKEY_get_group_name(key.get(), group.data(), group.size(), nullptr) == 1 &&
                         std::string(group.data()) == "prime256v1";
    if (!is_p256) return cli_error(ExitCode::local, path + " is on another curve than P-256, the one for ES256");
    jwk["kty"] = "EC";
    jwk["crv"] = "P-256";
    if (add_numbers(jwk, key, ec_public, p256_bytes)) return jwk;
  }
  return cli_error(ExitCode::local, path + " is no key for RS256 or ES256");
}

Outcome<json> from_jwk(const std::string& path, json jwk) {
  if (const auto keys = jwk.find("keys"); keys != jwk.end()) {
    if (!keys->is_array() || keys->size() != 1 || !keys->front().is_object()) {
      return cli_error(ExitCode::local, path + " is a set: give the one key of it that is meant");
    }
    // In two steps: otherwise the set would be destroyed before the element is moved.
    json only = keys->front();
    jwk = std::move(only);
  }
  if (jwk.value("kty", json()) == "oct") {
    return cli_error(ExitCode::local, path + " is a shared secret, not a public key");
  }
  if (jwk.contains("d")) {
    return cli_error(ExitCode::local, path +
                                          " has the private half in it, which is its owner's alone: give the "
                                          "public one");
  }
  // Only the key's members are copied from the file.
  json taken = json::object();
  for (const char* name : {"kid", "kty", "alg", "use", "n", "e", "crv", "x", "y"}) {
    if (const auto found = jwk.find(name); found != jwk.end()) taken[name] = *found;
  }
  return taken;
}

}  // namespace

Outcome<json> make_key(JwsAlgorithm algorithm, const std::string& kid) {
  json key = empty_key(algorithm, kid);
  std::optional<json> made;
  switch (algorithm) {
    case JwsAlgorithm::hs256: made = make_hmac_key(std::move(key)); break;
    case JwsAlgorithm::rs256: made = make_rsa_key(std::move(key)); break;
    case JwsAlgorithm::es256: made = make_ec_key(std::move(key)); break;
  }
  if (!made) return cli_error(ExitCode::local, "OpenSSL cannot make a key");
  return std::move(*made);
}

Outcome<json> read_public_key(const std::string& path, const std::string& kid) {
  auto text = read_file(path);
  if (!text) return tl::unexpected(text.error());
  auto document = parse_strict_object(*text, /*depth_max=*/8);
  auto key = document ? from_jwk(path, std::move(*document)) : from_pem(path, *text);
  if (!key) return key;
  if (!kid.empty()) (*key)["kid"] = kid;
  if (key->value("kid", json("")) == "") {
    return cli_error(ExitCode::usage,
                     "say with --kid which `kid` the issuer writes into its tokens; any name will do "
                     "when it writes none");
  }
  return key;
}

}  // namespace strawberry::cli
