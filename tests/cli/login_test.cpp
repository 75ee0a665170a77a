#include "cli/login.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "common/text/base64url.h"
#include "tests/support/temp_dir.h"

namespace strawberry::cli {
namespace {

using testing::HasSubstr;

/// Unsigned: only the hub verifies tokens.
std::string token(const nlohmann::json& claims) { return "e30." + base64url_encode(claims.dump()) + ".c2ln"; }

class ALogin : public testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& content) {
    const std::string path = directory_.file(name);
    std::ofstream(path) << content << "\n";
    ::chmod(path.c_str(), 0600);
    return path;
  }
  std::string connect_directory(const std::string& name, const std::string& id, const std::string& token) {
    const std::string path = directory_.file(name);
    EXPECT_TRUE(write_mosquitto_options(path, Endpoint{"hub.example", 8883, true}, id, token));
    return path;
  }
  LoginSources nothing() {
    LoginSources sources;
    sources.data_dir.path = directory_.file("data");
    sources.kept = directory_.file("kept");
    return sources;
  }

  test::TempDir directory_;
  const std::string alice_ = token({{"sub", "alice"}, {"type", "user"}, {"user_id", "alice"}});
  const std::string lamp_ = token({{"sub", "lamp1"}, {"user_id", "alice"}, {"device_name", "Lamp"}});
};

TEST_F(ALogin, IsNoneWhenThereIsNothing) {
  const auto login = choose_login(nothing());
  ASSERT_TRUE(login) << login.error().message;
  EXPECT_FALSE(*login);
}

TEST_F(ALogin, IsWhatLoginKept) {
  connect_directory("kept", "alice", alice_);
  const auto login = choose_login(nothing());
  ASSERT_TRUE(login && *login);
  EXPECT_EQ((*login)->who.principal, (Principal{PrincipalType::user, "alice", "alice"}));
  EXPECT_EQ((*login)->endpoint->host, "hub.example");
  EXPECT_TRUE((*login)->endpoint->tls);
  EXPECT_EQ((*login)->token(), alice_);
}

TEST_F(ALogin, GivesWayToTheHubsOwnKeys) {
  connect_directory("kept", "alice", alice_);
  std::filesystem::create_directory(directory_.file("data"));
  file("data/keys.json", "{}");
  EXPECT_FALSE(choose_login(nothing()).value());
  auto named = nothing();
  named.data_dir.path = directory_.file("elsewhere");
  EXPECT_TRUE(choose_login(named).value());
  named.data_dir_is_given = true;
  EXPECT_FALSE(choose_login(named).value());
}

TEST_F(ALogin, IsATokenFilesBeforeWhatWasKeptAndAConnectDirectorysBeforeThat) {
  connect_directory("kept", "alice", alice_);
  auto sources = nothing();
  sources.token_file = file("lamp.token", lamp_);
  auto login = choose_login(sources);
  ASSERT_TRUE(login && *login);
  EXPECT_EQ((*login)->who.principal.id, "lamp1");
  EXPECT_FALSE((*login)->endpoint);
  sources.connect = connect_directory("c", "alice", alice_);
  login = choose_login(sources);
  ASSERT_TRUE(login && *login);
  EXPECT_EQ((*login)->who.principal.id, "alice");
}

TEST_F(ALogin, ReadsARenewedToken) {
  auto sources = nothing();
  sources.token_file = file("lamp.token", lamp_);
  const auto login = choose_login(sources);
  ASSERT_TRUE(login && *login);
  file("lamp.token", alice_);
  EXPECT_EQ((*login)->token(), alice_);
}

TEST_F(ALogin, SaysWhatIsWrongWithATokenFileAndNeverShowsIt) {
  auto sources = nothing();
  sources.token_file = directory_.file("missing");
  EXPECT_THAT(choose_login(sources).error().message, HasSubstr("there is no token file"));
  sources.token_file = file("no.token", "secret-words");
  EXPECT_THAT(choose_login(sources).error().message, HasSubstr("no token of a hub"));
  EXPECT_THAT(choose_login(sources).error().message, testing::Not(HasSubstr("secret-words")));
  ::chmod(sources.token_file.c_str(), 0644);
  EXPECT_THAT(choose_login(sources).error().message, HasSubstr("open to other users"));
}

TEST_F(ALogin, SpeaksForNobodyElse) {
  auto sources = nothing();
  sources.token_file = file("lamp.token", lamp_);
  const auto login = choose_login(sources).value().value();
  EXPECT_TRUE(check_login(login, "", ""));
  EXPECT_TRUE(check_login(login, "alice", "Lamp"));
  EXPECT_TRUE(check_login(login, "", "lamp1"));
  EXPECT_THAT(check_login(login, "bob", "").error().message, HasSubstr("is for device lamp1 of alice"));
  EXPECT_FALSE(check_login(login, "", "tablet"));
}

TEST_F(ALogin, OfAnAdminActsForAnyUserAndNoDevice) {
  auto sources = nothing();
  sources.token_file = file("admin.token", token({{"sub", "admin"}, {"type", "admin"}}));
  const auto login = choose_login(sources).value().value();
  EXPECT_TRUE(check_login(login, "bob", ""));
  EXPECT_THAT(check_login(login, "", "lamp1").error().message, HasSubstr("is for the admin"));
}

}  // namespace
}  // namespace strawberry::cli
