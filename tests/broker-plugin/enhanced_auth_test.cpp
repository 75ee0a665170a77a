// MQTT 5's enhanced authentication with the method JWT, against the real broker, on a bare socket: no client library of
// the distribution supports it.
#include "tests/broker-plugin/plugin_fixture.h"
#include "tests/support/wire_client.h"

namespace strawberry::test {
namespace {

using namespace std::chrono_literals;

constexpr unsigned char auth_packet = 0xf0;
constexpr char method_property = 0x15;
constexpr char data_property = 0x16;
constexpr int not_authorized = 0x87;
constexpr int bad_method = 0x8c;
constexpr char continue_authentication = 0x18;
constexpr char reauthenticate = 0x19;

std::string properties(std::string_view method, std::string_view token) {
  return method_property + wire::with_length(method) + data_property + wire::with_length(token);
}

/// A variable byte integer (MQTT 5, section 1.5.5).
std::string length_of(std::string_view text) {
  std::string length;
  std::size_t rest = text.size();
  do {
    const bool more = rest > 0x7f;
    length += static_cast<char>((rest & 0x7f) | (more ? 0x80 : 0));
    rest >>= 7;
  } while (rest != 0);
  return length;
}

std::string auth(char reason, std::string_view method, std::string_view token) {
  const std::string list = properties(method, token);
  return wire::packet(auth_packet, reason + length_of(list) + list);
}

class EnhancedAuth : public PluginInBroker {
 protected:
  EnhancedAuth() { start_broker(); }

  std::string token(std::chrono::seconds lifetime = 1h, const std::string& id = "speaker") const {
    return hub_.token({PrincipalType::device, id, "alice"}, lifetime);
  }
  wire::Connect with_method(const std::string& method, const std::string& text) const {
    wire::Connect connect;
    connect.client_id = "speaker";
    connect.properties = properties(method, text);
    return connect;
  }
  std::unique_ptr<WireClient> connected(const std::string& text) const {
    auto client = std::make_unique<WireClient>(broker_->port(), with_method("JWT", text));
    EXPECT_EQ(client->connect(), 0) << broker_->log();
    return client;
  }
  /// The reason of the only packet of this type; nullopt when there is none.
  static std::optional<int> reason_of(const WireClient& client, unsigned char type) {
    for (const auto& [first, body] : client.others()) {
      if (first == type) return body.empty() ? 0 : static_cast<unsigned char>(body[0]);
    }
    return std::nullopt;
  }
};

TEST_P(EnhancedAuth, IsAWayToLogIn) {
  const auto speaker = connected(token());
  const auto request = speaker->publish("skills/speaker/request", "{}");
  const auto foreign = speaker->publish("skills/tablet/request", "{}");
  ASSERT_TRUE(speaker->sync());
  EXPECT_EQ(speaker->answer_to(request), 0);
  EXPECT_EQ(speaker->answer_to(foreign), not_authorized);
}

TEST_P(EnhancedAuth, RefusesWhatAPasswordWouldNotDoEither) {
  const auto refusal = [this](wire::Connect connect) {
    return WireClient(broker_->port(), std::move(connect)).connect();
  };
  EXPECT_EQ(refusal(with_method("JWT", "rubbish")), not_authorized);
  EXPECT_EQ(refusal(with_method("JWT", "")), not_authorized);
  EXPECT_EQ(refusal(with_method("JWT", token(1h, "tablet"))), not_authorized);  // another principal's client id
  EXPECT_EQ(refusal(with_method("SCRAM-SHA-1", token())), bad_method);
  wire::Connect no_data = with_method("JWT", "");
  no_data.properties = method_property + wire::with_length("JWT");
  EXPECT_EQ(refusal(no_data), not_authorized);
  // A user name does not bypass it, not even one of the plugin's own.
  wire::Connect named = with_method("JWT", token());
  named.user_name = "device/alice/speaker";
  EXPECT_EQ(refusal(named), not_authorized);
  named.user_name = "speaker";
  EXPECT_EQ(refusal(named), 0);
}

TEST_P(EnhancedAuth, RenewsTheTokenInTheSession) {
  const auto speaker = connected(token(2s));
  ASSERT_TRUE(speaker->sync());
  speaker->send(auth(reauthenticate, "JWT", token(4s)));
  ASSERT_TRUE(speaker->sync());
  EXPECT_EQ(reason_of(*speaker, auth_packet), 0);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_TRUE(speaker->wait_for_end());
  EXPECT_GT(std::chrono::steady_clock::now() - began, 3s);
  EXPECT_TRUE(broker_->process().wait_for_output("ends connection reason=token_expired", 5s));
}

TEST_P(EnhancedAuth, EndsTheSessionOfWhoWouldBecomeSomebodyElse) {
  for (const std::string& other : {token(1h, "tablet"), std::string("rubbish")}) {
    const auto speaker = connected(token());
    speaker->send(auth(reauthenticate, "JWT", other));
    EXPECT_TRUE(speaker->wait_for_end());
    EXPECT_EQ(reason_of(*speaker, auth_packet), std::nullopt);
  }
  EXPECT_TRUE(broker_->process().wait_for_output("refused renew reason=principal_differs", 5s)) << broker_->log();
}

TEST_P(EnhancedAuth, HasNoSecondStep) {
  const auto speaker = connected(token());
  speaker->send(auth(continue_authentication, "JWT", token()));
  EXPECT_TRUE(speaker->wait_for_end());
  EXPECT_TRUE(broker_->process().is_running());
}

TEST_P(EnhancedAuth, IsNotForWhoCameWithAPassword) {
  wire::Connect connect;
  connect.client_id = "speaker";
  connect.user_name = "";
  connect.password = token();
  WireClient speaker(broker_->port(), connect);
  ASSERT_EQ(speaker.connect(), 0);
  speaker.send(auth(reauthenticate, "JWT", token()));
  EXPECT_TRUE(speaker.wait_for_end());
  EXPECT_TRUE(broker_->process().is_running());
}

TEST_P(EnhancedAuth, SurvivesAReloadOfTheBroker) {
  const auto speaker = connected(token());
  const std::size_t before = broker_->log().size();
  broker_->process().signal(SIGHUP);
  ASSERT_TRUE(broker_->process().wait_for_output("Reloading config", 5s, before));
  EXPECT_TRUE(speaker->sync());
}

INSTANTIATE_TEST_SUITE_P(Mqtt5, EnhancedAuth, ::testing::Values(5));

}  // namespace
}  // namespace strawberry::test
