#include "common/identity/keys.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "common/identity/key_file.h"
#include "common/identity/key_secret.h"
#include "common/text/base64url.h"
#include "common/text/ids.h"
#include "common/text/private_file.h"
#include "common/text/sha256.h"
#include "common/text/strict_json.h"

namespace strawberry {
namespace {

constexpr std::size_t kid_bytes_max = 128;
constexpr std::size_t oct_key_bytes_min = 32;
constexpr std::size_t rsa_key_bits_min = 2048;
constexpr std::size_t rsa_key_bits_max = 8192;
constexpr std::size_t p256_signature_bytes = 64;
constexpr std::size_t hmac_sha256_bytes = 32;

/// Returns a member that is a string; empty when it is missing, nothing when it is not a string.
std::optional<std::string> string_member(const nlohmann::json& object, const char* name) {
  const auto member = object.find(name);
  if (member == object.end()) return std::string();
  if (!member->is_string()) return std::nullopt;
  return member->get<std::string>();
}

std::optional<JwsAlgorithm> algorithm_of_type(std::string_view kty) {
  if (kty == "oct") return JwsAlgorithm::hs256;
  if (kty == "RSA") return JwsAlgorithm::rs256;
  if (kty == "EC") return JwsAlgorithm::es256;
  return std::nullopt;
}

std::string check_strength(const nlohmann::json& jwk, JwsAlgorithm algorithm) {
  switch (algorithm) {
    case JwsAlgorithm::hs256: {
      const auto text = string_member(jwk, "k");
      const auto bytes = text ? base64url_decode(*text) : std::nullopt;
      if (!bytes) return "`k` is not base64url without padding";
      if (bytes->size() < oct_key_bytes_min) return "an HS256 key needs at least 256 bits";
      return {};
    }
    case JwsAlgorithm::rs256: {
      const auto text = string_member(jwk, "n");
      const auto modulus = text ? base64url_decode(*text) : std::nullopt;
      if (!modulus || modulus->empty() || modulus->front() == '\0') return "`n` is no modulus in base64url";
      if (modulus->size() * 8 < rsa_key_bits_min) return "an RS256 key needs at least 2048 bits";
      if (modulus->size() * 8 > rsa_key_bits_max) return "an RS256 key has at most 8192 bits";
      return {};
    }
    case JwsAlgorithm::es256: return string_member(jwk, "crv") == "P-256" ? "" : "an ES256 key needs the curve P-256";
  }
  return "unknown algorithm";
}

/// Returns an HMAC-SHA256 context with its key set; null when the library fails.
std::unique_ptr<EVP_MAC_CTX, ReleaseMac> hmac_with(std::string secret) {
  EVP_MAC* const algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  std::unique_ptr<EVP_MAC_CTX, ReleaseMac> mac(EVP_MAC_CTX_new(algorithm));
  EVP_MAC_free(algorithm);
  std::string digest = "SHA256";
  const std::array<OSSL_PARAM, 2> parameters{OSSL_PARAM_construct_utf8_string("digest", digest.data(), 0),
                                             OSSL_PARAM_construct_end()};
  const auto* bytes = reinterpret_cast<const unsigned char*>(secret.data());
  const bool ready = mac && EVP_MAC_init(mac.get(), bytes, secret.size(), parameters.data()) == 1;
  OPENSSL_cleanse(secret.data(), secret.size());
  if (!ready) mac.reset();
  return mac;
}

std::size_t signature_bytes_of(const cjose_jwk_t* jwk, JwsAlgorithm algorithm) {
  if (algorithm == JwsAlgorithm::hs256) return hmac_sha256_bytes;
  if (algorithm == JwsAlgorithm::es256) return p256_signature_bytes;
  return (cjose_jwk_get_keysize(jwk, nullptr) + 7) / 8;
}

std::string sha256_of(std::string_view text) { return std::string(as_bytes(sha256(text))); }

/// RFC 7638: the hash of the required members only, sorted by name. The members of key pairs are taken from the key
/// that the JOSE library has loaded, not from the file: a private key determines its public half even if the file
/// leaves that out.
std::optional<std::string> thumbprint(const cjose_jwk_t* loaded, const nlohmann::json& jwk, JwsAlgorithm algorithm) {
  // nlohmann::json sorts the members of objects, as the canonical form requires.
  nlohmann::json canonical = nlohmann::json::object();
  if (algorithm == JwsAlgorithm::hs256) {
    canonical["k"] = jwk.at("k");  // unambiguous, see base64url_decode
    canonical["kty"] = "oct";
    std::string text = canonical.dump();
    std::string digest = sha256_of(text);
    OPENSSL_cleanse(text.data(), text.size());
    return digest;
  }
  const std::unique_ptr<char, decltype(&std::free)> text(cjose_jwk_to_json(loaded, /*priv=*/false, nullptr),
                                                         &std::free);
  if (!text) return std::nullopt;
  const auto whole = parse_strict_object(text.get(), /*depth_max=*/2);
  if (!whole) return std::nullopt;
  const bool is_rsa = algorithm == JwsAlgorithm::rs256;
  for (const char* name : is_rsa ? std::vector{"kty", "n", "e"} : std::vector{"kty", "crv", "x", "y"}) {
    if (!whole->contains(name)) return std::nullopt;
    canonical[name] = whole->at(name);
  }
  return sha256_of(canonical.dump());
}

/// `which` names the key in messages: `key 2 ("old")`.
Result<Key> import_key(const nlohmann::json& jwk, std::size_t position) {
  std::string which = "key " + std::to_string(position + 1);
  if (!jwk.is_object()) return fail(which + " is not a JSON object");

  const auto kid = string_member(jwk, "kid");
  if (!kid || kid->size() > kid_bytes_max) return fail(which + ": `kid` is no string of at most 128 bytes");
  if (!kid->empty()) which += " (" + nlohmann::json(*kid).dump() + ")";

  const auto kty = string_member(jwk, "kty");
  const auto algorithm = kty ? algorithm_of_type(*kty) : std::nullopt;
  if (!algorithm) return fail(which + ": `kty` is none of oct, RSA, EC");
  if (jwk.contains("alg") && string_member(jwk, "alg") != to_string(*algorithm)) {
    return fail(which + ": the only `alg` for kty " + *kty + " is " + std::string(to_string(*algorithm)));
  }
  if (jwk.contains("use") && string_member(jwk, "use") != "sig") return fail(which + ": `use` is not \"sig\"");
  if (const std::string weakness = check_strength(jwk, *algorithm); !weakness.empty()) {
    return fail(which + ": " + weakness);
  }

  // The library treats some of these as public keys.
  if (jwk.contains("d") && string_member(jwk, "d").value_or("").empty()) return fail(which + ": `d` is no number");

  const std::string text = jwk.dump();
  auto secret = std::make_shared<Key::Secret>();
  secret->jwk.reset(cjose_jwk_import(text.data(), text.size(), nullptr));
  if (!secret->jwk) return fail(which + " is not a valid JSON Web Key");
  if (*algorithm == JwsAlgorithm::hs256) {
    secret->mac = hmac_with(*base64url_decode(*string_member(jwk, "k")));
    if (!secret->mac) return fail(which + " cannot be used for HMAC");
  }
  secret->signature_bytes = signature_bytes_of(secret->jwk.get(), *algorithm);
  secret->can_sign = *algorithm == JwsAlgorithm::hs256 || jwk.contains("d");
  auto fingerprint = thumbprint(secret->jwk.get(), jwk, *algorithm);
  if (!fingerprint) return fail(which + " has no public part");
  return Key(*kid, *algorithm, std::move(*fingerprint), std::move(secret));
}

}  // namespace

std::string_view to_string(JwsAlgorithm algorithm) {
  switch (algorithm) {
    case JwsAlgorithm::hs256: return "HS256";
    case JwsAlgorithm::rs256: return "RS256";
    case JwsAlgorithm::es256: return "ES256";
  }
  return "unknown";
}

Key::Key(std::string kid, JwsAlgorithm algorithm, std::string fingerprint, std::shared_ptr<const Secret> secret)
    : kid_(std::move(kid)), algorithm_(algorithm), fingerprint_(std::move(fingerprint)), secret_(std::move(secret)) {}

bool Key::can_sign() const { return secret_->can_sign; }

bool operator==(const Key& a, const Key& b) {
  return a.kid_ == b.kid_ && a.algorithm_ == b.algorithm_ && a.fingerprint_ == b.fingerprint_ &&
         a.can_sign() == b.can_sign();
}

KeySet::KeySet(std::vector<Key> keys) : keys_(std::move(keys)) {}

Result<KeySet> KeySet::parse(std::string_view json) {
  if (json.size() > file_bytes_max) return fail("the JWK Set is larger than 64 KiB");
  const auto document = parse_strict_object(json, /*depth_max=*/8);
  if (!document) return fail("the JWK Set is not one JSON object without duplicate members");
  const auto members = document->find("keys");
  if (members == document->end() || !members->is_array()) return fail("the JWK Set has no array `keys`");
  if (members->empty()) return fail("the JWK Set has no keys");
  if (members->size() > keys_max) return fail("the JWK Set has more than " + std::to_string(keys_max) + " keys");

  std::vector<Key> keys;
  for (const auto& member : *members) {
    auto key = import_key(member, keys.size());
    if (!key) return tl::unexpected(key.error());
    if (members->size() > 1 && key->kid().empty()) {
      return fail("key " + std::to_string(keys.size() + 1) + ": with several keys, each needs a `kid`");
    }
    const bool known =
        std::any_of(keys.begin(), keys.end(), [&key](const Key& other) { return other.kid() == key->kid(); });
    if (known) return fail("key " + std::to_string(keys.size() + 1) + ": its `kid` is another key's, too");
    keys.push_back(std::move(*key));
  }
  return KeySet(std::move(keys));
}

Result<KeySet> KeySet::load(const std::string& path) {
  auto file = KeyFile::open(path);
  if (!file) return tl::unexpected(std::move(file.error()));
  return file->keys();
}

Result<void> KeySet::create(const std::string& path) {
  std::array<unsigned char, oct_key_bytes_min> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return fail("the system gives no random numbers");

  nlohmann::json key = nlohmann::json::object();
  key["kty"] = "oct";
  key["alg"] = to_string(JwsAlgorithm::hs256);
  key["use"] = "sig";
  key["kid"] = new_id();
  key["k"] = base64url_encode({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  OPENSSL_cleanse(bytes.data(), bytes.size());

  nlohmann::json document = nlohmann::json::object();
  document["keys"] = nlohmann::json::array();
  document["keys"].push_back(std::move(key));
  return write_new_private_file(path, document.dump(2) + "\n");
}

bool KeySet::can_sign() const {
  return std::any_of(keys_.begin(), keys_.end(), [](const Key& key) { return key.can_sign(); });
}

const Key& KeySet::signing_key() const {
  return *std::find_if(keys_.begin(), keys_.end(), [](const Key& key) { return key.can_sign(); });
}

}  // namespace strawberry
