// Tokens: valid ones, the limits, and the attacks of token_attacks.h.
#include "common/identity/token.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "common/text/base64url.h"
#include "tests/common/generated_keys.h"
#include "tests/common/token_attacks.h"
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

/// A correctly signed token with any header and payload.
std::string sign(const std::string& header, const std::string& payload,
                 const std::string& key = *base64url_decode(hmac_key_text)) {
  return test::sign_hs256(header, payload, key);
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

TEST(TokenAttacks, AreEachRefusedForTheirOwnReason) {
  const FakeClock clock;
  const test::AttackedKeys attacked;
  const KeySet keys = parse_keys(attacked.jwks);
  const std::int64_t now_s = to_unix_ms(clock.wall_now()) / 1000;
  ASSERT_TRUE(verify_token(keys, test::good_token(attacked, now_s), clock.wall_now()));
  const auto attacks = test::token_attacks(attacked, now_s);
  EXPECT_GT(attacks.size(), 200u);
  for (const auto& [name, token, reason] : attacks) {
    const auto claims = verify_token(keys, token, clock.wall_now());
    EXPECT_EQ(claims ? "accepted" : std::string(to_string(claims.error())), reason) << name;
  }
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

TEST_F(Tokens, MayBeAsLongAsTheLimit) {
  auto claims = good_claims();
  std::string token;
  for (std::size_t more = 2'900; token.size() < token_bytes_max; ++more) {
    EXPECT_EQ(verdict(sign(good_header(), claims.dump())), "accepted") << more;
    claims["more"] = std::string(more, 'x');
    token = sign(good_header(), claims.dump());
  }
  EXPECT_EQ(verdict(token), token.size() == token_bytes_max ? "accepted" : "token_too_large");
}

TEST_F(Tokens, MustExpire) {
  EXPECT_EQ(verdict_without("exp"), "token_no_expiry");
  EXPECT_EQ(verdict_with("exp", now_s()), "token_expired");
  EXPECT_EQ(verdict_with("exp", now_s() + 1), "accepted");
  EXPECT_EQ(verdict_with("exp", now_s() - 1), "token_expired");
}

TEST_F(Tokens, MustHaveBegun) {
  EXPECT_EQ(verdict_with("nbf", now_s() + 60), "accepted");
  EXPECT_EQ(verdict_with("nbf", now_s() + 61), "token_not_yet_valid");
  EXPECT_EQ(verdict_with("iat", now_s() + 60), "accepted");
  EXPECT_EQ(verdict_with("iat", now_s() + 61), "token_not_yet_valid");
}

TEST_F(Tokens, NameAPrincipalThatMayExist) {
  EXPECT_EQ(verdict_with("type", "enroll"), "accepted");
  EXPECT_EQ(verdict_with("sub", std::string(64, 'x')), "accepted");
  EXPECT_EQ(verdict_with("name", std::string(128, 'n')), "accepted");
  EXPECT_EQ(verdict_with("jti", std::string(128, 'j')), "accepted");
}

TEST_F(Tokens, IssuedHereAreAcceptedHere) {
  for (const Principal& principal :
       {Principal{PrincipalType::device, "speaker", "alice"}, Principal{PrincipalType::user, "alice", "alice"},
        Principal{PrincipalType::admin, "admin", ""}, Principal{PrincipalType::bridge, "bridge", ""},
        Principal{PrincipalType::enroll, "once", "alice"}, Principal{PrincipalType::grant, "sign-in-1", "alice"}}) {
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

TEST_F(Tokens, SayWhereTheirLineBegins) {
  Claims claims;
  claims.principal = {PrincipalType::device, "speaker", "alice"};
  claims.issued_at = clock_.wall_now();
  claims.expires_at = clock_.wall_now() + token_lifetime_default;
  claims.jti = "child";
  claims.root_jti = "root";
  claims.root_issued_at = clock_.wall_now() - std::chrono::hours(24);
  const auto read = verify_token(keys_, issue_token(keys_, claims).value(), clock_.wall_now());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->root_jti, "root");
  EXPECT_EQ(read->root_issued_at, claims.root_issued_at);

  const auto first = verify_token(keys_, good_token(), clock_.wall_now());
  ASSERT_TRUE(first);
  EXPECT_EQ(first->root_jti, "");
  EXPECT_EQ(first->root_issued_at, WallTime{});
  EXPECT_EQ(verdict_with("root_jti", std::string(128, 'j')), "accepted");
  EXPECT_EQ(verdict_with("root_jti", std::string(129, 'j')), "token_bad_claims");
  EXPECT_EQ(verdict_with("root_jti", 7), "token_bad_claims");
  EXPECT_EQ(verdict_with("root_iat", "7"), "token_bad_claims");
  EXPECT_EQ(verdict_with("root_iat", -1), "token_bad_claims");
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
  bad = claims;
  bad.root_jti = std::string(129, 'j');
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
  // The library would ignore an additional byte.
  const std::string signature = *base64url_decode(token->substr(token->rfind('.') + 1));
  const std::string signed_input = token->substr(0, token->rfind('.') + 1);
  EXPECT_TRUE(verify_token(keys, signed_input + base64url_encode(signature), clock_.wall_now()));
  EXPECT_FALSE(verify_token(keys, signed_input + base64url_encode(signature + '\0'), clock_.wall_now()));
  // Zeros: the classic ECDSA bug.
  EXPECT_FALSE(verify_token(keys, signed_input + base64url_encode(std::string(64, '\0')), clock_.wall_now()));
  EXPECT_FALSE(verify_token(keys, signed_input + base64url_encode(std::string(256, '\0')), clock_.wall_now()));
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

  // The claims have the key's name, even if the token does not.
  for (const char* header : {R"({"alg":"HS256","kid":"old"})", R"({"alg":"HS256"})"}) {
    const auto claims = verify_token(keys, sign(header, payload, std::string(32, 'o')), clock.wall_now());
    ASSERT_TRUE(claims);
    EXPECT_EQ(claims->kid, "old");
    EXPECT_EQ(claims->key_fingerprint, keys.keys()[1].fingerprint());
  }
}

}  // namespace
}  // namespace strawberry
