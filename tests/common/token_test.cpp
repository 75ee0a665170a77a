// Tokens as an enemy would write them. Each attack differs from a good token in one thing.
#include "common/token.h"

#include <gtest/gtest.h>
#include <openssl/hmac.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "common/base64url.h"
#include "tests/common/generated_keys.h"
#include "tests/support/fake_clock.h"

namespace strawberry {
namespace {

using test::FakeClock;

// For tests only; no hub has ever used it.
constexpr const char* hmac_key_text = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

KeySet parse_keys(const std::string& json) {
  auto keys = KeySet::parse(json);
  if (!keys) throw std::runtime_error(keys.error().message);
  return *keys;
}

KeySet hmac_keys() {
  return parse_keys(std::string(R"({"keys":[{"kty":"oct","alg":"HS256","kid":"k1","k":")") + hmac_key_text + "\"}]}");
}

std::string hmac_sha256(const std::string& key, const std::string& text) {
  unsigned char digest[32];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), digest, &size);
  return {reinterpret_cast<char*>(digest), size};
}

/// A correctly signed token around whatever header and payload.
std::string sign(const std::string& header, const std::string& payload,
                 const std::string& key = *base64url_decode(hmac_key_text)) {
  const std::string input = base64url_encode(header) + "." + base64url_encode(payload);
  return input + "." + base64url_encode(hmac_sha256(key, input));
}

class Tokens : public ::testing::Test {
 protected:
  std::int64_t now_s() const { return to_unix_ms(clock_.wall_now()) / 1000; }

  nlohmann::json good_claims() const {
    return {{"sub", "speaker"},         {"type", "device"},     {"user_id", "alice"},
            {"device_name", "Speaker"}, {"iat", now_s() - 100}, {"exp", now_s() + 100}};
  }
  static std::string good_header() { return R"({"alg":"HS256","typ":"JWT","kid":"k1"})"; }
  std::string good_token() const { return sign(good_header(), good_claims().dump()); }

  std::string verdict(const std::string& token) const {
    const auto claims = verify_token(keys_, token, clock_.wall_now());
    return claims ? "accepted" : std::string(to_string(claims.error()));
  }
  std::string verdict_on_header(const std::string& header) const { return verdict(sign(header, good_claims().dump())); }
  std::string verdict_with(const std::string& name, const nlohmann::json& value) const {
    auto claims = good_claims();
    claims[name] = value;
    return verdict(sign(good_header(), claims.dump()));
  }
  std::string verdict_without(const std::string& name) const {
    auto claims = good_claims();
    claims.erase(name);
    return verdict(sign(good_header(), claims.dump()));
  }
  std::string verdict_on_payload(const std::string& payload) const { return verdict(sign(good_header(), payload)); }

  FakeClock clock_;
  KeySet keys_ = hmac_keys();
};

TEST_F(Tokens, AreReadWhenGood) {
  const auto claims = verify_token(keys_, good_token(), clock_.wall_now());
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->principal, (Principal{PrincipalType::device, "speaker", "alice"}));
  EXPECT_EQ(claims->name, "Speaker");
  EXPECT_EQ(to_unix_ms(claims->expires_at), (now_s() + 100) * 1000);
  EXPECT_EQ(to_unix_ms(claims->issued_at), (now_s() - 100) * 1000);
}

TEST_F(Tokens, AreAcceptedWithoutKidAndWithoutType) {
  EXPECT_EQ(verdict_on_header(R"({"alg":"HS256"})"), "accepted");
  EXPECT_EQ(verdict_without("type"), "accepted");
  EXPECT_EQ(verdict_without("device_name"), "accepted");
}

TEST_F(Tokens, AreRefusedWithoutASignature) {
  const std::string payload = base64url_encode(good_claims().dump());
  for (const char* alg : {"none", "None", "NONE", "nOnE", ""}) {
    const std::string header = base64url_encode(std::string(R"({"alg":")") + alg + "\"}");
    EXPECT_EQ(verdict(header + "." + payload + "."), "token_unknown_alg") << alg;
    EXPECT_EQ(verdict(header + "." + payload), "token_malformed") << alg;
    EXPECT_EQ(verdict_on_header(std::string(R"({"alg":")") + alg + "\"}"), "token_unknown_alg") << alg;
  }
  EXPECT_EQ(verdict(base64url_encode(good_header()) + "." + payload + "."), "token_bad_signature");
  EXPECT_EQ(verdict_on_header(R"({"typ":"JWT"})"), "token_malformed");
}

