/// The address of the other broker, and the login for it.
#include "cli/spoke/discovery_run/broker_address.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/support/temp_dir.h"

namespace strawberry::test {
namespace {

using cli::discovery::parse_broker_url;
using cli::discovery::read_login_file;
using testing::HasSubstr;

TEST(BrokerAddress, HasHostPortAndTls) {
  const std::pair<const char*, const char*> urls[] = {
      {"mqtt://broker", "mqtt://broker:1883"},
      {"mqtts://broker.example.org", "mqtts://broker.example.org:8883"},
      {"mqtt://192.168.1.2:1884/", "mqtt://192.168.1.2:1884"},
      {"mqtts://[fe80::1]:8884", "mqtts://[fe80::1]:8884"},
      {"mqtt://[::1]", "mqtt://[::1]:1883"},
  };
  for (const auto& [written, read] : urls) {
    const auto address = parse_broker_url(written);
    ASSERT_TRUE(address) << written << ": " << address.error().message;
    EXPECT_EQ(address->url(), read);
  }
}

TEST(BrokerAddress, IsRefusedWhenItIsNone) {
  for (const char* url : {"", "broker", "broker:1883", "http://broker", "mqtt://", "mqtt://:1883", "mqtt://broker:0",
                          "mqtt://broker:65536", "mqtt://broker:x", "mqtt://broker:", "mqtt://bro ker", "mqtt://[::1",
                          "mqtt://[]", "mqtt://[::1]x", "mqtt://broker/topic", "mqtt://br\noker"}) {
    EXPECT_FALSE(parse_broker_url(url)) << url;
  }
}

TEST(BrokerAddress, WithAPasswordInItIsRefusedAndNotRepeated) {
  const auto address = parse_broker_url("mqtt://alice:geheim@broker");
  ASSERT_FALSE(address);
  EXPECT_THAT(address.error().message, HasSubstr("--login-file"));
  EXPECT_EQ(address.error().message.find("geheim"), std::string::npos);
}

class LoginFile : public testing::Test {
 protected:
  std::string write(const std::string& text, mode_t mode = 0600) {
    const std::string path = directory_.file("login");
    std::ofstream(path, std::ios::trunc) << text;
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    return path;
  }

 private:
  TempDir directory_;
};

TEST_F(LoginFile, HasAUserAndAPasswordThatMayHaveColonsInIt) {
  const auto login = read_login_file(write("# of the broker in the cellar\n\n user: alice \npassword: a: b#c\r\n"));
  ASSERT_TRUE(login) << login.error().message;
  EXPECT_EQ(login->user, "alice");
  EXPECT_EQ(login->password, "a: b#c");
}

TEST_F(LoginFile, ThatOthersCanReadIsRefused) {
  const auto login = read_login_file(write("user: alice\npassword: geheim\n", 0644));
  ASSERT_FALSE(login);
  EXPECT_THAT(login.error().message, HasSubstr("is open to other users"));
  EXPECT_EQ(login.error().message.find("geheim"), std::string::npos);
}

TEST_F(LoginFile, ThatIsNotUnderstoodIsRefusedWithItsLineAndNotRepeated) {
  for (const char* text : {"user: alice\nsecret geheim\n", "user: alice\npasswort: geheim\n", "geheim"}) {
    const auto login = read_login_file(write(text));
    ASSERT_FALSE(login);
    EXPECT_THAT(login.error().message, HasSubstr(", line "));
    EXPECT_EQ(login.error().message.find("geheim"), std::string::npos);
  }
  EXPECT_FALSE(read_login_file(write("password: x\n"))) << "without a user";
  EXPECT_FALSE(read_login_file("/nonexistent/login"));
}

}  // namespace
}  // namespace strawberry::test
