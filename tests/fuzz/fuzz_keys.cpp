#include "tests/fuzz/fuzz_keys.h"

#include <openssl/hmac.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "common/text/base64url.h"

namespace strawberry::test {
namespace {

constexpr std::string_view hmac_secret = "only for fuzzing, never for hubs";
constexpr std::string_view rsa_modulus =
    "pUWkYY4ML_z3bFykXmXzCVJ6EhXMLCy8RLkAYAyugZhUJV1n32Q4_WF8LWe9mqaw2jpvH6S-fsYcLnfgJDkQ8FGWw6"
    "w-5RVBspBpbz2ehDfZxvRd8IpTX67gdY3spCOw1nH_uWylDlIrnQv2xEeL-aBDGd2Zm-EAixD9AEQ3Nutl4RouyT06"
    "YJSECkCJ2SLNf4CiDAXLTahIb6bqEZD34om6HA9BLAWr8ErNfV9NAnG-l4g0TIGIzddYUu7-79P3ZW_Af6Ao-ld_AF"
    "NlB2ulg-Z9VJow-TVbHoE8XHZOLv-c35OpYj8nOjrNYVT2nc4UPq6jBJeB5TlII8ATZjXIOw";
constexpr std::string_view rsa_pem =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEApUWkYY4ML/z3bFykXmXz\n"
    "CVJ6EhXMLCy8RLkAYAyugZhUJV1n32Q4/WF8LWe9mqaw2jpvH6S+fsYcLnfgJDkQ\n"
    "8FGWw6w+5RVBspBpbz2ehDfZxvRd8IpTX67gdY3spCOw1nH/uWylDlIrnQv2xEeL\n"
    "+aBDGd2Zm+EAixD9AEQ3Nutl4RouyT06YJSECkCJ2SLNf4CiDAXLTahIb6bqEZD3\n"
    "4om6HA9BLAWr8ErNfV9NAnG+l4g0TIGIzddYUu7+79P3ZW/Af6Ao+ld/AFNlB2ul\n"
    "g+Z9VJow+TVbHoE8XHZOLv+c35OpYj8nOjrNYVT2nc4UPq6jBJeB5TlII8ATZjXI\n"
    "OwIDAQAB\n"
    "-----END PUBLIC KEY-----\n";
constexpr std::string_view ec_x = "1jP9DXimXU9xlaSL9raxxQ4M8_1C-EduxG8mdVaBjYo";
constexpr std::string_view ec_y = "v_oQUBtH3iCZgSbHxor7d2xPhHo6ErxjcboJfj-awag";
constexpr std::string_view ec_pem =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1jP9DXimXU9xlaSL9raxxQ4M8/1C\n"
    "+EduxG8mdVaBjYq/+hBQG0feIJmBJsfGivt3bE+EejoSvGNxugl+P5rBqA==\n"
    "-----END PUBLIC KEY-----\n";

KeySet parsed_keys() {
  std::string json = R"({"keys":[{"kty":"oct","alg":"HS256","kid":"hs","k":")";
  json += base64url_encode(hmac_secret);
  json += R"("},{"kty":"RSA","alg":"RS256","kid":"rs","e":"AQAB","n":")";
  json += rsa_modulus;
  json += R"("},{"kty":"EC","alg":"ES256","kid":"es","crv":"P-256","x":")";
  json += ec_x;
  json += R"(","y":")";
  json += ec_y;
  json += R"("}]})";
  auto keys = KeySet::parse(json);
  if (!keys) {
    std::fprintf(stderr, "the keys for fuzzing: %s\n", keys.error().message.c_str());
    std::abort();
  }
  return std::move(*keys);
}

}  // namespace

const KeySet& fuzz_keys() {
  static const KeySet keys = parsed_keys();
  return keys;
}

std::string_view fuzz_hmac_secret() { return hmac_secret; }
std::string fuzz_rsa_modulus() { return base64url_decode(rsa_modulus).value_or(""); }
std::string_view fuzz_rsa_pem() { return rsa_pem; }
std::string_view fuzz_ec_pem() { return ec_pem; }

std::string hmac_signed(std::string_view header, std::string_view payload, std::string_view secret) {
  const std::string input = base64url_encode(header) + "." + base64url_encode(payload);
  std::array<unsigned char, 32> digest{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(input.data()), input.size(), digest.data(), &size);
  return input + "." + base64url_encode({reinterpret_cast<const char*>(digest.data()), size});
}

}  // namespace strawberry::test
