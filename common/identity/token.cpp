#include "common/identity/token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/contract/device_name.h"
#include "common/identity/key_secret.h"
#include "common/identity/token_line.h"
#include "common/text/base64url.h"
#include "common/text/clock.h"
#include "common/text/ids.h"
#include "common/text/strict_json.h"

namespace strawberry {
namespace {

constexpr std::size_t header_depth_max = 4;
constexpr std::size_t claims_depth_max = 8;

struct ReleaseJws {
  void operator()(cjose_jws_t* jws) const { cjose_jws_release(jws); }
};
struct ReleaseHeader {
  void operator()(cjose_header_t* header) const { cjose_header_release(header); }
};

/// A token split by our own strict parser. The JOSE library sees it only afterwards.
struct Parts {
  nlohmann::json header;
  std::string payload;
  std::string_view signed_text;  // header and payload as sent
  std::string signature;
};

Result<Parts, TokenError> take_apart(std::string_view token) {
  const auto malformed = tl::unexpected(TokenError::malformed);
  const std::size_t first = token.find('.');
  if (first == std::string_view::npos) return malformed;
  const std::size_t second = token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) return malformed;

  const auto header_text = base64url_decode(token.substr(0, first));
  auto payload = base64url_decode(token.substr(first + 1, second - first - 1));
  auto signature = base64url_decode(token.substr(second + 1));
  if (!header_text || !payload || !signature) return malformed;
  auto header = parse_strict_object(*header_text, header_depth_max);
  if (!header) return malformed;
  return Parts{std::move(*header), std::move(*payload), token.substr(0, second), std::move(*signature)};
}

/// Verifies HS256, which almost every token uses, without the JOSE library, since that would decode and parse the token
/// again.
bool has_mac(const Key::Secret& secret, const Parts& parts) {
  const std::unique_ptr<EVP_MAC_CTX, ReleaseMac> mac(EVP_MAC_CTX_dup(secret.mac.get()));
  std::array<unsigned char, EVP_MAX_MD_SIZE> expected{};
  std::size_t size = 0;
  const auto* text = reinterpret_cast<const unsigned char*>(parts.signed_text.data());
  return mac && EVP_MAC_init(mac.get(), nullptr, 0, nullptr) == 1 &&
         EVP_MAC_update(mac.get(), text, parts.signed_text.size()) == 1 &&
         EVP_MAC_final(mac.get(), expected.data(), &size, expected.size()) == 1 && size == parts.signature.size() &&
         CRYPTO_memcmp(expected.data(), parts.signature.data(), size) == 0;
}

bool is_signed_by(const Key& key, std::string_view token, const Parts& parts) {
  const Key::Secret& secret = key.secret();
  if (parts.signature.size() != secret.signature_bytes) return false;
  if (key.algorithm() == JwsAlgorithm::hs256) return has_mac(secret, parts);
  const std::unique_ptr<cjose_jws_t, ReleaseJws> jws(cjose_jws_import(token.data(), token.size(), nullptr));
  if (!jws || !cjose_jws_verify(jws.get(), secret.jwk.get(), nullptr)) return false;

  // The payload that the library verified must be the one we parsed.
  std::uint8_t* signed_payload = nullptr;
  std::size_t size = 0;
  if (!cjose_jws_get_plaintext(jws.get(), &signed_payload, &size, nullptr)) return false;
  return size == parts.payload.size() && std::memcmp(signed_payload, parts.payload.data(), size) == 0;
}

/// Returns the key that signed the token. The header only selects a key; the key's algorithm was fixed when it was
/// loaded.
Result<const Key*, TokenError> check_signature(const KeySet& keys, std::string_view token, const Parts& parts) {
  if (parts.header.contains("crit")) return tl::unexpected(TokenError::unknown_critical);
  const auto alg = parts.header.find("alg");
  if (alg == parts.header.end() || !alg->is_string()) return tl::unexpected(TokenError::malformed);
  const auto& alg_name = alg->get_ref<const std::string&>();

  const auto kid = parts.header.find("kid");
  const bool names_key = kid != parts.header.end();
  if (names_key && !kid->is_string()) return tl::unexpected(TokenError::malformed);

  bool key_found = false;
  bool algorithm_fits = false;
  for (const Key& key : keys.keys()) {
    if (names_key && key.kid() != kid->get_ref<const std::string&>()) continue;
    key_found = true;
    if (to_string(key.algorithm()) != alg_name) continue;
    algorithm_fits = true;
    if (is_signed_by(key, token, parts)) return &key;
  }
  if (!key_found) return tl::unexpected(TokenError::unknown_key);
  return tl::unexpected(algorithm_fits ? TokenError::bad_signature : TokenError::unknown_algorithm);
}

/// Reads claims of one exact type each. After the first claim of another type, bad() stays true.
class ClaimReader {
 public:
  explicit ClaimReader(const nlohmann::json& claims) : claims_(claims) {}

