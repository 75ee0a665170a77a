// The key file: its allowed contents, and who may have access to it.
#include "common/identity/keys.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "common/text/base64url.h"
#include "tests/common/generated_keys.h"
#include "tests/support/temp_dir.h"

namespace strawberry {
namespace {

using test::TempDir;

std::string oct_key(std::size_t bytes, const std::string& more = "") {
  return R"({"kty":"oct","k":")" + base64url_encode(std::string(bytes, 'k')) + "\"" + more + "}";
}
std::string set_of(const std::string& keys) { return R"({"keys":[)" + keys + "]}"; }

std::string refusal(const std::string& json) {
  const auto keys = KeySet::parse(json);
  return keys ? "accepted" : keys.error().message;
}

TEST(KeySets, PinEachKeyToTheAlgorithmOfItsType) {
  const auto keys = KeySet::parse(set_of(oct_key(32)));
  ASSERT_TRUE(keys) << keys.error().message;
  EXPECT_EQ(keys->keys().at(0).algorithm(), JwsAlgorithm::hs256);
  const auto rsa = KeySet::parse(test::generate_rsa_keys().public_jwks);
  ASSERT_TRUE(rsa) << rsa.error().message;
  EXPECT_EQ(rsa->keys().at(0).algorithm(), JwsAlgorithm::rs256);
  const auto ec = KeySet::parse(test::generate_ec_keys().public_jwks);
  ASSERT_TRUE(ec) << ec.error().message;
  EXPECT_EQ(ec->keys().at(0).algorithm(), JwsAlgorithm::es256);
}

TEST(KeySets, RefuseAnotherAlgorithmThanTheKeysOwn) {
  for (const char* alg : {"HS384", "HS512", "RS256", "none", "", "dir"}) {
    EXPECT_NE(refusal(set_of(oct_key(64, std::string(R"(,"alg":")") + alg + "\""))), "accepted") << alg;
  }
  EXPECT_NE(refusal(set_of(oct_key(32, R"(,"alg":256)"))), "accepted");
  EXPECT_NE(refusal(set_of(oct_key(32, R"(,"use":"enc")"))), "accepted");
}

TEST(KeySets, RefuseWeakKeys) {
  EXPECT_NE(refusal(set_of(oct_key(31))).find("256 bits"), std::string::npos);
  EXPECT_NE(refusal(set_of(oct_key(0))).find("256 bits"), std::string::npos);
  EXPECT_NE(refusal(test::generate_rsa_keys(1024).private_jwks).find("2048"), std::string::npos);
  EXPECT_NE(refusal(test::generate_ec_keys("P-384").private_jwks).find("P-256"), std::string::npos);
}

TEST(KeySets, RefuseAPointThatIsNotOnTheCurve) {
  const std::string zeros = base64url_encode(std::string(32, '\1'));
  EXPECT_NE(refusal(set_of(R"({"kty":"EC","crv":"P-256","x":")" + zeros + R"(","y":")" + zeros + "\"}")), "accepted");
}

TEST(KeySets, SayWhichKeyIsWrong) {
  EXPECT_EQ(refusal(set_of(oct_key(32, R"(,"kid":"good")") + "," + oct_key(16, R"(,"kid":"short")"))),
            "key 2 (\"short\"): an HS256 key needs at least 256 bits");
  EXPECT_EQ(refusal(set_of(oct_key(32, R"(,"kid":"a")") + "," + oct_key(32, R"(,"kid":"a")"))),
            "key 2: its `kid` is another key's, too");
  EXPECT_EQ(refusal(set_of(oct_key(32, R"(,"kid":"a")") + "," + oct_key(32))),
            "key 2: with several keys, each needs a `kid`");
}

TEST(KeySets, RefuseWhatIsNoJwkSet) {
  std::string many = oct_key(32, R"(,"kid":"0")");
  for (std::size_t i = 1; i <= KeySet::keys_max; ++i)
    many += "," + oct_key(32, R"(,"kid":")" + std::to_string(i) + "\"");
  for (const std::string& bad :
       {std::string(), std::string("null"), std::string("[]"), std::string("{}"), set_of(""), set_of("null"),
        set_of("{}"), set_of(R"({"kty":"oct"})"), set_of(R"({"kty":"oct","k":5})"),
        set_of(R"({"kty":"oct","k":"***"})"), set_of(R"({"kty":"OKP","crv":"Ed25519","x":"AA"})"),
        set_of(R"({"kty":"RSA","n":"AA","e":"AQAB"})"), set_of(oct_key(32)) + "x", std::string(R"({"keys":{}})"),
        set_of(many), std::string(100'000, '[') + std::string(100'000, ']')}) {
    EXPECT_NE(refusal(bad), "accepted") << bad.substr(0, 100);
  }
}

std::string fingerprint(const std::string& json) { return KeySet::parse(json).value().keys().at(0).fingerprint(); }