TEST_F(Tokens, AreRefusedFromAnotherKeyOrAnotherAlgorithm) {
  EXPECT_EQ(verdict(sign(good_header(), good_claims().dump(), std::string(32, 'x'))), "token_bad_signature");
  EXPECT_EQ(verdict_on_header(R"({"alg":"HS256","kid":"k2"})"), "token_unknown_key");
  EXPECT_EQ(verdict_on_header(R"({"alg":"HS256","kid":""})"), "token_unknown_key");
  EXPECT_EQ(verdict_on_header(R"({"alg":"HS256","kid":1})"), "token_malformed");
  for (const char* alg : {"HS384", "HS512", "RS256", "ES256", "PS256", "EdDSA", "hs256", "HS256 "}) {
    EXPECT_EQ(verdict_on_header(std::string(R"({"alg":")") + alg + "\"}"), "token_unknown_alg") << alg;
  }
  EXPECT_EQ(verdict_on_header(R"({"alg":["HS256"]})"), "token_malformed");
}

TEST_F(Tokens, AreRefusedWithExtensionsWeDoNotKnow) {
  EXPECT_EQ(verdict_on_header(R"({"alg":"HS256","crit":["exp"]})"), "token_unknown_critical");
  EXPECT_EQ(verdict_on_header(R"({"alg":"HS256","crit":[]})"), "token_unknown_critical");
  EXPECT_EQ(verdict_on_header(R"({"alg":"HS256","b64":false,"crit":["b64"]})"), "token_unknown_critical");
}

TEST_F(Tokens, KeysInTheTokenAreIgnored) {
  const std::string attackers = std::string(32, 'x');
  const std::string header =
      R"({"alg":"HS256","jwk":{"kty":"oct","k":")" + base64url_encode(attackers) + R"("},"jku":"http://127.0.0.1/"})";
  EXPECT_EQ(verdict(sign(header, good_claims().dump(), attackers)), "token_bad_signature");
}

TEST_F(Tokens, MustBeThreeSegmentsOfStrictBase64url) {
  const std::string good = good_token();
  const std::size_t first = good.find('.');
  const std::size_t second = good.rfind('.');
  const std::string header = good.substr(0, first);
  const std::string payload = good.substr(first + 1, second - first - 1);
  const std::string signature = good.substr(second + 1);
  EXPECT_EQ(verdict(""), "token_missing");
  for (const std::string& bad : {std::string("."),
                                 std::string(".."),
                                 std::string("..."),
                                 std::string("rubbish"),
                                 header,
                                 header + "." + payload,
                                 good + ".",
                                 good + ".x",
                                 "." + good,
                                 good + " ",
                                 " " + good,
                                 good + "\n",
                                 good + "=",
                                 good + "==",
                                 header + "=." + payload + "." + signature,
                                 header + "." + payload + "=." + signature,
                                 good + std::string("\0", 1),
                                 header + "." + payload + "." + signature + "!",
                                 ".." + signature,
                                 header + "." + payload + ".+/+/",
                                 std::string("\xff\xfe\x00", 3)}) {
    EXPECT_EQ(verdict(bad), "token_malformed") << bad;
  }
  EXPECT_NE(verdict(header + ".."), "accepted");
  EXPECT_NE(verdict(payload + "." + header + "." + signature), "accepted");
  EXPECT_NE(verdict(header + "." + signature + "." + payload), "accepted");
  EXPECT_NE(verdict(header + "." + header + "." + signature), "accepted");
}

TEST_F(Tokens, AreRefusedWhenAnyCharacterChanges) {
  const std::string good = good_token();
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string changed = good;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_NE(verdict(changed), "accepted") << i;
    EXPECT_NE(verdict(good.substr(0, i)), "accepted") << i;
  }
}

