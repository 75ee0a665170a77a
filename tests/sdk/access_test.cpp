#include "sdk/cpp/src/access.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "common/text/base64url.h"
#include "tests/support/temp_dir.h"

namespace strawberry::sdk {
namespace {

std::string token_of(const std::string& id) {
  return "e30." + base64url_encode(R"({"sub":")" + id + R"(","iat":1700000000,"exp":1700003000})") + ".c2ln";
}

class AccessTest : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& content, mode_t mode = 0600) const {
    const std::string path = directory_.file(name);
    std::ofstream(path) << content;
    ::chmod(path.c_str(), mode);
    return path;
  }
  static std::string read(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  SpokeOptions options() const {
    SpokeOptions made;
    made.connect_directory = directory_.path();
    return made;
  }
  static std::string failure(const SpokeOptions& options) {
    const auto access = AccessSource(options).read();
    return access ? "none" : access.error().message;
  }

  test::TempDir directory_;
};

TEST_F(AccessTest, ADirectorySaysWhereAndWho) {
  const std::string ca = write("ca.crt", "");
  write("mosquitto_pub",
        "-h 10.0.0.1\n-p 8884\n-V mqttv5\n-u lamp\n-P " + token_of("lamp") + "\n--cafile " + ca + "\n");
  const auto access = AccessSource(options()).read();
  ASSERT_TRUE(access) << access.error().message;
  EXPECT_EQ(access->host, "10.0.0.1");
  EXPECT_EQ(access->port, 8884);
  EXPECT_TRUE(access->tls);
  EXPECT_EQ(access->ca_file, ca);
  EXPECT_EQ(access->claims.id, "lamp");
  EXPECT_EQ(access->claims.renew_at() - access->claims.issued_at, std::chrono::seconds(2'000));
}

TEST_F(AccessTest, WhatTheOptionsSayGoesBeforeTheDirectory) {
  write("mosquitto_pub", "-h 10.0.0.1\n-p 8884\n-P " + token_of("lamp") + "\n");
  SpokeOptions elsewhere = options();
  elsewhere.host = "hub";
  elsewhere.port = 1;
  const auto access = AccessSource(elsewhere).read();
  ASSERT_TRUE(access);
  EXPECT_EQ(access->where(), "hub:1");
}

TEST_F(AccessTest, WhatIsWrongIsSaidWithoutTheToken) {
  EXPECT_EQ(failure(options()), "there is no file " + directory_.file("mosquitto_pub") +
                                    " (strawberryctl device add NAME --user USER --mosquitto DIR writes it)");
  EXPECT_EQ(failure({}), "there is no token: set connect_directory, token_file or token");
  write("mosquitto_pub", "-h x\n");
  EXPECT_NE(failure(options()).find("has no token"), std::string::npos);
  write("mosquitto_pub", "-p 99999\n-P " + token_of("lamp") + "\n");
  EXPECT_NE(failure(options()).find("not a port: 99999"), std::string::npos);
  SpokeOptions rubbish;
  rubbish.token_file = write("token", "secret-rubbish\n");
  EXPECT_EQ(failure(rubbish),
            "the token is none: not a JWT with sub, iat and exp (on the hub's machine: strawberryctl token issue "
            "--device NAME --output FILE, for " +
                rubbish.token_file + ")");
  SpokeOptions no_ca = options();
  write("mosquitto_pub", "-P " + token_of("lamp") + "\n--cafile /none/ca.crt\n");
  EXPECT_EQ(failure(no_ca), "there is no CA certificate /none/ca.crt (--cafile or ca_file names it)");
  rubbish.token_file = write("open", token_of("lamp"), 0644);
  EXPECT_EQ(failure(rubbish), "the file " + rubbish.token_file +
                                  " is open to other users: it must have mode 0600 or 0400, or be root's and have "
                                  "mode 0640 (chmod 600)");
}

TEST_F(AccessTest, ARenewedTokenReplacesTheOldOneAndNothingElse) {
  for (const char* client : {"mosquitto_pub", "mosquitto_sub"})
    write(client, "-h 10.0.0.1\n-P " + token_of("lamp") + "\n# more\n");
  AccessSource source(options());
  ASSERT_TRUE(source.keep("new.token.here"));
  for (const char* client : {"mosquitto_pub", "mosquitto_sub"})
    EXPECT_EQ(read(directory_.file(client)), "-h 10.0.0.1\n-P new.token.here\n# more\n");
  struct stat status {};
  ::stat(directory_.file("mosquitto_pub").c_str(), &status);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(AccessTest, ATokenThatWasGivenItselfIsKeptByItsGiver) {
  std::string kept;
  SpokeOptions own;
  own.token = token_of("lamp");
  own.on_new_token = [&](const std::string& token) { kept = token; };
  AccessSource source(own);
  ASSERT_TRUE(source.keep(token_of("lamp2")));
  EXPECT_EQ(kept, token_of("lamp2"));
  EXPECT_EQ(source.read()->claims.id, "lamp2");
}

TEST(TokenClaims, WhyATokenIsRefused) {
  const WallTime now = from_unix_ms(1'700'001'000'000);
  EXPECT_EQ(why_refused(read_claims("rubbish"), now), "it is no token");
  const auto claims = read_claims(token_of("lamp"));
  EXPECT_NE(why_refused(claims, now).find("was revoked"), std::string::npos);
  EXPECT_EQ(why_refused(claims, now + std::chrono::hours(1)), "its token expired on 2023-11-14T23:03:20.000Z");
  EXPECT_NE(why_refused(claims, now - std::chrono::hours(1)).find("compare the clocks"), std::string::npos);
}

}  // namespace
}  // namespace strawberry::sdk
