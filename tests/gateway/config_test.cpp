#include "gateway/config.h"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/temp_dir.h"

namespace strawberry::gateway {
namespace {

using testing::HasSubstr;

class AGatewaysConfiguration : public testing::Test {
 protected:
  Result<GatewayConfig> read(const std::string& text, const std::map<std::string, std::string>& environment = {}) {
    const std::string path = directory_.file("gateway.toml");
    std::ofstream(path, std::ios::trunc) << text;
    return load_gateway_config(path, environment);
  }
  std::string complaint(const std::string& text, const std::map<std::string, std::string>& environment = {}) {
    const auto config = read(text, environment);
    return config ? "it is fine" : config.error().message;
  }
  test::TempDir directory_;
};

TEST_F(AGatewaysConfiguration, IsTheShippedOneByDefault) {
  const auto shipped = load_gateway_config(STRAWBERRY_SOURCE_DIR "/config/gateway.toml", {});
  ASSERT_TRUE(shipped) << shipped.error().message;
  EXPECT_EQ(*shipped, GatewayConfig());
}

TEST_F(AGatewaysConfiguration, IsOverriddenByTheEnvironment) {
  const auto config = read("[http]\nport = 1\n", {{"STRAWBERRY_HTTP_PORT", "9000"}, {"STRAWBERRY_DATA_DIR", "/x"}});
  ASSERT_TRUE(config);
  EXPECT_EQ(config->http.port, 9000);
  EXPECT_EQ(config->data_directory, "/x");
}

TEST_F(AGatewaysConfiguration, SaysWhatIsWrong) {
  EXPECT_THAT(complaint("[http]\nprot = 1\n"), HasSubstr("unknown key: http.prot"));
  EXPECT_THAT(complaint("[htp]\nport = 1\n"), HasSubstr("unknown section or key: htp"));
  EXPECT_THAT(complaint("[http]\nport = 70000\n"), HasSubstr("http.port must be an integer from 0 to 65535"));
  EXPECT_THAT(complaint("[http]\nport = \"8080\"\n"), HasSubstr("http.port must be an integer"));
  EXPECT_THAT(complaint("[http]\nhosts = \"a\"\n"), HasSubstr("http.hosts must be a list"));
  EXPECT_THAT(complaint("[log]\nlevel = \"loud\"\n"), HasSubstr("log.level must be one of trace"));
  EXPECT_THAT(complaint("[http\n"), HasSubstr("line 1"));
  EXPECT_THAT(complaint("", {{"STRAWBERRY_HTTP_PORT", "high"}}), HasSubstr("STRAWBERRY_HTTP_PORT must be a port"));
  EXPECT_THAT(complaint("[http]\naddress = \"localhost\"\n"), HasSubstr("is no address"));
}

TEST_F(AGatewaysConfiguration, KeepsTokensOnThisMachineUnlessToldOtherwise) {
  EXPECT_THAT(complaint("[http]\naddress = \"0.0.0.0\"\n"), HasSubstr("insecure = true"));
  EXPECT_TRUE(read("[http]\naddress = \"0.0.0.0\"\ninsecure = true\n"));
  EXPECT_TRUE(read("[http]\naddress = \"::1\"\n"));
}

}  // namespace
}  // namespace strawberry::gateway
