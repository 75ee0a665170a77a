// The tokens of tests/common/token_attacks.h against the plugin in a real broker, as bytes that no client library
// sends: each is refused, the log has the reason and never the token, and none slows the broker down.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>

#include "common/text/clock.h"
#include "tests/broker-plugin/policy_matrix.h"
#include "tests/common/token_attacks.h"
#include "tests/support/broker_process.h"
#include "tests/support/test_hub.h"
#include "tests/support/wire_client.h"

namespace strawberry::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

const AttackedKeys& attacked_keys() {
  static const AttackedKeys keys;
  return keys;
}

/// The parameter is the MQTT version: 4 (which is 3.1.1) or 5.
class TokenAttacksOnBroker : public ::testing::TestWithParam<int> {
 protected:
  TokenAttacksOnBroker() {
    hub_.add_device("speaker", "alice", "Speaker");
    std::ofstream(keys_path()) << attacked_keys().jwks;
    ::chmod(keys_path().c_str(), 0600);
    BrokerProcess::Options options;
    options.plugin_options = {"plugin_opt_keys " + keys_path(), "plugin_opt_database " + hub_.database_path(),
                              "plugin_opt_failed_logins_max 0"};
    broker_ = std::make_unique<BrokerProcess>(options);
    now_s_ = to_unix_ms(SystemClock().wall_now()) / 1000;
    good_ = good_token(attacked_keys(), now_s_);
    for (TokenAttack& attack : token_attacks(attacked_keys(), now_s_)) {
      (as_seen_by_plugin(attack.token) == good_ ? good_to_the_plugin_ : attacks_).push_back(std::move(attack));
    }
  }
  /// The part before the first NUL: Mosquitto 2.0 passes no length to the plugin.
  static std::string as_seen_by_plugin(const std::string& token) { return token.substr(0, token.find('\0')); }
  std::string keys_path() const { return hub_.directory().file("attacked-keys.json"); }

  wire::Connect attempt(const std::string& client_id, const std::string& token) const {
    wire::Connect connect;
    connect.version = GetParam();
    connect.client_id = client_id;
    connect.user_name = "";
    connect.password = token;
    return connect;
  }
  int connack(const std::string& client_id, const std::string& token) const {
    return WireClient(broker_->port(), attempt(client_id, token)).connect();
  }
  int refused_code() const { return GetParam() == 5 ? 0x87 : 5; }

  TestHub hub_;
  std::unique_ptr<BrokerProcess> broker_;
  std::int64_t now_s_ = 0;
  std::string good_;
  std::vector<TokenAttack> attacks_;
  std::vector<TokenAttack> good_to_the_plugin_;  // a valid token, a NUL, and ignored bytes
};

TEST_P(TokenAttacksOnBroker, AreRefusedAndTheLogSaysWhy) {
  ASSERT_EQ(connack("speaker", good_), 0) << broker_->log();
  ASSERT_GT(attacks_.size(), 200u);
  int number = 0;
  for (const auto& [name, token, reason] : attacks_) {
    const std::string client_id = "attack-" + std::to_string(number++);
    const std::string seen = as_seen_by_plugin(token);
    const std::string line =
        "refused connect reason=" + (seen.empty() ? "token_missing" : reason) + " client_id=\"" + client_id + "\"";
    bool logged = false;
    // The number of lines a second is limited; a later attempt is logged.
    for (int attempts = 0; attempts < 10 && !logged; ++attempts) {
      EXPECT_EQ(connack(client_id, token), refused_code()) << name << " " << printable(token);
      logged = broker_->process().wait_for_output("client_id=\"" + client_id + "\"", 500ms);
    }
    EXPECT_TRUE(broker_->process().wait_for_output(line, 500ms)) << name << ": not " << line;
  }
  const std::string log = broker_->log();
  for (const auto& [name, token, reason] : attacks_) {
    const std::string head = as_seen_by_plugin(token).substr(0, 200);
    if (head.size() < 30) continue;
    EXPECT_EQ(log.find(head), std::string::npos) << name << " is in the log";
  }
  EXPECT_EQ(connack("speaker", good_), 0);
}

