/// strawberryctl's tokens of admins and for new devices, and taking all of a user's back: through the running hub, from
/// a machine without its files; and on the files when no hub runs.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "tests/cli/hub_run.h"
#include "tests/support/hub_process.h"
#include "tests/support/temp_dir.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;

constexpr auto at_last = 30s;

class TokensThroughAHub : public testing::Test {
 protected:
  TokensThroughAHub() {
    std::ofstream(admin_file_) << hub_.files().admin_token() << "\n";
    std::filesystem::permissions(admin_file_, std::filesystem::perms(0600));
  }
  Finished here(std::vector<std::string> words) const {
    words.insert(words.begin(), {"--json", "--data-dir", hub_.files().directory().path().string()});
    return control(std::move(words));
  }
  Finished remote(std::vector<std::string> words) const {
    words.insert(words.begin(), {"--json", "--data-dir", elsewhere_.path().string(), "--token-file", admin_file_,
                                 "--host", "127.0.0.1", "--port", std::to_string(hub_.port())});
    return control(std::move(words));
  }
  std::vector<std::string> audited(const std::string& action) {
    std::vector<std::string> subjects;
    const json lines = admin_->result_of("users", {{"op", "audit"}, {"action", action}}).at("lines");
    for (const json& line : lines) subjects.push_back(line.at("subject").get<std::string>());
    return subjects;
  }
  static json result(const Finished& finished) {
    EXPECT_EQ(finished.code, 0) << finished.output;
    return finished.code == 0 ? json::parse(finished.output) : json();
  }

  HubProcess hub_;
  const TempDir elsewhere_;
  const std::string admin_file_ = elsewhere_.file("a.token");
  std::unique_ptr<Spoke> admin_ = hub_.admin();
};

TEST_F(TokensThroughAHub, EverythingOfAUserIsTakenBackByOneWhoHasNoFiles) {
  auto alice = hub_.user("alice");
  auto lamp = hub_.device("Lamp");
  auto bob = hub_.user("bob");
  alice->result_of("users", {{"op", "token"}, {"name", "kiosk"}});
  const json done = result(remote({"token", "revoke", "--user", "alice", "--all"}));
  EXPECT_EQ(done.at("listed"), 2) << "the kiosk's and the lamp's";
  EXPECT_TRUE(alice->mqtt().wait_for_end(at_last));
  EXPECT_TRUE(lamp->mqtt().wait_for_end(at_last));
  EXPECT_TRUE(bob->mqtt().is_connected());
  EXPECT_THAT(audited("users.revoke_token"), Contains("alice"));
  EXPECT_NO_THROW(hub_.user("alice")) << "when it returns, a new token is good";
  EXPECT_FALSE(std::filesystem::exists(elsewhere_.path() / "hub.db"));
}

TEST_F(TokensThroughAHub, WithoutAHubTheFilesAreWrittenAndTheHubFollows) {
  hub_.stop_bridge();
  auto alice = hub_.user("alice");
  EXPECT_TRUE(result(here({"token", "revoke", "--user", "alice", "--all"})).at("revoked"));
  EXPECT_TRUE(alice->mqtt().wait_for_end(at_last));
  const std::string made = result(here({"token", "issue", "--admin", "--name", "second"})).at("jti").get<std::string>();
  EXPECT_THAT(here({"token", "list"}).output, HasSubstr(made));
  EXPECT_NE(remote({"token", "issue", "--admin"}).code, 0) << "who has no files cannot";
}

TEST_F(TokensThroughAHub, AnAdminsTokenIsIssuedAndTakenBack) {
  const json made = result(remote({"token", "issue", "--admin", "--name", "second"}));
  EXPECT_EQ(made.at("type"), "admin");
  EXPECT_EQ(made.at("id"), "admin");
  EXPECT_THAT(audited("users.token"), Contains(made.at("jti").get<std::string>()));
  Spoke second(hub_, {PrincipalType::admin, "admin", ""}, 5, "second", made.at("access_token").get<std::string>());
  EXPECT_EQ(second.code_of("users", {{"op", "list"}}), "ok");
  EXPECT_EQ(remote({"token", "issue", "--admin", "--name", "second"}).code, 2) << "one of that name is there";
  result(remote({"token", "revoke", "--name", "second"}));
  EXPECT_TRUE(second.mqtt().wait_for_end(at_last));
  EXPECT_THAT(audited("users.revoke_token"), Contains(made.at("jti").get<std::string>()));
}

TEST_F(TokensThroughAHub, ATokenForANewDeviceRegistersOne) {
  const json made = result(remote({"token", "issue", "--enroll", "--user", "alice", "--ttl", "1h"}));
  EXPECT_EQ(made.at("type"), "enroll");
  Spoke box(hub_, {PrincipalType::enroll, made.at("id").get<std::string>(), "alice"}, 5, {},
            made.at("access_token").get<std::string>());
  const json device = box.result_of("devices", {{"op", "register"}, {"name", "Box"}});
  EXPECT_EQ(admin_->result_of("devices", {{"op", "get"}, {"device_id", device.at("device_id")}}).at("user_id"),
            "alice");

  const json unused = result(remote({"token", "issue", "--enroll", "--user", "alice"}));
  result(remote({"token", "revoke", unused.at("jti").get<std::string>()}));
  EXPECT_THROW(Spoke(hub_, {PrincipalType::enroll, unused.at("id").get<std::string>(), "alice"}, 5, {},
                     unused.at("access_token").get<std::string>()),
               std::runtime_error);
  EXPECT_EQ(remote({"token", "issue", "--enroll"}).code, 2);
  EXPECT_EQ(remote({"token", "issue", "--enroll", "--user", "a b"}).code, 2);
}

}  // namespace
}  // namespace strawberry::test