TEST_F(Tokens, AreBoundedBeforeAnythingElse) {
  EXPECT_EQ(verdict(std::string(64 * 1024, 'A')), "token_too_large");
  EXPECT_EQ(verdict(good_token() + std::string(token_bytes_max, 'A')), "token_too_large");
  auto claims = good_claims();
  claims["more"] = std::string(3'000, 'x');
  EXPECT_EQ(verdict(sign(good_header(), claims.dump())), "token_too_large");
}

TEST_F(Tokens, AreRefusedWhenTheirJsonHasTwoReadings) {
  EXPECT_EQ(verdict_on_header(R"({"alg":"none","alg":"HS256"})"), "token_malformed");
  EXPECT_EQ(verdict_on_header(R"({"alg":"HS256","alg":"none"})"), "token_malformed");
  EXPECT_EQ(verdict_on_header(R"(["HS256"])"), "token_malformed");
  EXPECT_EQ(verdict_on_header("{\"alg\":\"HS256\"}{}"), "token_malformed");
  EXPECT_EQ(verdict_on_header(std::string("{\"alg\":\"HS256\"}\0", 16)), "token_malformed");
  const std::string claims = good_claims().dump();
  EXPECT_EQ(verdict_on_payload(claims.substr(0, claims.size() - 1) + R"(,"sub":"other"})"), "token_malformed");
  EXPECT_EQ(verdict_on_payload(claims.substr(0, claims.size() - 1) + R"(,"x":)" + std::string(500, '[') +
                               std::string(500, ']') + "}"),
            "token_malformed");
  EXPECT_EQ(verdict_on_payload("null"), "token_malformed");
  EXPECT_EQ(verdict_on_payload("[]"), "token_malformed");
  EXPECT_EQ(verdict_on_payload(""), "token_malformed");
  EXPECT_EQ(verdict_on_payload("{\"sub\":\"\xff\"}"), "token_malformed");
}

TEST_F(Tokens, MustExpire) {
  EXPECT_EQ(verdict_without("exp"), "token_no_expiry");
  EXPECT_EQ(verdict_with("exp", now_s()), "token_expired");
  EXPECT_EQ(verdict_with("exp", now_s() + 1), "accepted");
  EXPECT_EQ(verdict_with("exp", now_s() - 1), "token_expired");
  EXPECT_EQ(verdict_with("exp", 0), "token_expired");
  for (const nlohmann::json& bad :
       {nlohmann::json(std::to_string(now_s() + 100)), nlohmann::json(static_cast<double>(now_s()) + 100.5),
        nlohmann::json(1e18), nlohmann::json(-1), nlohmann::json(253'402'300'800), nlohmann::json(INT64_MAX),
        nlohmann::json(UINT64_MAX), nlohmann::json(nullptr), nlohmann::json(true), nlohmann::json::array({1}),
        nlohmann::json::object()}) {
    EXPECT_EQ(verdict_with("exp", bad), "token_bad_claims") << bad;
  }
  const std::string claims = good_claims().dump();
  EXPECT_EQ(verdict_on_payload(R"({"sub":"s","user_id":"a","iat":1,"exp":1e400})"), "token_malformed");
  EXPECT_EQ(verdict_on_payload(R"({"sub":"s","user_id":"a","iat":1,"exp":99999999999999999999})"), "token_bad_claims");
}

TEST_F(Tokens, MustHaveBegun) {
  EXPECT_EQ(verdict_with("nbf", now_s() + 60), "accepted");
  EXPECT_EQ(verdict_with("nbf", now_s() + 61), "token_not_yet_valid");
  EXPECT_EQ(verdict_with("nbf", "soon"), "token_bad_claims");
  EXPECT_EQ(verdict_with("iat", now_s() + 60), "accepted");
  EXPECT_EQ(verdict_with("iat", now_s() + 61), "token_not_yet_valid");
  EXPECT_EQ(verdict_with("iat", "yesterday"), "token_bad_claims");
  EXPECT_EQ(verdict_without("iat"), "token_bad_claims");
}

TEST_F(Tokens, NameAPrincipalThatMayExist) {
  for (const nlohmann::json& bad :
       {nlohmann::json(""), nlohmann::json("a/b"), nlohmann::json("+"), nlohmann::json(std::string(65, 'x')),
        nlohmann::json(7), nlohmann::json(nullptr), nlohmann::json(std::string("a\0b", 3))}) {
    EXPECT_EQ(verdict_with("sub", bad), "token_bad_claims") << bad;
    EXPECT_EQ(verdict_with("user_id", bad), "token_bad_claims") << bad;
  }
  EXPECT_EQ(verdict_without("sub"), "token_bad_claims");
  EXPECT_EQ(verdict_without("user_id"), "token_bad_claims");
  EXPECT_EQ(verdict_with("type", "root"), "token_bad_claims");
  EXPECT_EQ(verdict_with("type", ""), "token_bad_claims");
  EXPECT_EQ(verdict_with("type", 1), "token_bad_claims");
  EXPECT_EQ(verdict_with("type", "user"), "token_bad_claims");   // sub is not user_id
  EXPECT_EQ(verdict_with("type", "admin"), "token_bad_claims");  // has an owner
  EXPECT_EQ(verdict_with("type", "enroll"), "accepted");
  EXPECT_EQ(verdict_with("device_name", std::string(129, 'n')), "token_bad_claims");
  EXPECT_EQ(verdict_with("device_name", 1), "token_bad_claims");
  EXPECT_EQ(verdict_with("name", std::string(128, 'n')), "accepted");
  EXPECT_EQ(verdict_with("jti", std::string(129, 'j')), "token_bad_claims");
}

TEST_F(Tokens, IssuedHereAreAcceptedHere) {
  for (const Principal& principal :
       {Principal{PrincipalType::device, "speaker", "alice"}, Principal{PrincipalType::user, "alice", "alice"},
        Principal{PrincipalType::admin, "admin", ""}, Principal{PrincipalType::bridge, "bridge", ""},
        Principal{PrincipalType::enroll, "once", "alice"}}) {
    Claims claims;
    claims.principal = principal;
    claims.name = "N\xc3\xa4me \"x\"";
    claims.issued_at = clock_.wall_now();
    claims.expires_at = clock_.wall_now() + token_lifetime_default;
    claims.jti = "j";
    const auto token = issue_token(keys_, claims);
    ASSERT_TRUE(token) << token.error().message;
    const auto read = verify_token(keys_, *token, clock_.wall_now());
    ASSERT_TRUE(read) << to_string(read.error());
    EXPECT_EQ(read->principal, principal);
    EXPECT_EQ(read->name, claims.name);
    EXPECT_EQ(read->jti, "j");
    EXPECT_EQ(read->expires_at, claims.expires_at);
  }
}

TEST_F(Tokens, AreNotIssuedForWhatWouldBeRefused) {
  Claims claims;
  claims.principal = {PrincipalType::device, "speaker", "alice"};
  claims.issued_at = clock_.wall_now();
  claims.expires_at = clock_.wall_now() + token_lifetime_default;
  ASSERT_TRUE(issue_token(keys_, claims));
  auto bad = claims;
  bad.principal.user_id = "";
  EXPECT_FALSE(issue_token(keys_, bad));
  bad = claims;
  bad.expires_at = claims.issued_at;
  EXPECT_FALSE(issue_token(keys_, bad));
  bad = claims;
  bad.name = "\xff";
  EXPECT_FALSE(issue_token(keys_, bad));
  bad = claims;
  bad.name = std::string(129, 'n');
  EXPECT_FALSE(issue_token(keys_, bad));
}

// --- several keys, and public ones ---

class AsymmetricTokens : public ::testing::TestWithParam<const char*> {
 protected:
  static Claims claims(const FakeClock& clock) {
    Claims claims;
    claims.principal = {PrincipalType::device, "speaker", "alice"};
    claims.issued_at = clock.wall_now();
    claims.expires_at = clock.wall_now() + std::chrono::hours(1);
    return claims;
  }
  static const test::GeneratedKeys& generated() {
    static const test::GeneratedKeys rsa = test::generate_rsa_keys();
    static const test::GeneratedKeys ec = test::generate_ec_keys();
    return std::string(GetParam()) == "rs256" ? rsa : ec;
  }
  static KeySet private_keys() { return parse_keys(generated().private_jwks); }
  static KeySet public_keys() { return parse_keys(generated().public_jwks); }
  FakeClock clock_;
};

TEST_P(AsymmetricTokens, AreVerifiedWithThePublicKeyAlone) {
  const auto token = issue_token(private_keys(), claims(clock_));
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_TRUE(verify_token(public_keys(), *token, clock_.wall_now()));
  EXPECT_FALSE(verify_token(hmac_keys(), *token, clock_.wall_now()));
  EXPECT_FALSE(public_keys().can_sign());
  EXPECT_FALSE(issue_token(public_keys(), claims(clock_)));
}

TEST_P(AsymmetricTokens, AreRefusedWhenAnyCharacterOfTheSignatureChanges) {
  const auto token = issue_token(private_keys(), claims(clock_));
  ASSERT_TRUE(token);
  const KeySet keys = public_keys();
  for (std::size_t i = token->rfind('.') + 1; i < token->size(); i += 5) {
    std::string changed = *token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(verify_token(keys, changed, clock_.wall_now())) << i;
  }
  EXPECT_FALSE(verify_token(keys, *token + "AA", clock_.wall_now()));
  EXPECT_FALSE(verify_token(keys, *token + "AAAA", clock_.wall_now()));
  // A byte too many is one that the library would not look at.
  const std::string signature = *base64url_decode(token->substr(token->rfind('.') + 1));
  const std::string signed_input = token->substr(0, token->rfind('.') + 1);
  EXPECT_TRUE(verify_token(keys, signed_input + base64url_encode(signature), clock_.wall_now()));
  EXPECT_FALSE(verify_token(keys, signed_input + base64url_encode(signature + '\0'), clock_.wall_now()));
  // Zeros: the classic ECDSA mistake.
  EXPECT_FALSE(verify_token(keys, signed_input + base64url_encode(std::string(64, '\0')), clock_.wall_now()));
  EXPECT_FALSE(verify_token(keys, signed_input + base64url_encode(std::string(256, '\0')), clock_.wall_now()));
}

TEST_P(AsymmetricTokens, ThePublicKeyIsNoSharedSecret) {
  // What a verifier does that lets the header choose: HMAC with the public key's text as the secret.
  const std::string& pem = generated().public_pem;
  const std::string& jwk = generated().public_jwks;
  ASSERT_FALSE(pem.empty());
  const std::string payload = R"({"sub":"admin","type":"admin","iat":1,"exp":)" +
                              std::to_string(to_unix_ms(clock_.wall_now()) / 1000 + 100) + "}";
  const KeySet keys = public_keys();
  for (const std::string& secret : {pem, pem.substr(0, pem.size() - 1), jwk}) {
    for (const std::string& alg : {std::string("HS256"), std::string(to_string(keys.keys()[0].algorithm()))}) {
      EXPECT_FALSE(verify_token(keys, sign(R"({"alg":")" + alg + "\"}", payload, secret), clock_.wall_now())) << alg;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Keys, AsymmetricTokens, ::testing::Values("rs256", "es256"));

TEST(SeveralKeys, AreChosenByKidOrTriedByAlgorithm) {
  const FakeClock clock;
  const auto oct = [](const std::string& kid, char fill) {
    return R"({"kty":"oct","kid":")" + kid + R"(","k":")" + base64url_encode(std::string(32, fill)) + "\"}";
  };
  const KeySet keys = parse_keys(R"({"keys":[)" + oct("new", 'n') + "," + oct("old", 'o') + "]}");
  const std::string payload = R"({"sub":"s","user_id":"a","iat":1,"exp":253402300799})";
  const auto accepted = [&](const std::string& header, char fill) {
    return verify_token(keys, sign(header, payload, std::string(32, fill)), clock.wall_now()).has_value();
  };
  EXPECT_TRUE(accepted(R"({"alg":"HS256","kid":"new"})", 'n'));
  EXPECT_TRUE(accepted(R"({"alg":"HS256","kid":"old"})", 'o'));
  EXPECT_TRUE(accepted(R"({"alg":"HS256"})", 'o'));
  EXPECT_FALSE(accepted(R"({"alg":"HS256","kid":"new"})", 'o'));
  EXPECT_FALSE(accepted(R"({"alg":"HS256"})", 'x'));
  EXPECT_EQ(keys.signing_key().kid(), "new");

  // The claims say which key it was, whether or not the token does.
  for (const char* header : {R"({"alg":"HS256","kid":"old"})", R"({"alg":"HS256"})"}) {
    const auto claims = verify_token(keys, sign(header, payload, std::string(32, 'o')), clock.wall_now());
    ASSERT_TRUE(claims);
    EXPECT_EQ(claims->kid, "old");
    EXPECT_EQ(claims->key_fingerprint, keys.keys()[1].fingerprint());
  }
}

}  // namespace
}  // namespace strawberry