  std::string text(const char* name, std::size_t bytes_max) {
    const auto claim = claims_.find(name);
    if (claim == claims_.end()) return {};
    if (!claim->is_string() || claim->get_ref<const std::string&>().size() > bytes_max) {
      bad_ = true;
      return {};
    }
    return claim->get<std::string>();
  }

  /// Reads a NumericDate (RFC 7519) in whole seconds; nothing when it is missing.
  std::optional<WallTime> date(const char* name) {
    const auto claim = claims_.find(name);
    if (claim == claims_.end()) return std::nullopt;
    const bool whole = claim->is_number_integer();
    // Unsigned first: get<int64_t>() of a larger number would wrap around into the past.
    if (!whole || (claim->is_number_unsigned() && claim->get<std::uint64_t>() > std::uint64_t{rfc3339_seconds_max}) ||
        claim->get<std::int64_t>() < 0) {
      bad_ = true;
      return std::nullopt;
    }
    return WallTime(std::chrono::seconds(claim->get<std::int64_t>()));
  }

  bool has(const char* name) const { return claims_.contains(name); }
  bool bad() const { return bad_; }

 private:
  const nlohmann::json& claims_;
  bool bad_ = false;
};

/// Returns false when `scope` or `skills` is of another type or exceeds its limits.
bool read_rights(const nlohmann::json& claims, Rights& rights) {
  if (const auto scope = claims.find("scope"); scope != claims.end()) {
    if (!scope->is_string() || scope->get_ref<const std::string&>().size() > scope_bytes_max) return false;
    rights.scopes = scopes_in(scope->get_ref<const std::string&>());
  }
  const auto skills = claims.find("skills");
  if (skills == claims.end()) return true;
  if (!skills->is_array() || skills->size() > skill_patterns_max) return false;
  for (const auto& pattern : *skills) {
    if (!pattern.is_string()) return false;
    rights.skills.push_back(pattern.get<std::string>());
  }
  rights.scopes = rights.scopes.without(Scope::any_skill);
  return are_skill_patterns(rights.skills);
}

bool owner_fits(const Principal& principal) {
  // encode_principal() and decode_principal() accept exactly the valid principals.
  return decode_principal(encode_principal(principal)) == principal;
}

Result<Claims, TokenError> read_claims(std::string_view payload, WallTime now) {
  const auto document = parse_strict_object(payload, claims_depth_max);
  if (!document) return tl::unexpected(TokenError::malformed);
  ClaimReader reader(*document);

  Claims claims;
  const std::string type = reader.text("type", id_bytes_max);
  const auto parsed_type = reader.has("type") ? parse_principal_type(type) : PrincipalType::device;
  claims.principal.id = reader.text("sub", id_bytes_max);
  claims.principal.user_id = reader.text("user_id", id_bytes_max);
  claims.name = reader.text("device_name", device_name_bytes_max);
  const std::string other_name = reader.text("name", device_name_bytes_max);
  if (claims.name.empty()) claims.name = other_name;
  claims.jti = reader.text("jti", jti_bytes_max);
  claims.root_jti = reader.text("root_jti", jti_bytes_max);
  const auto root_issued_at = reader.date("root_iat");
  const auto issued_at = reader.date("iat");
  const auto not_before = reader.date("nbf");
  const auto expires_at = reader.date("exp");

  if (reader.bad() || !parsed_type || !read_rights(*document, claims.rights))
    return tl::unexpected(TokenError::bad_claims);
  claims.principal.type = *parsed_type;
  if (!owner_fits(claims.principal)) return tl::unexpected(TokenError::bad_claims);
  if (!expires_at) return tl::unexpected(TokenError::no_expiry);
  // Without iat, a device's token could not be compared with the time of its revocation.
  if (!issued_at && claims.principal.type == PrincipalType::device) return tl::unexpected(TokenError::bad_claims);

  claims.expires_at = *expires_at;
  claims.issued_at = issued_at.value_or(WallTime{});
  claims.root_issued_at = root_issued_at.value_or(WallTime{});
  const bool is_program = is_of_program(claims.root_jti.empty() ? claims.jti : claims.root_jti);
  if (is_program && claims.rights.is_full()) claims.rights.scopes = program_scopes;
  if (claims.expires_at <= now) return tl::unexpected(TokenError::expired);
  if (claims.issued_at > now + token_clock_leeway || (not_before && *not_before > now + token_clock_leeway)) {
    return tl::unexpected(TokenError::not_yet_valid);
  }
  return claims;
}

nlohmann::json to_claims_json(const Claims& claims) {
  const auto seconds = [](WallTime time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  };
  nlohmann::json json = nlohmann::json::object();
  json["sub"] = claims.principal.id;
  json["type"] = to_string(claims.principal.type);
  if (!claims.principal.user_id.empty()) json["user_id"] = claims.principal.user_id;
  if (!claims.name.empty()) json["device_name"] = claims.name;
  json["iat"] = seconds(claims.issued_at);
  json["exp"] = seconds(claims.expires_at);
  if (!claims.jti.empty()) json["jti"] = claims.jti;
  if (!claims.root_jti.empty()) json["root_jti"] = claims.root_jti;
  if (claims.root_issued_at != WallTime{}) json["root_iat"] = seconds(claims.root_issued_at);
  const Scopes scopes = claims.rights.scopes;
  if (!scopes.with(Scope::any_skill).is_all()) json["scope"] = write_scope(scopes);
  if (!scopes.has(Scope::any_skill)) json["skills"] = claims.rights.skills;
  return json;
}

}  // namespace