/// The broker cuts a password at its first NUL before any plugin sees it, so this cannot be refused. It is harmless:
/// the holder of the valid token is its principal, and not the one named after the NUL.
TEST_P(TokenAttacksOnBroker, WithANulAfterAGoodTokenAreNoMoreThanThatToken) {
  ASSERT_GE(good_to_the_plugin_.size(), 3u);
  const std::string admin = sign_hs256(R"({"alg":"HS256","kid":"k1"})",
                                       R"({"sub":"admin","type":"admin","exp":9999999999})", attacked_keys().secret);
  good_to_the_plugin_.push_back({"admin behind it", good_ + std::string(1, '\0') + admin, ""});
  for (const auto& [name, token, reason] : good_to_the_plugin_) {
    WireClient client(broker_->port(), attempt("speaker", token));
    ASSERT_EQ(client.connect(), 0) << name;
    const std::uint16_t own = client.subscribe("skills/speaker/call");
    const std::uint16_t everything = client.subscribe("#");
    ASSERT_TRUE(client.sync());
    EXPECT_EQ(client.answer_to(own), 0) << name;
    EXPECT_GE(client.answer_to(everything).value_or(0), 0x80) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Mqtt, TokenAttacksOnBroker, ::testing::Values(4, 5));

class SlowAttacks : public TokenAttacksOnBroker {
 protected:
  static constexpr int burst = 20;

  /// Time from the start of a burst of these until all are refused and a connected client has its answer.
  steady_clock::duration time_to_refuse(const std::string& token, WireClient& bystander) {
    std::vector<std::unique_ptr<WireClient>> attackers;
    for (int i = 0; i < burst; ++i) {
      const wire::Connect connect = attempt("attacker-" + std::to_string(i), token);
      attackers.push_back(std::make_unique<WireClient>(broker_->port(), connect));
      EXPECT_TRUE(attackers.back()->open());
      attackers.back()->send(connect.bytes());
    }
    const auto began = steady_clock::now();
    for (const auto& attacker : attackers) attacker->flush();
    EXPECT_TRUE(bystander.sync());
    for (const auto& attacker : attackers) EXPECT_TRUE(attacker->wait_for_end());
    EXPECT_TRUE(bystander.sync());
    return steady_clock::now() - began;
  }
  /// The minimum of several: other load on the machine only adds time.
  steady_clock::duration least_time_to_refuse(const std::string& token, WireClient& bystander, int tries) {
    auto least = steady_clock::duration::max();
    for (int i = 0; i < tries; ++i) least = std::min(least, time_to_refuse(token, bystander));
    return least;
  }
};

TEST_P(SlowAttacks, TakeTheBrokerNoLongerThanRubbishDoes) {
  WireClient bystander(broker_->port(), attempt("speaker", good_));
  ASSERT_EQ(bystander.connect(), 0);
  const auto rubbish = least_time_to_refuse("rubbish", bystander, 10);
  // A signature to verify, 64 KiB to receive: a few times the cost of an invalid text. More than a millisecond for each
  // of the 20 in a burst would be a fault.
  const auto bound = 10 * rubbish + burst * 1ms;
  for (const auto& [name, token, reason] : attacks_) {
    auto least = least_time_to_refuse(token, bystander, 1);
    for (int again = 0; again < 5 && least > bound; ++again) least = least_time_to_refuse(token, bystander, 1);
    const auto ms = [](auto duration) { return std::chrono::duration<double, std::milli>(duration).count(); };
    EXPECT_LT(least, bound) << name << ": " << ms(least) << " ms for " << burst << ", rubbish " << ms(rubbish) << " ms";
  }
  EXPECT_TRUE(bystander.sync());
}

INSTANTIATE_TEST_SUITE_P(Mqtt5, SlowAttacks, ::testing::Values(5));

}  // namespace
}  // namespace strawberry::test
