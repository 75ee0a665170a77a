/// Keys and tokens change under a running hub: clients with valid tokens are not affected, all others are out in 2 s.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "common/text/base64url.h"
#include "tests/cli/hub_run.h"
#include "tests/support/hub_process.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

/// Two seconds, with a margin for a busy machine.
constexpr auto soon = 5s;

std::string token_in(const json& answer) { return answer.at("access_token").get<std::string>(); }

std::string kid_of(const std::string& token) {
  const auto header = base64url_decode(token.substr(0, token.find('.')));
  return json::parse(header.value_or("{}")).value("kid", "none");
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

class Rotation : public ::testing::Test {
 protected:
  Finished ctl(std::vector<std::string> words) {
    words.insert(words.begin(),
                 {"--data-dir", hub_.files().directory().path().string(), "--port", std::to_string(hub_.port())});
    return control(std::move(words));
  }
  void expect_done(std::vector<std::string> words) {
    const Finished done = ctl(std::move(words));
    ASSERT_EQ(done.code, 0) << done.output << hub_.broker().log();
  }
  json ctl_json(std::vector<std::string> words) {
    words.insert(words.begin(), "--json");
    const Finished done = ctl(std::move(words));
    if (done.code != 0) throw std::runtime_error(done.output + hub_.broker().log());
    return json::parse(done.output);
  }
  std::unique_ptr<MqttTestClient> client(const std::string& id, const std::string& token) const {
    MqttTestClient::Options options;
    options.port = hub_.port();
    options.client_id = id;
    options.password = token;
    return std::make_unique<MqttTestClient>(options);
  }
  json register_device(Spoke& user, const std::string& name) {
    return user.result_of("devices", {{"op", "register"}, {"name", name}, {"device_id", name}});
  }
  /// Makes a new key and waits until the broker has loaded it.
  void rotate(std::vector<std::string> options) {
    options.insert(options.begin(), {"key", "rotate"});
    expect_done(std::move(options));
  }
  std::string old_kid() const { return hub_.files().keys().signing_key().kid(); }

  HubProcess hub_;
};

TEST_F(Rotation, NobodyIsThrownOutAndNewTokensHaveTheNewKey) {
  auto speaker = hub_.device("Speaker");
  auto alice = hub_.user("alice");
  const std::string old_token = token_in(register_device(*alice, "lamp"));
  EXPECT_EQ(kid_of(old_token), old_kid());

  rotate({"--algorithm", "ES256", "--kid", "new"});
  const json added = register_device(*alice, "radio");
  EXPECT_EQ(kid_of(token_in(added)), "new");
  auto radio = client("radio", token_in(added));
  EXPECT_EQ(radio->connect(), 0) << hub_.broker().log();
  expect_done({"device", "list"});
  EXPECT_EQ(kid_of(token_in(speaker->result_of("devices", {{"op", "refresh_token"}}))), "new");

  auto lamp = client("lamp", old_token);
  EXPECT_EQ(lamp->connect(), 0) << "a token from before is good";
  EXPECT_TRUE(speaker->mqtt().is_connected());
  EXPECT_TRUE(alice->mqtt().is_connected());
  EXPECT_EQ(speaker->result_of("devices", {{"op", "me"}}).at("online"), true);
  EXPECT_EQ(count_of(hub_.bridge().output(), "serving at"), 1u) << "the bridge stayed, too";
}

TEST_F(Rotation, ARetiredKeyEndsWhatItsTokensOpenedAndNothingElse) {
  auto alice = hub_.user("alice");
  const std::string old_token = token_in(register_device(*alice, "lamp"));
  rotate({"--kid", "new"});
  const std::string new_token = token_in(register_device(*alice, "radio"));
  auto lamp = client("lamp", old_token);
  auto radio = client("radio", new_token);
  ASSERT_EQ(lamp->connect(), 0);
  ASSERT_EQ(radio->connect(), 0) << hub_.broker().log();
  ASSERT_LT(radio->subscribe("devices/+/status"), 0x80);
  const std::size_t served = hub_.bridge().output().size();

  expect_done({"key", "retire", old_kid(), "--yes"});
  EXPECT_TRUE(lamp->wait_for_end(soon)) << hub_.broker().log();
  EXPECT_TRUE(alice->mqtt().wait_for_end(soon)) << "her token was signed with it as well";
  const auto gone = radio->wait_for([](const TestMessage& message) {
    return message.topic == "devices/lamp/status" && message.payload.find("\"offline\"") != std::string::npos;
  });
  EXPECT_TRUE(gone) << hub_.broker().log();
  EXPECT_NE(client("lamp", old_token)->connect(), 0);
  EXPECT_TRUE(hub_.broker().process().wait_for_output("key_retired", 5s)) << hub_.broker().log();

  // The bridge's token was affected, too: it reconnects with a new one and serves again.
  hub_.wait_until_serving(served);
  ASSERT_LT(radio->subscribe("devices/radio/response"), 0x80);
  radio->publish("devices/radio/request", R"({"op":"me","correlation_id":"1"})");
  EXPECT_TRUE(radio->wait_for("devices/radio/response")) << hub_.bridge().output();
  EXPECT_TRUE(radio->is_connected());
  // Disconnected clients are accepted again with a token of the new key.
  const json fresh = ctl_json({"token", "issue", "--device", "lamp"});
  EXPECT_EQ(client("lamp", token_in(fresh))->connect(), 0) << hub_.broker().log();
}

TEST_F(Rotation, ASpoiledKeyFileStopsNobody) {
  auto alice = hub_.user("alice");
  // Replaced in one step: an empty file in between would be another error.
  const std::string draft = hub_.files().directory().file("draft");
  std::ofstream(draft) << "{\"keys\":[";
  std::filesystem::permissions(draft, std::filesystem::perms(0600));
  std::filesystem::rename(draft, hub_.files().keys_path());
  EXPECT_TRUE(hub_.broker().process().wait_for_output("going on with the keys read before", soon));
  const json added = register_device(*alice, "lamp");
  EXPECT_EQ(kid_of(token_in(added)), old_kid());
  register_device(*alice, "radio");
  EXPECT_EQ(client("lamp", token_in(added))->connect(), 0);
  EXPECT_EQ(count_of(hub_.bridge().output(), "the keys of before"), 1u) << hub_.bridge().output();
  EXPECT_EQ(count_of(hub_.broker().log(), "going on with the keys read before"), 1u) << hub_.broker().log();
  EXPECT_TRUE(alice->mqtt().is_connected());
}

TEST_F(Rotation, ARevokedTokenIsOutAndAnotherOfTheSameDeviceIsNot) {
  auto alice = hub_.user("alice");
  register_device(*alice, "lamp");
  const json lost = ctl_json({"token", "issue", "--device", "lamp"});
  const json kept = ctl_json({"token", "issue", "--device", "lamp"});
  auto thief = client("thief", token_in(lost));
  auto lamp = client("lamp", token_in(kept));
  ASSERT_EQ(thief->connect(), 0);
  ASSERT_EQ(lamp->connect(), 0);

  expect_done({"token", "revoke", lost.at("jti").get<std::string>()});
  EXPECT_TRUE(thief->wait_for_end(soon)) << hub_.broker().log();
  EXPECT_NE(client("thief", token_in(lost))->connect(), 0);
  EXPECT_EQ(client("again", token_in(kept))->connect(), 0);
  EXPECT_TRUE(lamp->is_connected());
}

}  // namespace
}  // namespace strawberry::test