TEST(Fingerprints, AreTheThumbprintsOfTheStandard) {
  // The example of RFC 7638, section 3.1.
  const std::string example =
      R"({"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECP)"
      R"(ebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJ)"
      R"(ZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1)"
      R"(jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"})";
  EXPECT_EQ(base64url_encode(fingerprint(set_of(example))), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

TEST(Fingerprints, AreOneForAPrivateKeyAndItsPublicHalf) {
  for (const auto& keys : {test::generate_rsa_keys(), test::generate_ec_keys()}) {
    EXPECT_EQ(fingerprint(keys.private_jwks), fingerprint(keys.public_jwks));
    EXPECT_EQ(fingerprint(keys.private_jwks).size(), 32u);
  }
  EXPECT_NE(fingerprint(test::generate_ec_keys().public_jwks), fingerprint(test::generate_ec_keys().public_jwks));
}

TEST(Fingerprints, FollowTheKeyAndNotItsName) {
  const std::string key = fingerprint(set_of(oct_key(32)));
  EXPECT_EQ(fingerprint(set_of(oct_key(32, R"(,"kid":"other","use":"sig","alg":"HS256")"))), key);
  EXPECT_NE(fingerprint(set_of(oct_key(33))), key);
}

TEST(Fingerprints, AreThoseOfTheKeyThatVerifiesWhateverTheFileSaysBeside) {
  // The library computes the public half from `d`: the fingerprint must not be of the point in the file.
  const auto mine = test::generate_ec_keys();
  auto forged = nlohmann::json::parse(mine.private_jwks);
  const auto other = nlohmann::json::parse(test::generate_ec_keys().public_jwks);
  for (const char* name : {"x", "y"}) forged["keys"][0][name] = other["keys"][0][name];
  const auto keys = KeySet::parse(forged.dump());
  ASSERT_TRUE(keys) << keys.error().message;
  EXPECT_EQ(keys->keys().at(0).fingerprint(), fingerprint(mine.public_jwks));
}

TEST(KeySets, ANullIsNoPrivateKey) {
  for (const auto& generated : {test::generate_rsa_keys(), test::generate_ec_keys()}) {
    for (const auto& nothing : {nlohmann::json(nullptr), nlohmann::json(""), nlohmann::json(5)}) {
      auto document = nlohmann::json::parse(generated.public_jwks);
      document["keys"][0]["d"] = nothing;
      EXPECT_NE(refusal(document.dump()), "accepted") << nothing;
    }
  }
}

TEST(StoredKeys, AreCreatedForTheirOwnerOnlyAndLoaded) {
  const TempDir directory;
  const std::string path = directory.file("keys.json");
  ASSERT_TRUE(KeySet::create(path));
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  const auto keys = KeySet::load(path);
  ASSERT_TRUE(keys) << keys.error().message;
  EXPECT_TRUE(keys->can_sign());
  EXPECT_FALSE(keys->signing_key().kid().empty());
  // No other file is left.
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 1);
}

TEST(StoredKeys, AreNeverOverwritten) {
  const TempDir directory;
  const std::string path = directory.file("keys.json");
  std::ofstream(path) << "precious";
  const auto created = KeySet::create(path);
  ASSERT_FALSE(created);
  EXPECT_NE(created.error().message.find("exists"), std::string::npos);
  std::stringstream content;
  content << std::ifstream(path).rdbuf();
  EXPECT_EQ(content.str(), "precious");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 1);
  EXPECT_FALSE(KeySet::create(directory.file("no/such/folder/keys.json")));
  std::filesystem::create_symlink("/nonexistent/elsewhere", directory.path() / "link");
  EXPECT_FALSE(KeySet::create(directory.file("link")));
}

TEST(StoredKeys, AreRefusedWhenOthersCouldHaveReadThem) {
  const TempDir directory;
  const std::string path = directory.file("keys.json");
  ASSERT_TRUE(KeySet::create(path));
  for (const mode_t mode : {0604, 0620, 0660, 0644, 0666, 0610, 0650}) {
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    const auto keys = KeySet::load(path);
    ASSERT_FALSE(keys) << std::oct << mode;
    EXPECT_NE(keys.error().message.find(path), std::string::npos);
    EXPECT_NE(keys.error().message.find("0600"), std::string::npos);
  }
  ASSERT_EQ(::chmod(path.c_str(), 0400), 0);
  EXPECT_TRUE(KeySet::load(path));
}

TEST(StoredKeys, AreRefusedWhenTheyAreSomethingElse) {
  const TempDir directory;
  const std::string path = directory.file("keys.json");
  ASSERT_TRUE(KeySet::create(path));
  EXPECT_FALSE(KeySet::load(directory.file("missing")));
  EXPECT_FALSE(KeySet::load(directory.path().string()));
  EXPECT_FALSE(KeySet::load("/dev/zero"));
  std::filesystem::create_symlink(path, directory.path() / "link");
  const auto link = KeySet::load(directory.file("link"));
  ASSERT_FALSE(link);
  EXPECT_NE(link.error().message.find("symbolic link"), std::string::npos);
  ASSERT_EQ(::mkfifo(directory.file("pipe").c_str(), 0600), 0);
  EXPECT_FALSE(KeySet::load(directory.file("pipe")));
  std::ofstream(directory.file("large")) << set_of(oct_key(32)) << std::string(70'000, ' ');
  ASSERT_EQ(::chmod(directory.file("large").c_str(), 0600), 0);
  const auto large = KeySet::load(directory.file("large"));
  ASSERT_FALSE(large);
  EXPECT_NE(large.error().message.find("64 KiB"), std::string::npos);
}

}  // namespace
}  // namespace strawberry
