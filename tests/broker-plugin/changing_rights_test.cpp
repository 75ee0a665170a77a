// Permissions that change while the broker runs: keys, revoked tokens, stored sessions, addresses with failures.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "common/text/base64url.h"
#include "tests/broker-plugin/plugin_fixture.h"

namespace strawberry::test {
namespace {

using namespace std::chrono_literals;

class ChangingRights : public PluginInBroker {
 protected:
  ChangingRights() { start_broker(); }

  MqttTestClient::Options durable(const std::string& client_id, const std::string& token) const {
    auto stored = options(client_id, token);
    stored.clean = false;
    stored.session_expiry_s = 600;
    return stored;
  }
  void write_keys(const std::string& content, int mode = 0600) {
    const std::string draft = hub_.keys_path() + ".new";
    std::ofstream(draft) << content;
    ASSERT_EQ(::chmod(draft.c_str(), static_cast<mode_t>(mode)), 0);
    std::filesystem::rename(draft, hub_.keys_path());
  }
  std::string read_keys() const {
    std::ifstream file(hub_.keys_path());
    return {std::istreambuf_iterator<char>(file), {}};
  }
  /// The file's set with one more key, in front.
  static std::string with_new_key(const std::string& keys) {
    nlohmann::json set = nlohmann::json::parse(keys);
    nlohmann::json key{{"kty", "oct"}, {"kid", "new"}, {"k", base64url_encode(std::string(32, 'n'))}};
    set["keys"].insert(set["keys"].begin(), std::move(key));
    return set.dump();
  }
  bool wait_for_log(const std::string& text, std::size_t from = 0) {
    return broker_->process().wait_for_output(text, 5s, from);
  }
  std::string signed_by(const std::string& keys, const Principal& principal, const std::string& jti = "") const {
    Claims claims;
    claims.principal = principal;
    claims.issued_at = SystemClock().wall_now();
    claims.expires_at = claims.issued_at + 1h;
    claims.jti = jti;
    return issue_token(KeySet::parse(keys).value(), claims).value();
  }
  const Principal speaker_{PrincipalType::device, "speaker", "alice"};
};

TEST_P(ChangingRights, FollowsTheKeyFileAndDisconnectsNobodyWithAGoodToken) {
  const auto tablet = device("tablet", "alice");
  const std::string old_token = hub_.device_token("speaker", "alice");
  const std::string both = with_new_key(read_keys());
  write_keys(both);
  ASSERT_TRUE(wait_for_log("read the keys again"));
  const std::string new_token = signed_by(both, speaker_);
  EXPECT_TRUE(connected(options("speaker", new_token))->is_connected());
  EXPECT_TRUE(connected(options("speaker", old_token))->is_connected());
  EXPECT_TRUE(tablet->is_connected());

  // Retiring the first key ends the connections of its tokens, and no others.
  const auto by_new_key = connected(options("speaker", new_token));
  nlohmann::json rest = nlohmann::json::parse(both);
  rest["keys"].erase(1);
  write_keys(rest.dump());
  EXPECT_TRUE(tablet->wait_for_end(3s));
  EXPECT_TRUE(by_new_key->is_connected());
  EXPECT_EQ(MqttTestClient(options("speaker-2", old_token)).connect(), refused_code());
  EXPECT_TRUE(wait_for_log("ends connection reason=key_retired client_id=\"tablet\""));
}

TEST_P(ChangingRights, KeepsTheKeysWhenTheNewFileIsBrokenOrOpenToOthers) {
  const std::string good = read_keys();
  const auto tablet = device("tablet", "alice");
  write_keys("{\"keys\":[");
  ASSERT_TRUE(wait_for_log("going on with the keys read before"));
  EXPECT_TRUE(device("speaker", "alice")->is_connected());
  const std::size_t before = broker_->log().size();
  write_keys(with_new_key(good), 0644);
  ASSERT_TRUE(wait_for_log("is open to other users", before));
  EXPECT_TRUE(device("speaker", "alice")->is_connected());
  EXPECT_TRUE(tablet->is_connected());
  // Also on demand, for an admin who asks.
  const std::size_t later = broker_->log().size();
  broker_->process().signal(SIGHUP);
  EXPECT_TRUE(wait_for_log("is open to other users", later));
}

TEST_P(ChangingRights, EndsTheConnectionOfASingleTokenThatWasTakenBack) {
  const Principal alice{PrincipalType::user, "alice", "alice"};
  const auto home = connected(options("home", signed_by(read_keys(), alice, "home-token")));
  const auto other = connected(options("other", signed_by(read_keys(), alice, "other-token")));
  hub_.revoke_token("home-token");
  EXPECT_TRUE(home->wait_for_end(2s));
  EXPECT_TRUE(other->is_connected());
  EXPECT_EQ(MqttTestClient(options("home", signed_by(read_keys(), alice, "home-token"))).connect(), refused_code());
}

TEST_P(ChangingRights, NeverDeliversWhatWasQueuedForARevokedDevice) {
  const auto hub_bridge = bridge();
  {
    const auto speaker = connected(durable("speaker", hub_.device_token("speaker", "alice")));
    ASSERT_EQ(speaker->subscribe("skills/speaker/call"), 1);
    speaker->disconnect();
  }
  ASSERT_EQ(hub_bridge->publish("skills/speaker/call", "before"), 0);
  const auto valid_from = std::chrono::ceil<std::chrono::seconds>(SystemClock().wall_now());
  hub_.revoke_tokens("speaker", valid_from);
  ASSERT_EQ(hub_bridge->publish("skills/speaker/call", "after"), 0);

  // Accepted again with a new token, also after a restart: the old session is not available.
  for (const bool restarted : {false, true}) {
    if (restarted) {
      broker_->stop();
      broker_->start();
    }
    Claims claims;
    claims.principal = speaker_;
    claims.issued_at = valid_from;
    claims.expires_at = valid_from + 1h;
    const std::string fresh = issue_token(hub_.keys(), claims).value();
    const auto from = broker_->log().size();
    EXPECT_EQ(MqttTestClient(durable("speaker", fresh)).connect(), refused_code());
    EXPECT_TRUE(wait_for_log("reason=session_of_revoked_token", from)) << broker_->log();
    if (!restarted) continue;
    const auto clean = connected(options("speaker", fresh));
    EXPECT_FALSE(clean->session_present());
    ASSERT_EQ(clean->subscribe("skills/speaker/call"), 1);
    EXPECT_TRUE(clean->take_all().empty());
  }
}

TEST_P(ChangingRights, KeepsStoredSessionsForTheirOwnersAcrossARestart) {
  {
    const auto dashboard = connected(durable("dashboard", hub_.user_token("alice")));
    ASSERT_EQ(dashboard->subscribe("hub/+"), 1);
    dashboard->disconnect();
    connected(durable("silent", hub_.user_token("alice")))->disconnect();  // no subscription at all
  }
  broker_->stop();
  broker_->start();
  for (const char* client_id : {"dashboard", "silent"}) {
    EXPECT_EQ(MqttTestClient(options(client_id, hub_.user_token("bob"))).connect(), refused_code()) << client_id;
    EXPECT_EQ(MqttTestClient(durable(client_id, hub_.user_token("bob"))).connect(), refused_code()) << client_id;
    EXPECT_TRUE(connected(durable(client_id, hub_.user_token("alice")))->session_present()) << client_id;
  }
}

TEST_P(ChangingRights, OutlivesTheEndOfStoredSessionsThatItConfirmed) {
  // If the plugin refused here, Mosquitto would use the session's memory after freeing it.
  auto brief = durable("brief", hub_.user_token("alice"));
  brief.session_expiry_s = 1;
  connected(brief)->disconnect();
  const std::size_t before = broker_->log().size();
  broker_->process().signal(SIGHUP);
  ASSERT_TRUE(wait_for_log("Reloading config", before));
  const auto alice = user("alice");
  ASSERT_EQ(alice->subscribe("devices/+/status"), 1);
  const auto speaker = connected(options("speaker", hub_.token(speaker_, 3s)));
  EXPECT_TRUE(speaker->wait_for_end(6s));  // longer than the session may live
  EXPECT_TRUE(wait_for_state(*alice, "speaker", "offline"));
  EXPECT_TRUE(broker_->process().is_running());
}

TEST_P(ChangingRights, CutsOffAnAddressThatFailsTooOftenButNotItsGoodTokens) {
  auto limited = broker_options();
  limited.config = {"plugin_opt_failed_logins_max 5", "plugin_opt_failed_logins_per_minute 1"};
  broker_ = std::make_unique<BrokerProcess>(limited);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(MqttTestClient(options("speaker", "rubbish")).connect(), refused_code());
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(MqttTestClient(options("speaker", "rubbish")).connect(), MqttTestClient::no_answer);
  }
  EXPECT_TRUE(device("speaker", "alice")->is_connected());
  EXPECT_TRUE(wait_for_log("too many failed logins from address=\"127.0.0.1\""));
}

TEST_P(ChangingRights, TellsAdminsWhatItDecides) {
  EXPECT_EQ(MqttTestClient(options("speaker", "rubbish")).connect(), refused_code());
  const auto speaker = device("speaker", "alice");
  ASSERT_EQ(speaker->subscribe("hub/+"), 1);
  EXPECT_EQ(speaker->subscribe("hub/broker"), denied_subscription());
  const auto hub_bridge = bridge();
  TestMessage forged;
  forged.topic = "hub/broker";
  forged.payload = "{}";
  forged.retained = true;
  EXPECT_EQ(hub_bridge->publish(forged), 0x87);

  const auto boss = admin();
  ASSERT_EQ(boss->subscribe("hub/broker"), 1);
  std::optional<nlohmann::json> report;
  const auto counted = [&report](const TestMessage& message) {
    report = nlohmann::json::parse(message.payload, nullptr, false);
    return report->at("logins").at("refused").contains("token_malformed");
  };
  ASSERT_TRUE(boss->wait_for(counted, 12s)) << (report ? report->dump() : "nothing");
  EXPECT_GE(report->at("connections"), 3);
  EXPECT_EQ(report->at("keys").size(), 1u);
  EXPECT_EQ(report->at("directory").at("devices"), 3);
  for (const TestMessage& message : speaker->take_all()) EXPECT_NE(message.topic, "hub/broker");
}

INSTANTIATE_TEST_SUITE_P(Mqtt, ChangingRights, ::testing::Values(4, 5));

}  // namespace
}  // namespace strawberry::test
