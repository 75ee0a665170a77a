#include "gateway/config.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
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

TEST_F(AGatewaysConfiguration, LeavesThisMachineWithTlsOrExpressly) {
  const std::string everywhere = "[http]\naddress = \"0.0.0.0\"\n";
  EXPECT_THAT(complaint(everywhere), HasSubstr("http.address 0.0.0.0 can be reached from other machines"));
  EXPECT_TRUE(read(everywhere + "insecure = true\n"));
  const std::string files = "certificate_file = \"" + directory_.file("door.crt") + "\"\nkey_file = \"" +
                            directory_.file("door.key") + "\"\n";
  EXPECT_THAT(complaint(everywhere + files),
              HasSubstr("http: cannot use the certificate in " + directory_.file("door.crt")));
  EXPECT_THAT(complaint("[http]\ncertificate_file = \"/nowhere\"\n"), HasSubstr("one of them is missing"));
  const auto openssl = [&](const std::string& name) {
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=door -keyout " +
        directory_.file(name + ".key") + " -out " + directory_.file(name + ".crt") + " 2>&1";
    ASSERT_EQ(std::system(command.c_str()), 0);
  };
  openssl("door");
  EXPECT_TRUE(read(everywhere + files));
  openssl("other");
  std::filesystem::rename(directory_.file("other.key"), directory_.file("door.key"));
  EXPECT_THAT(complaint(everywhere + files),
              HasSubstr("cannot use the key in " + directory_.file("door.key") + ": key values mismatch"));
}

TEST_F(AGatewaysConfiguration, KnowsAddressesOfProxies) {
  EXPECT_TRUE(read("[http]\nproxies = [\"127.0.0.1\", \"10.0.0.0/8\", \"::1\"]\n"));
  EXPECT_THAT(complaint("[http]\nproxies = [\"proxy.local\"]\n"), HasSubstr("http.proxies: not an address"));
}

TEST_F(AGatewaysConfiguration, SaysEverythingThatIsWrong) {
  const std::string path = directory_.file("wrong.toml");
  std::ofstream(path) << "[http]\nport = -1\nprot = 1\norigins = [\"dashboard.example\", \"https://a.example/\"]\n"
                         "hosts = [\"hub.local:80\"]\naddress = \"0.0.0.0\"\n[lgo]\n[log]\nformat = 3\n"
                         "[broker]\ntls = true\nca_file = \"/nowhere/ca.crt\"\n";
  const auto checked = check_gateway_config(path, {{"STRAWBERRY_HTTP_INSECURE", "yes"}});
  using testing::UnorderedElementsAre;
  EXPECT_THAT(
      checked.problems,
      UnorderedElementsAre(HasSubstr("http.port must be an integer"), HasSubstr("unknown key: http.prot"),
                           HasSubstr("http.origins: as https://dashboard.example, without a path: dashboard.example"),
                           HasSubstr("without a path: https://a.example/"), HasSubstr("http.hosts: not a name"),
                           HasSubstr("http.address 0.0.0.0"), HasSubstr("unknown section or key: lgo"),
                           HasSubstr("log.format must be one of human, json"),
                           HasSubstr("broker.ca_file cannot be read: /nowhere/ca.crt"),
                           HasSubstr("STRAWBERRY_HTTP_INSECURE must be true or false")));
  EXPECT_EQ(load_gateway_config(path, {}).error().message, path + ": http.port must be an integer from 0 to 65535");
}

TEST_F(AGatewaysConfiguration, SaysManyThingsOnlyInPart) {
  std::string text = "[http]\n";
  for (int i = 0; i < 1'000; ++i) text += "a" + std::to_string(i) + " = 1\n";
  const std::string path = directory_.file("long.toml");
  std::ofstream(path) << text;
  EXPECT_EQ(check_gateway_config(path, {}).problems.size(), 32u);
}

TEST_F(AGatewaysConfiguration, SaysWhereTheGatewaysAddressIsWritten) {
  EXPECT_EQ(endpoint_file_of(*read("[data]\ndirectory = \"/hub\"\n")), "/hub/http-endpoint");
  EXPECT_EQ(endpoint_file_of(*read("[http]\nendpoint_file = \"/run/door\"\n")), "/run/door");
  EXPECT_EQ(endpoint_file_of(*read("[http]\nendpoint_file = \"\"\n")), "");
  EXPECT_EQ(endpoint_file_of(*read("", {{"STRAWBERRY_HTTP_ENDPOINT_FILE", "off"}})), "");
}

TEST_F(AGatewaysConfiguration, IsForTheContainerInTheEnvironment) {
  const auto config = read("", {{"STRAWBERRY_HTTP_ADDRESS", "0.0.0.0"}, {"STRAWBERRY_HTTP_INSECURE", "true"}});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->http.address, "0.0.0.0");
  EXPECT_THAT(complaint("", {{"STRAWBERRY_HTTP_ADDRESS", "0.0.0.0"}}), HasSubstr("insecure = true"));
}

TEST_F(AGatewaysConfiguration, KeepsTokensOnThisMachineUnlessToldOtherwise) {
  EXPECT_THAT(complaint("[http]\naddress = \"0.0.0.0\"\n"), HasSubstr("insecure = true"));
  EXPECT_TRUE(read("[http]\naddress = \"0.0.0.0\"\ninsecure = true\n"));
  EXPECT_TRUE(read("[http]\naddress = \"::1\"\n"));
}

}  // namespace
}  // namespace strawberry::gateway
