#include "tests/common/token_attacks.h"

#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "common/identity/keys.h"
#include "common/identity/token.h"
#include "common/text/base64url.h"

namespace strawberry::test {
namespace {

using nlohmann::json;

constexpr const char* good_header = R"({"alg":"HS256","typ":"JWT","kid":"k1"})";
constexpr std::size_t mqtt_password_bytes_max = 65'535;

json jwk_of(const std::string& jwks) { return json::parse(jwks).at("keys").at(0); }

std::string segments(std::string_view header, std::string_view payload, std::string_view signature) {
  return base64url_encode(header) + "." + base64url_encode(payload) + "." + base64url_encode(signature);
}

std::string nul_after(const std::string& text) { return text + std::string(1, '\0'); }

/// Collects attacks on one set of keys.
class Corpus {
 public:
  Corpus(const AttackedKeys& keys, std::int64_t now_s) : keys_(keys), now_s_(now_s), claims_(good_claims(now_s)) {}

  std::vector<TokenAttack> all() && {
    no_signature();
    other_algorithms();
    public_keys_as_secrets();
    other_keys();
    header_tricks();
    shapes();
    sizes();
    two_readings();
    times();
    principals();
    return std::move(attacks_);
  }

 private:
  void add(const std::string& name, const std::string& token, const char* reason) {
    attacks_.push_back({name, token, reason});
  }
  void header(const std::string& name, std::string_view text, const char* reason) {
    add(name, sign_hs256(text, claims_, keys_.secret), reason);
  }
  void payload(const std::string& name, std::string_view text, const char* reason) {
    add(name, sign_hs256(good_header, text, keys_.secret), reason);
  }
  void claim(const std::string& name, const json& value, const char* reason) {
    json claims = json::parse(claims_);
    claims[name] = value;
    const std::string text = value.dump(-1, ' ', true);
    payload(name + " is " + text.substr(0, 40), claims.dump(), reason);
  }
  void without(const std::string& name, const char* reason) {
    json claims = json::parse(claims_);
    claims.erase(name);
    payload("no " + name, claims.dump(), reason);
  }

  void no_signature() {
    for (const std::string alg : {"none", "None", "NONE", "nOnE", ""}) {
      const std::string text = R"({"alg":")" + alg + "\"}";
      add("alg '" + alg + "', no signature", segments(text, claims_, ""), "token_unknown_alg");
      add("alg '" + alg + "', two segments", base64url_encode(text) + "." + base64url_encode(claims_),
          "token_malformed");
      header("alg '" + alg + "', good signature", text, "token_unknown_alg");
    }
    add("no signature", segments(good_header, claims_, ""), "token_bad_signature");
    add("signature of zeros", segments(good_header, claims_, std::string(32, '\0')), "token_bad_signature");
    header("no alg", R"({"typ":"JWT"})", "token_malformed");
    header("alg is a list", R"({"alg":["HS256"]})", "token_malformed");
  }