std::string_view to_string(TokenError error) {
  static constexpr std::array<std::string_view, 11> words = {
      "token_missing",     "token_too_large",   "token_malformed",     "token_unknown_critical",
      "token_unknown_alg", "token_unknown_key", "token_bad_signature", "token_bad_claims",
      "token_no_expiry",   "token_expired",     "token_not_yet_valid"};
  const auto index = static_cast<std::size_t>(error);
  return index < words.size() ? words[index] : "token_refused";
}

Result<Claims, TokenError> verify_token(const KeySet& keys, std::string_view token, WallTime now) {
  if (token.empty()) return tl::unexpected(TokenError::missing);
  if (token.size() > token_bytes_max) return tl::unexpected(TokenError::too_large);
  const auto parts = take_apart(token);
  if (!parts) return tl::unexpected(parts.error());
  const auto key = check_signature(keys, token, *parts);
  if (!key) return tl::unexpected(key.error());
  auto claims = read_claims(parts->payload, now);
  if (!claims) return claims;
  claims->kid = (*key)->kid();
  claims->key_fingerprint = (*key)->fingerprint();
  return claims;
}

Result<std::string> issue_token(const KeySet& keys, const Claims& claims) {
  if (!keys.can_sign()) return fail("no key of the set can sign: all are public");
  if (!owner_fits(claims.principal)) return fail("such a principal cannot exist: an id or the owner does not fit");
  if (claims.name.size() > device_name_bytes_max) return fail("the name is longer than 128 bytes");
  if (claims.jti.size() > jti_bytes_max || claims.root_jti.size() > jti_bytes_max) {
    return fail("the jti is longer than 128 bytes");
  }
  if (!are_skill_patterns(claims.rights.skills)) return fail("the patterns of skills are too many, too long, or none");
  const WallTime last = WallTime(std::chrono::seconds(rfc3339_seconds_max));
  if (claims.issued_at < WallTime{} || claims.root_issued_at < WallTime{} || claims.expires_at <= claims.issued_at ||
      claims.expires_at > last) {
    return fail("a token must expire after it was issued");
  }

  const Key& key = keys.signing_key();
  const std::unique_ptr<cjose_header_t, ReleaseHeader> header(cjose_header_new(nullptr));
  const std::string algorithm(to_string(key.algorithm()));
  bool written = header && cjose_header_set(header.get(), "alg", algorithm.c_str(), nullptr) &&
                 cjose_header_set(header.get(), "typ", "JWT", nullptr);
  if (written && !key.kid().empty()) written = cjose_header_set(header.get(), "kid", key.kid().c_str(), nullptr);
  if (!written) return fail("the token's header cannot be written");

  std::string payload;
  try {
    payload = to_claims_json(claims).dump();
  } catch (const nlohmann::json::exception&) {
    return fail("the name is not UTF-8");
  }
  const std::unique_ptr<cjose_jws_t, ReleaseJws> jws(
      cjose_jws_sign(key.secret().jwk.get(), header.get(), reinterpret_cast<const std::uint8_t*>(payload.data()),
                     payload.size(), nullptr));
  const char* compact = nullptr;
  if (!jws || !cjose_jws_export(jws.get(), &compact, nullptr)) return fail("the token cannot be signed");
  return std::string(compact);
}

}  // namespace strawberry
