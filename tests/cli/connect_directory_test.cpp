#include "cli/connect_directory.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "common/text/base64url.h"
#include "tests/support/temp_dir.h"

namespace strawberry::cli {
namespace {

using testing::HasSubstr;

class AConnectDirectory : public testing::Test {
 protected:
  std::string path() const { return directory_.file("lamp"); }
  void write(const std::string& token) {
    ASSERT_TRUE(write_mosquitto_options(path(), Endpoint{"hub.local", 8000}, "lamp1", token));
  }
  void overwrite(const std::string& text) { std::ofstream(path() + "/mosquitto_pub", std::ios::trunc) << text; }
  std::string complaint() const {
    const auto found = read_connect_directory(path());
    return found ? "it is fine" : found.error().message;
  }

  test::TempDir directory_;
};

TEST_F(AConnectDirectory, IsWhatDeviceAddWrote) {
  write("secret");
  const auto found = read_connect_directory(path());
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->endpoint.host, "hub.local");
  EXPECT_EQ(found->endpoint.port, 8000);
  EXPECT_EQ(found->device_id, "lamp1");
  EXPECT_EQ(found->token, "secret");
}

TEST_F(AConnectDirectory, SaysWhetherTheBrokerIsAskedForItsCertificateAndWhoseCountsThen) {
  const auto found = [this](const Endpoint& endpoint) {
    EXPECT_TRUE(write_mosquitto_options(path(), endpoint, "lamp1", "secret"));
    return read_connect_directory(path()).value().endpoint;
  };
  EXPECT_FALSE(found({"hub.local", 1883}).tls);
  const auto own = found({"hub.local", 8883, true, "/some/ca.crt"});
  EXPECT_TRUE(own.tls);
  EXPECT_EQ(own.ca_file, "/some/ca.crt");
  const auto systems = found({"hub.local", 8883, true, ""});
  EXPECT_TRUE(systems.tls);
  EXPECT_EQ(systems.ca_file, "");
}

TEST_F(AConnectDirectory, NamesTheSocketForAProgramOnTheSameMachine) {
  const auto found = [this](Endpoint endpoint) {
    endpoint.socket = "/hub/broker.sock";
    EXPECT_TRUE(write_mosquitto_options(path(), endpoint, "lamp1", "secret"));
    EXPECT_TRUE(replace_token(path(), "newer"));
    return read_connect_directory(path()).value().endpoint.socket;
  };
  EXPECT_EQ(found({"127.0.0.1", 1883}), "/hub/broker.sock");
  EXPECT_EQ(found({"hub.local", 1883}), "") << "where it is, that path is another hub's";
}

TEST_F(AConnectDirectory, GetsANewTokenInEachOfItsFilesAndNothingElse) {
  write("secret");
  for (const char* client : {"mosquitto_sub", "mosquitto_pub", "mosquitto_rr"}) {
    std::ofstream(path() + "/" + client, std::ios::app) << "--cafile /some/ca.crt\n";
  }
  ASSERT_TRUE(replace_token(path(), "newer"));
  for (const char* client : {"mosquitto_sub", "mosquitto_pub", "mosquitto_rr"}) {
    const std::string file = path() + "/" + client;
    EXPECT_EQ(read_file(file).value(),
              "-h hub.local\n-p 8000\n-V 5\n-q 1\n-u lamp1\n-P newer\n--cafile /some/ca.crt\n");
    struct stat info {};
    ::stat(file.c_str(), &info);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
  }
}

TEST_F(AConnectDirectory, ThatIsNoneIsRefusedWithoutATokenInTheMessage) {
  EXPECT_THAT(complaint(), HasSubstr("there is no " + path() + "/mosquitto_pub"));
  write("secret");
  overwrite("-u lamp1\n");
  EXPECT_THAT(complaint(), HasSubstr("has no device id (-u) and token (-P)"));
  overwrite("-u not/an/id\n-P secret\n");
  EXPECT_THAT(complaint(), HasSubstr("has no device id (-u) and token (-P)"));
  overwrite("-u lamp1\n-p 65536\n-P secret\n");
  EXPECT_THAT(complaint(), HasSubstr("-p is no port"));
  overwrite("-u lamp1\n-P " + std::string(5000, 's') + "\n");
  EXPECT_EQ(complaint().find("sss"), std::string::npos);
}

TEST_F(AConnectDirectory, ThatOthersMayReadIsRefused) {
  write("secret");
  ::chmod((path() + "/mosquitto_pub").c_str(), 0644);
  EXPECT_THAT(complaint(), HasSubstr("mosquitto_pub"));
  EXPECT_NE(complaint(), "it is fine");
}

std::string token(const std::string& claims) { return "head." + base64url_encode(claims) + ".signature"; }

TEST(TimesOfAToken, SayWhenItIsToBeRenewed) {
  const auto times = times_of(token(R"({"iat":1000,"exp":4000})"));
  ASSERT_TRUE(times);
  EXPECT_EQ(to_unix_ms(times->expires_at), 4'000'000);
  EXPECT_EQ(to_unix_ms(times->refresh_at()), 3'000'000);
}

TEST(TimesOfAToken, AreNotThereInRubbish) {
  for (const std::string& text :
       {std::string(), std::string("."), std::string(".."), std::string("a.b"), std::string("a.!.c"), token("[]"),
        token("{}"), token(R"({"iat":"1","exp":2})"), token(R"({"iat":5,"exp":5})"), token(R"({"iat":-1,"exp":2})"),
        token(R"({"iat":1,"exp":1e300})")}) {
    EXPECT_FALSE(times_of(text)) << text;
  }
}

}  // namespace
}  // namespace strawberry::cli
