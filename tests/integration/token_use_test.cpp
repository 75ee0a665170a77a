/// When a token was last used, by each way of using one, as the list of tokens shows it (docs/contract.md, section 12).
#include <gmock/gmock.h>

#include <thread>

#include "tests/cli/hub_run.h"
#include "tests/gateway/web_door.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

class TokenUseInAHub : public WebDoorTest {
 protected:
  std::string issued(json wish) {
    wish.update({{"op", "token"}});
    return alice_->result_of("users", wish).at("access_token").get<std::string>();
  }
  json listed(const std::string& name) {
    return alice_->result_of("users", {{"op", "tokens"}, {"name", name}, {"all", true}}).at("tokens").at(0);
  }
  /// Once the list says so; null when it does not.
  json last_use(const std::string& name) {
    for (const auto until = std::chrono::steady_clock::now() + 20s; std::chrono::steady_clock::now() < until;) {
      json token = listed(name);
      if (!token.at("last_used").is_null()) return token.at("last_used");
      std::this_thread::sleep_for(50ms);
    }
    return nullptr;
  }
  std::unique_ptr<Spoke> with(Principal principal, const std::string& token) {
    const std::string client_id = "with-" + principal.id;
    return std::make_unique<Spoke>(hub_, std::move(principal), 5, client_id, token);
  }
  static testing::AssertionResult is_between(const json& time, WallTime from, WallTime to) {
    const auto read = time.is_string() ? parse_rfc3339(time.get<std::string>()) : std::nullopt;
    if (read && *read >= std::chrono::floor<std::chrono::seconds>(from) && *read <= to)
      return testing::AssertionSuccess();
    return testing::AssertionFailure() << time << " is not between " << format_rfc3339(from) << " and "
                                       << format_rfc3339(to);
  }

  std::unique_ptr<Spoke> alice_ = hub_.user("alice");
  std::unique_ptr<Spoke> lamp_ = hub_.device("Lamp");
};

TEST_F(TokenUseInAHub, IsKnownOfAPersonsTokenOfADevicesAndOfOneOfARequest) {
  const std::string by_mqtt = issued({{"name", "mqtt"}});
  const std::string of_device = issued({{"name", "device"}, {"device_id", "lamp"}});
  const std::string by_http = issued({{"name", "http"}});
  const std::string by_mcp = issued({{"name", "mcp"}});
  issued({{"name", "unused"}});
  EXPECT_TRUE(listed("mqtt").at("last_used").is_null()) << "before anybody used it";

  const WallTime began = SystemClock().wall_now();
  auto person = with({PrincipalType::user, "alice", "alice"}, by_mqtt);
  EXPECT_TRUE(is_between(last_use("mqtt"), began, SystemClock().wall_now()));
  person.reset();

  lamp_.reset();
  auto device = with({PrincipalType::device, "lamp", "alice"}, of_device);
  EXPECT_TRUE(is_between(last_use("device"), began, SystemClock().wall_now()));

  EXPECT_EQ(answered(door_.client(by_http).Post("/api/v1/users/me", "{}", "application/json")).status, 200);
  EXPECT_TRUE(is_between(last_use("http"), began, SystemClock().wall_now()));

  const json body{{"jsonrpc", "2.0"}, {"id", 1}, {"method", "tools/list"}, {"params", json::object()}};
  const httplib::Headers headers{{"Accept", "application/json, text/event-stream"},
                                 {"MCP-Protocol-Version", "2025-06-18"}};
  EXPECT_EQ(answered(door_.client(by_mcp).Post("/mcp", headers, body.dump(), "application/json")).status, 200);
  EXPECT_TRUE(is_between(last_use("mcp"), began, SystemClock().wall_now()));

  EXPECT_TRUE(listed("unused").at("last_used").is_null());
}

TEST_F(TokenUseInAHub, IsShownByStrawberryctlWithAndWithoutARunningHub) {
  auto person = with({PrincipalType::user, "alice", "alice"}, issued({{"name", "kiosk"}}));
  const json used = last_use("kiosk");
  ASSERT_TRUE(used.is_string());
  const std::vector<std::string> list{"--json", "--data-dir", hub_.files().directory().path().string(), "token", "list",
                                      "--user", "alice"};
  const auto shown = [&] {
    const json tokens = json::parse(control(list).output).at("tokens");
    for (const json& token : tokens)
      if (token.at("name") == "kiosk") return token.at("last_used");
    return json("not listed");
  };
  EXPECT_EQ(shown(), used);
  hub_.stop_bridge();
  EXPECT_EQ(shown(), used);
  std::vector<std::string> for_people(list.begin() + 1, list.end());
  EXPECT_THAT(control(for_people).output, testing::HasSubstr("LAST USED"));
}

}  // namespace
}  // namespace strawberry::test
