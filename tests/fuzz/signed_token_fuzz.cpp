// Beyond the signature: headers and claims as the holder of a key might write them, and as the holder of a wrong key
// would like them to be read. Three lines: the signer (`hs` with the secret, anything else with another text), the
// header, the payload.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "common/identity/token.h"
#include "common/text/ids.h"
#include "tests/fuzz/fuzz_keys.h"
#include "tests/fuzz/require.h"

namespace strawberry::test {
namespace {

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

std::string secret_of(std::string_view signer) {
  if (signer == "hs") return std::string(fuzz_hmac_secret());
  if (signer == "rs") return std::string(fuzz_rsa_pem());
  if (signer == "n") return fuzz_rsa_modulus();
  if (signer == "es") return std::string(fuzz_ec_pem());
  return signer == fuzz_hmac_secret() ? "" : std::string(signer);
}

/// Reads the accepted token a second time, directly with the JSON parser.
void require_as_written(const Claims& claims, std::string_view header_text, std::string_view payload_text) {
  const auto header = nlohmann::json::parse(header_text, nullptr, false);
  FUZZ_REQUIRE(header.is_object() && header.value("alg", "") == "HS256" && !header.contains("crit"));
  FUZZ_REQUIRE(header.value("kid", std::string(fuzz_hmac_kid)) == fuzz_hmac_kid);

  const auto payload = nlohmann::json::parse(payload_text, nullptr, false);
  FUZZ_REQUIRE(payload.is_object() && payload.at("sub") == claims.principal.id);
  FUZZ_REQUIRE(payload.value("user_id", "") == claims.principal.user_id);
  FUZZ_REQUIRE(payload.value("type", "device") == to_string(claims.principal.type));
  FUZZ_REQUIRE(is_valid_id(claims.principal.id));
  FUZZ_REQUIRE(payload.at("exp").is_number_integer());
  FUZZ_REQUIRE(payload.at("exp") == to_unix_ms(claims.expires_at) / 1000);
  FUZZ_REQUIRE(claims.issued_at <= fuzz_now + token_clock_leeway);
  FUZZ_REQUIRE(payload.value("nbf", 0.0) <= static_cast<double>(to_unix_ms(fuzz_now + token_clock_leeway)) / 1000.0);
  FUZZ_REQUIRE(claims.jti.size() <= jti_bytes_max);
  FUZZ_REQUIRE(claims.kid == fuzz_hmac_kid && claims.key_fingerprint == fuzz_keys().keys().front().fingerprint());
}

/// Only texts without NUL: every JSON library reads those alike.
bool is_plain(const nlohmann::json& header) {
  for (const auto& [name, value] : header.items()) {
    if (name.find('\0') != std::string::npos || !value.is_string()) return false;
    if (value.get_ref<const std::string&>().find('\0') != std::string::npos) return false;
  }
  return true;
}

void require_good_until_it_expires(const Claims& claims, std::string_view token) {
  const auto last_moment = claims.expires_at - std::chrono::milliseconds(1);
  FUZZ_REQUIRE(verify_token(fuzz_keys(), token, last_moment));
  for (const auto later : {std::chrono::seconds(0), std::chrono::seconds(1'000'000'000)}) {
    const auto late = verify_token(fuzz_keys(), token, claims.expires_at + later);
    FUZZ_REQUIRE(!late && late.error() == TokenError::expired);
  }
}

void require_issued_alike(const Claims& claims) {
  if (claims.expires_at <= claims.issued_at) return;
  const auto token = issue_token(fuzz_keys(), claims);
  FUZZ_REQUIRE(token);
  const auto again = verify_token(fuzz_keys(), *token, fuzz_now);
  FUZZ_REQUIRE(again && again->principal == claims.principal && again->name == claims.name);
  FUZZ_REQUIRE(again->jti == claims.jti && again->issued_at == claims.issued_at);
  FUZZ_REQUIRE(again->expires_at == claims.expires_at);
}

void run(std::string_view input) {
  const std::string_view signer = take_line(input);
  const std::string_view header = take_line(input);
  const std::string token = hmac_signed(header, input, secret_of(signer));
  const auto claims = verify_token(fuzz_keys(), token, fuzz_now);
  if (!claims) {
    if (signer != "hs" || claims.error() != TokenError::bad_signature) return;
    // Only another key's signature can be missing, unless the JOSE library is stricter than this code.
    const auto read = nlohmann::json::parse(header);
    FUZZ_REQUIRE(read.at("alg") != "HS256" || !is_plain(read));
    return;
  }
  FUZZ_REQUIRE(signer == "hs");
  require_as_written(*claims, header, input);
  require_good_until_it_expires(*claims, token);
  require_issued_alike(*claims);
}

}  // namespace
}  // namespace strawberry::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  strawberry::test::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
