#include "cli/run/installation.h"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/temp_dir.h"

namespace strawberry::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class AnInstallation : public testing::Test {
 protected:
  AnInstallation() {
    for (const char* file :
         {"bin/strawberryctl", "bin/strawberry-bridge", "bin/strawberry-gateway", "sbin/mosquitto",
          "lib/strawberry_auth.so", "share/strawberry/mosquitto.conf", "share/strawberry/mosquitto-tls.conf",
          "share/strawberry/bridge.toml", "share/strawberry/gateway.toml", "share/strawberry/certificates"}) {
      make(file);
    }
    fs::permissions(path("sbin/mosquitto"), fs::perms::owner_all);
  }
  std::string path(const std::string& file) const { return directory_.path() / file; }
  void make(const std::string& file) const {
    fs::create_directories(fs::path(path(file)).parent_path());
    std::ofstream(path(file)) << "x";
  }
  Outcome<Installation> find(bool demo = false) const {
    return find_installation(path("bin/strawberryctl"), "/no/such/place::" + path("sbin"), demo);
  }
  test::TempDir directory_;
};

TEST_F(AnInstallation, IsFoundBesideTheProgram) {
  const auto found = find();
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->bridge, path("bin/strawberry-bridge"));
  EXPECT_EQ(found->plugin, path("lib/strawberry_auth.so"));
  EXPECT_EQ(found->broker, path("sbin/mosquitto"));
  EXPECT_EQ(found->certificates, path("share/strawberry/certificates"));
}

TEST_F(AnInstallation, HasItsPluginWhereThePackagePutsIt) {
  make("lib/strawberry/strawberry_auth.so");
  EXPECT_EQ(find()->plugin, path("lib/strawberry/strawberry_auth.so"));
}

TEST_F(AnInstallation, NeedsTheDemoOnlyWhenItIsAskedFor) {
  EXPECT_THAT(find(true).error().message, HasSubstr("strawberry-demo"));
  make("bin/strawberry-demo");
  EXPECT_EQ(find(true)->demo, path("bin/strawberry-demo"));
}

TEST_F(AnInstallation, SaysWhichFileIsMissing) {
  for (const char* file : {"bin/strawberry-gateway", "lib/strawberry_auth.so", "share/strawberry/mosquitto.conf"}) {
    fs::remove(path(file));
    const auto found = find();
    ASSERT_FALSE(found);
    EXPECT_THAT(found.error().message, HasSubstr("there is no " + path(file)));
    EXPECT_EQ(found.error().code, ExitCode::refused);
    make(file);
  }
}

}  // namespace
}  // namespace strawberry::cli