  void other_algorithms() {
    for (const std::string alg : {"HS384", "HS512", "RS256", "ES256", "PS256", "EdDSA", "hs256", "HS256 "}) {
      header("alg '" + alg + "' for an HS256 key", R"({"kid":"k1","alg":")" + alg + "\"}", "token_unknown_alg");
    }
    for (const std::string kid : {"rsa", "ec"}) {
      header("HS256 for key " + kid, R"({"alg":"HS256","kid":")" + kid + "\"}", "token_unknown_alg");
    }
    header("ES256 for an RSA key", R"({"alg":"ES256","kid":"rsa"})", "token_unknown_alg");
    header("RS256 for an EC key", R"({"alg":"RS256","kid":"ec"})", "token_unknown_alg");
    // Zeros: the classic bug in verifying ECDSA.
    add("ES256, signature of zeros", segments(R"({"alg":"ES256","kid":"ec"})", claims_, std::string(64, '\0')),
        "token_bad_signature");
    add("RS256, signature of zeros", segments(R"({"alg":"RS256","kid":"rsa"})", claims_, std::string(256, '\0')),
        "token_bad_signature");
  }

  /// Fools a verifier that lets the header choose the algorithm: HMAC with the public key as the secret.
  void public_keys_as_secrets() {
    for (const auto& [kid, alg, generated] : {std::tuple("rsa", "RS256", &keys_.rsa), {"ec", "ES256", &keys_.ec}}) {
      const std::string& pem = generated->public_pem;
      const std::string names = std::string(kid) + " public key as secret, ";
      int count = 0;
      for (const std::string& secret : {pem, pem.substr(0, pem.size() - 1), generated->public_jwks,
                                        jwk_of(generated->public_jwks).dump(), nul_after(pem)}) {
        const std::string name = names + std::to_string(count++);
        const std::string with_kid = std::string(R"(","kid":")") + kid + "\"}";
        add(name + ", HS256", sign_hs256(R"({"alg":"HS256)" + with_kid, claims_, secret), "token_unknown_alg");
        add(name + ", HS256 without kid", sign_hs256(R"({"alg":"HS256"})", claims_, secret), "token_bad_signature");
        add(name + ", " + alg, sign_hs256(std::string(R"({"alg":")") + alg + with_kid, claims_, secret),
            "token_bad_signature");
      }
    }
  }

  void other_keys() {
    add("another secret", sign_hs256(good_header, claims_, std::string(32, 'x')), "token_bad_signature");
    add("an empty secret", sign_hs256(good_header, claims_, ""), "token_bad_signature");
    // A kid that names a file, a row or a device, signed with the contents that would be read there.
    for (const std::string kid : {"k2", "", "K1", " k1", "../../../../../../dev/null", "/dev/null", "/etc/passwd",
                                  "k1/../k1", "file:///dev/null", "http://127.0.0.1/keys", "' OR '1'='1", "$(id)",
                                  "%00", "k1%00", "rsa\\u0000", "k1\\u0000", "\\u0000", "k1\\u0000.pem", "k1\\n"}) {
      const std::string text = R"({"alg":"HS256","kid":")" + kid + "\"}";
      header("kid " + kid, text, "token_unknown_key");
      add("kid " + kid + ", empty secret", sign_hs256(text, claims_, ""), "token_unknown_key");
    }
    header("a kid of 2 KiB", R"({"alg":"HS256","kid":")" + std::string(2'048, 'k') + "\"}", "token_unknown_key");
    header("kid is a number", R"({"alg":"HS256","kid":1})", "token_malformed");
    header("kid is null", R"({"alg":"HS256","kid":null})", "token_malformed");
    header("kid is a list", R"({"alg":"HS256","kid":["k1"]})", "token_malformed");
    header("a raw NUL in kid", std::string("{\"alg\":\"HS256\",\"kid\":\"k1\0\"}", 27), "token_malformed");
  }

  void header_tricks() {
    for (const std::string critical : {R"("crit":["exp"])", R"("crit":[])", R"("b64":false,"crit":["b64"])"}) {
      header(critical, R"({"alg":"HS256","kid":"k1",)" + critical + "}", "token_unknown_critical");
    }
    const std::string own(32, 'x');
    const json own_key = {{"kty", "oct"}, {"k", base64url_encode(own)}};
    const std::string embedded = R"({"alg":"HS256","jwk":)" + own_key.dump() + "}";
    add("a key in the token", sign_hs256(embedded, claims_, own), "token_bad_signature");
    add("an address of keys in the token", sign_hs256(R"({"alg":"HS256","jku":"http://127.0.0.1/"})", claims_, own),
        "token_bad_signature");
  }

  void shapes() {
    const std::string good = sign_hs256(good_header, claims_, keys_.secret);
    const std::size_t first = good.find('.');
    const std::size_t second = good.rfind('.');
    const std::string head = good.substr(0, first);
    const std::string body = good.substr(first + 1, second - first - 1);
    const std::string signature = good.substr(second + 1);
    add("nothing", "", "token_missing");
    add("header after payload", body + "." + head + "." + signature, "token_malformed");
    add("signature as payload", head + "." + signature + "." + body, "token_bad_signature");
    add("header as payload", head + "." + head + "." + signature, "token_bad_signature");
    add("signature first", signature + "." + head + "." + body, "token_malformed");
    add("no payload, no signature", head + "..", "token_bad_signature");
    add("cut in the header", good.substr(0, first / 2), "token_malformed");
    add("cut in the payload", good.substr(0, first + body.size() / 2), "token_malformed");
    add("cut before the signature", good.substr(0, second), "token_malformed");
    add("cut in the signature", head + "." + body + "." + base64url_encode(std::string(16, 's')),
        "token_bad_signature");
    add("five segments", good + "." + body + "." + signature, "token_malformed");
    const std::vector<std::string> malformed = {std::string("."),
                                                std::string(".."),
                                                std::string("..."),
                                                std::string("rubbish"),
                                                std::string(" "),
                                                head,
                                                good + ".",
                                                good + ".x",
                                                "." + good,
                                                good + " ",
                                                " " + good,
                                                good + "\n",
                                                good + "\r\n",
                                                good + "=",
                                                good + "==",
                                                good + "!",
                                                "Bearer " + good,
                                                "\"" + good + "\"",
                                                good + ";" + good,
                                                head + "=." + body + "." + signature,
                                                head + "." + body + "=." + signature,
                                                ".." + signature,
                                                head + "." + body + ".+/+/",
                                                head + "\n." + body + "." + signature,
                                                nul_after(good),
                                                nul_after(good) + "junk",
                                                nul_after(good) + "." + good,
                                                head + nul_after(".") + body + "." + signature,
                                                std::string(1, '\0') + good,
                                                std::string("\xff\xfe\x00", 3),
                                                std::string("\xef\xbb\xbf") + good};
    for (std::size_t i = 0; i < malformed.size(); ++i) {
      add("shape " + std::to_string(i), malformed[i], "token_malformed");
    }
    add("trailing junk", good + "AAAA", "token_bad_signature");
  }

  void sizes() {
    const std::string good = sign_hs256(good_header, claims_, keys_.secret);
    add("64 KiB", std::string(mqtt_password_bytes_max, 'A'), "token_too_large");
    add("64 KiB of dots", std::string(mqtt_password_bytes_max, '.'), "token_too_large");
    add("good and too long", good + std::string(token_bytes_max, 'A'), "token_too_large");
    add("a long signature", good + std::string(3'000, 'A'), "token_bad_signature");
    add("dots up to the limit", std::string(token_bytes_max, '.'), "token_malformed");
    json claims = json::parse(claims_);
    claims["more"] = std::string(3'000, 'x');
    payload("well signed and too long", claims.dump(), "token_too_large");
  }

  void two_readings() {
    header("alg twice, none first", R"({"alg":"none","alg":"HS256"})", "token_malformed");
    header("alg twice, none last", R"({"alg":"HS256","alg":"none"})", "token_malformed");
    header("kid twice", R"({"alg":"HS256","kid":"k1","kid":"rsa"})", "token_malformed");
    header("header is a list", R"(["HS256"])", "token_malformed");
    header("two headers", "{\"alg\":\"HS256\"}{}", "token_malformed");
    header("a NUL after the header", std::string("{\"alg\":\"HS256\"}\0", 16), "token_malformed");
    const std::string open = claims_.substr(0, claims_.size() - 1);
    payload("sub twice", open + R"(,"sub":"other"})", "token_malformed");
    payload("exp twice", open + R"(,"exp":9999999999})", "token_malformed");
    payload("sub twice, once escaped", open + R"(,"su\u0062":"other"})", "token_malformed");
    payload("a member twice further in", open + R"(,"x":{"a":1,"a":2}})", "token_malformed");
    const std::string deep = std::string(500, '[') + std::string(500, ']');
    payload("deep claims", open + R"(,"x":)" + deep + "}", "token_malformed");
    payload("deep claims without end", open + R"(,"x":)" + std::string(1'500, '['), "token_malformed");
    payload(
        "deep objects",
        open + R"(,"x":)" +
            [] {
              std::string text;
              for (int i = 0; i < 300; ++i) text += R"({"a":)";
              return text;
            }(),
        "token_malformed");
    header("deep header", R"({"alg":"HS256","x":)" + deep + "}", "token_malformed");
    payload("claims are null", "null", "token_malformed");
    payload("claims are a list", "[" + claims_ + "]", "token_malformed");
    payload("no claims", "", "token_malformed");
    payload("claims and more", claims_ + "{}", "token_malformed");
    payload("a NUL after the claims", nul_after(claims_), "token_malformed");
    payload("a comment", "/**/" + claims_, "token_malformed");
    payload("not UTF-8", "{\"sub\":\"\xff\"}", "token_malformed");
  }

  void times() {
    without("exp", "token_no_expiry");
    for (const json& past : {json(now_s_), json(now_s_ - 1), json(0)}) claim("exp", past, "token_expired");
    for (const json& bad : {json(std::to_string(now_s_ + 100)), json(static_cast<double>(now_s_) + 100.5), json(1e18),
                            json(-1), json(253'402'300'800), json(INT64_MAX), json(UINT64_MAX), json(nullptr),
                            json(true), json::array({now_s_ + 100}), json::object()}) {
      claim("exp", bad, "token_bad_claims");
    }
    const std::string start = R"({"sub":"speaker","user_id":"alice","iat":1,"exp":)";
    payload("exp is 1e400", start + "1e400}", "token_malformed");
    payload("exp has 20 digits", start + "99999999999999999999}", "token_bad_claims");
    payload("exp has 1000 digits", start + std::string(1'000, '9') + "}", "token_malformed");
    // A day ahead, so that it holds for the whole test.
    claim("nbf", now_s_ + 86'400, "token_not_yet_valid");
    claim("nbf", "soon", "token_bad_claims");
    claim("nbf", 1.5, "token_bad_claims");
    claim("iat", now_s_ + 86'400, "token_not_yet_valid");
    claim("iat", "yesterday", "token_bad_claims");
    claim("iat", -1, "token_bad_claims");
    without("iat", "token_bad_claims");
  }

  void principals() {
    for (const json& bad : {json(""), json("a/b"), json("+"), json("#"), json(std::string(65, 'x')), json(7),
                            json(nullptr), json(std::string("a\0b", 3)), json("speaker\n"), json("../alice")}) {
      claim("sub", bad, "token_bad_claims");
      claim("user_id", bad, "token_bad_claims");
    }
    without("sub", "token_bad_claims");
    without("user_id", "token_bad_claims");
    for (const json& type : {json("root"), json(""), json("Device"), json(1), json(nullptr), json({"admin"})}) {
      claim("type", type, "token_bad_claims");
    }
    claim("type", "user", "token_bad_claims");    // sub is not user_id
    claim("type", "admin", "token_bad_claims");   // has an owner
    claim("type", "bridge", "token_bad_claims");  // has an owner
    claim("device_name", std::string(129, 'n'), "token_bad_claims");
    claim("device_name", 1, "token_bad_claims");
    claim("jti", std::string(129, 'j'), "token_bad_claims");
    claim("jti", 1, "token_bad_claims");
  }

  const AttackedKeys& keys_;
  std::int64_t now_s_;
  std::string claims_;
  std::vector<TokenAttack> attacks_;
};

}  // namespace

AttackedKeys::AttackedKeys() : secret(32, '\0'), rsa(generate_rsa_keys()), ec(generate_ec_keys()) {
  if (RAND_bytes(reinterpret_cast<unsigned char*>(secret.data()), static_cast<int>(secret.size())) != 1) {
    throw std::runtime_error("no random numbers");
  }
  json set = json::object();
  set["keys"] = json::array({{{"kty", "oct"}, {"alg", "HS256"}, {"kid", "k1"}, {"k", base64url_encode(secret)}}});
  set["keys"].push_back(jwk_of(rsa.public_jwks));
  set["keys"].push_back(jwk_of(ec.public_jwks));
  jwks = set.dump();
}

std::string sign_hs256(std::string_view header, std::string_view payload, const std::string& secret) {
  const std::string input = base64url_encode(header) + "." + base64url_encode(payload);
  unsigned char digest[32];
  unsigned int size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(input.data()), input.size(), digest, &size);
  return input + "." + base64url_encode({reinterpret_cast<char*>(digest), size});
}

std::string good_claims(std::int64_t now_s) {
  return json({{"sub", "speaker"},
               {"type", "device"},
               {"user_id", "alice"},
               {"device_name", "Speaker"},
               {"iat", now_s - 100},
               {"exp", now_s + 3'600}})
      .dump();
}

std::string good_token(const AttackedKeys& keys, std::int64_t now_s) {
  return sign_hs256(good_header, good_claims(now_s), keys.secret);
}

std::vector<TokenAttack> token_attacks(const AttackedKeys& keys, std::int64_t now_s) {
  return Corpus(keys, now_s).all();
}

}  // namespace strawberry::test
