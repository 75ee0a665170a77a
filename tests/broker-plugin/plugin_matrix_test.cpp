// The whole matrix of permissions in a real Mosquitto: in every cell the broker behaves like the policy.
#include <algorithm>
#include <map>
#include <set>

#include "common/runtime/libmosquitto.h"
#include "tests/broker-plugin/matrix_fixture.h"

namespace strawberry::test {
namespace {

using namespace std::chrono_literals;

/// The policy's verdict; denied for topics that the broker itself cannot handle.
Verdict policy(const Principal& who, Access access, const std::string& topic, bool retain = false) {
  if (access == Access::subscribe ? is_no_filter(topic) : is_no_topic(topic)) return Verdict::not_canonical;
  const Topic read = read_topic(topic);
  const Verdict verdict = check_topic(who, access, read, retain, CastOwners());
  // Nobody here has subscribed to calls, and a call that nobody hears is refused (Gatekeeper::is_heard).
  const bool is_unheard_call = access == Access::write && read.service && read.rest == "call";
  return verdict == Verdict::allowed && is_unheard_call ? Verdict::not_yours : verdict;
}

std::string payload_of(std::size_t topic, const std::string& about) { return about + "-" + std::to_string(topic); }

/// Returns the retained messages, by topic.
std::map<std::string, std::string> retained_now(WireClient& observer) {
  std::map<std::string, std::string> retained;
  observer.take();
  observer.subscribe("#");
  EXPECT_TRUE(observer.sync());
  for (WireClient::Message& message : observer.take()) {
    if (message.retained) retained[message.topic] = std::move(message.payload);
  }
  return retained;
}

std::set<std::string> payloads(const std::vector<WireClient::Message>& messages) {
  std::set<std::string> all;
  for (const WireClient::Message& message : messages) all.insert(message.payload);
  return all;
}

/// No filter matches a topic below `$share`: it would be a shared subscription.
bool can_be_delivered(const std::string& topic) { return !is_no_topic(topic) && !topic.starts_with("$share"); }

/// Requests on `users` are only read by the bridge and the principal itself, not by the admin who observes here. PUBACK
/// and the log are compared all the same.
bool is_out_of_sight(const std::string& topic) {
  return policy(observer_principal(), Access::read, topic) != Verdict::allowed;
}

/// The plugin publishes there too, so a client's message may already have been replaced.
bool is_status(const std::string& topic) { return topic.starts_with("devices/") && topic.ends_with("/status"); }

class Matrix : public MatrixInBroker {
 protected:
  /// Compares after a client has tried to write: whether it was seen, and whether it was retained if requested.
  void compare_written(const Principal& who, const std::string& action, bool retain, Access access,
                       const std::string& about, const std::vector<Answer>& answers, WireClient& watcher) {
    ASSERT_TRUE(watcher.sync());
    const std::set<std::string> seen = payloads(watcher.take());
    const std::map<std::string, std::string> kept = retained_now(watcher);
    const std::vector<std::string>& topics = matrix_topics();
    for (std::size_t i = 0; i < topics.size(); ++i) {
      const Verdict verdict = policy(who, access, topics[i], retain);
      const bool was_seen = seen.contains(payload_of(i, about));
      const std::string answer = answers[i].code ? "answered " + std::to_string(*answers[i].code) : "closed";
      // Messages below $CONTROL are only delivered to plugins.
      const bool can_be_seen = !topics[i].starts_with("$CONTROL/") && !is_out_of_sight(topics[i]);
      compare(who, action, topics[i], can_be_seen ? verdict : Verdict::not_listed, was_seen,
              (was_seen ? "delivered it, " : "delivered nothing, ") + answer);

      const auto found = kept.find(topics[i]);
      const bool is_kept = found != kept.end() && found->second == payload_of(i, about);
      if (!retain || verdict != Verdict::allowed) {
        EXPECT_FALSE(is_kept) << describe(who) << " · " << action << " · " << printable(topics[i]) << " is retained";
      } else {
        EXPECT_TRUE(is_kept || is_status(topics[i]) || !can_be_seen)
            << describe(who) << " · " << action << " · " << printable(topics[i]) << " is not retained";
      }
    }
  }

  /// A subscriber gets the retained messages that it may read and has subscribed to, if it may subscribe.
  void compare_retained(const Principal& who, const std::string& filter, Verdict subscribed,
                        const std::vector<std::string>& retained, const std::set<std::string>& delivered) {
    if (filter.starts_with("$share/") || is_no_filter(filter)) return;
    for (const std::string& topic : retained) {
      bool matches = false;
      mosquitto_topic_matches_sub(filter.c_str(), topic.c_str(), &matches);
      if (!matches) continue;
      const Verdict verdict = subscribed == Verdict::allowed ? policy(who, Access::read, topic) : subscribed;
      const bool got = delivered.contains(topic);
      compare(who, "retained, by " + printable(filter), topic, verdict, got,
              got ? "delivered it" : "did not deliver it");
    }
  }
};

TEST_P(Matrix, OfWriting) {
  start_with_plugin({"log_type debug"});
  const auto watcher = observer();
  const std::vector<std::string>& topics = matrix_topics();
  // The broker's log line for each refusal; with MQTT 3.1.1 the only sign of it for a topic that cannot be subscribed
  // to.
  const auto refusal_line = [](const Principal& who, bool retain, std::uint16_t packet_id) {
    return "Denied PUBLISH from " + who.id + " (d0, q1, r" + (retain ? "1" : "0") + ", m" + std::to_string(packet_id) +
           ",";
  };
  for (const Principal& who : cast()) {
    const auto writer = connected(who);
    std::vector<std::pair<bool, std::vector<Answer>>> passes;
    for (const bool retain : {false, true}) {
      const std::string about = who.id + (retain ? "-retained" : "-plain");
      std::size_t at = 0;
      const auto write = [&](WireClient& client, const std::string& topic) {
        at = static_cast<std::size_t>(&topic - topics.data());
        return client.publish(topic, payload_of(at, about), retain);
      };
      passes.emplace_back(retain, answers_to(*writer, topics, write, is_no_topic, 200));
      const std::string action = retain ? "publish retained" : "publish";
      compare_written(who, action, retain, Access::write, about, passes.back().second, *watcher);
      for (std::size_t i = 0; i < topics.size(); ++i) {
        const std::optional<int> code = passes.back().second[i].code;
        const Verdict verdict = policy(who, Access::write, topics[i], retain);
        const bool accepted = GetParam() == 5 ? code == 0 : code == 0 && verdict == Verdict::allowed;
        compare(who, action + " (PUBACK)", topics[i], verdict, accepted, code ? std::to_string(*code) : "closed");
      }
    }
    if (!writer->is_open()) {
      ASSERT_EQ(writer->connect(), 0);
    }
    const std::uint16_t last = writer->publish("no/such/topic", "");
    ASSERT_TRUE(writer->sync()) << broker_->log().substr(broker_->log().size() - 3000);
    ASSERT_TRUE(broker_->process().wait_for_output(refusal_line(who, false, last), 10s));
    const std::string log = broker_->log();
    for (const auto& [retain, answers] : passes) {
      for (std::size_t i = 0; i < topics.size(); ++i) {
        if (!answers[i].code) continue;
        const bool denied = log.find(refusal_line(who, retain, answers[i].packet_id)) != std::string::npos;
        compare(who, retain ? "publish retained (log)" : "publish (log)", topics[i],
                policy(who, Access::write, topics[i], retain), !denied, denied ? "denied it" : "did not deny it");
      }
    }
  }
  EXPECT_GT(cells(), 30'000u);
}

TEST_P(Matrix, OfSubscribingAndWhatIsRetained) {
  start_with_plugin();
  const auto injector = connected(injector_);
  std::vector<std::string> retained;
  for (const std::string& topic : matrix_topics()) {
    if (is_no_topic(topic) || (topic.starts_with("$") && !topic.starts_with("$SYS/"))) continue;
    inject(*injector, topic, "retained", true);
    retained.push_back(topic);
  }
  ASSERT_TRUE(injector->sync()) << broker_->log();
  ASSERT_GT(retained.size(), 500u);

  // Those that make the broker close the connection come last: marks restart with every connection.
  std::vector<std::string> filters = matrix_topics();
  std::stable_partition(filters.begin(), filters.end(),
                        [](const std::string& filter) { return !is_no_filter(filter); });
  const int denied = GetParam() == 5 ? 0x87 : 0x80;
  for (const Principal& who : cast()) {
    const auto reader = connected(who);
    std::map<std::size_t, std::string> filter_of;  // by mark
    const auto subscribe = [&](WireClient& client, const std::string& filter) {
      const std::uint16_t id = client.subscribe(filter);
      if (is_no_filter(filter)) return id;
      filter_of[client.ping()] = filter;
      client.unsubscribe(filter);  // one client may have only so many
      return id;
    };
    // Few at once: Mosquitto 2.0.21 loses retained messages at QoS 0, and does not say so, when a client that
    // subscribes to thousands is slower than it.
    const std::vector<Answer> answers = answers_to(*reader, filters, subscribe, is_no_filter, 4);
    std::map<std::string, std::set<std::string>> delivered;  // by filter
    for (const WireClient::Message& message : reader->take()) {
      if (message.retained) delivered[filter_of[message.pings_before]].insert(message.topic);
    }
    for (std::size_t i = 0; i < filters.size(); ++i) {
      const Verdict verdict = policy(who, Access::subscribe, filters[i]);
      const std::optional<int> code = answers[i].code;
      compare(who, "subscribe", filters[i], verdict, code == 0, code ? "answered " + std::to_string(*code) : "closed");
      EXPECT_TRUE(!code || *code == 0 || *code == denied) << printable(filters[i]) << " " << *code;
      compare_retained(who, filters[i], verdict, retained, delivered[filters[i]]);
    }
  }
  EXPECT_GT(cells(), 10'000u);
}

/// Sessions from before a restart have subscriptions that the policy never checked.
TEST_P(Matrix, OfReading) {
  start_without_plugin();
  const auto stored_session = [this](const Principal& who) {
    wire::Connect connect = credentials(who);
    connect.clean = false;
    connect.session_expiry_s = 3600;
    return connect;
  };
  for (const Principal& who : cast()) {
    wire::Connect connect = stored_session(who);
    connect.user_name = encode_principal(who);
    const auto reader = client(connect);
    ASSERT_EQ(reader->connect(), 0);
    for (const char* filter : {"#", "$SYS/#", "$CONTROL/#", "$other/#", "$control/#", "$SHARE/#"})
      reader->subscribe(filter);
    ASSERT_TRUE(reader->sync());
  }
  broker_->stop();
  start_with_plugin();
  const auto injector = connected(injector_);
  const std::vector<std::string>& topics = matrix_topics();
  const auto inject_all = [&](const std::string& about) {
    for (std::size_t i = 0; i < topics.size(); ++i) {
      if (can_be_delivered(topics[i])) inject(*injector, topics[i], payload_of(i, about), false);
    }
    ASSERT_TRUE(injector->sync()) << broker_->log();
  };
  inject_all("away");
  std::vector<std::unique_ptr<WireClient>> readers;
  for (const Principal& who : cast()) {
    readers.push_back(client(stored_session(who)));
    ASSERT_EQ(readers.back()->connect(), 0) << describe(who) << "\n" << broker_->log();
    ASSERT_TRUE(readers.back()->session_present()) << describe(who);
  }
  inject_all("there");
  for (std::size_t n = 0; n < readers.size(); ++n) {
    ASSERT_TRUE(readers[n]->sync());
    const std::set<std::string> seen = payloads(readers[n]->take());
    for (std::size_t i = 0; i < topics.size(); ++i) {
      if (!can_be_delivered(topics[i])) continue;
      for (const std::string about : {"away", "there"}) {
        const bool delivered = seen.contains(payload_of(i, about));
        compare(cast()[n], "read, " + about, topics[i], policy(cast()[n], Access::read, topics[i]), delivered,
                delivered ? "delivered it" : "did not deliver it");
      }
    }
  }
  EXPECT_GT(cells(), 8'000u);
}

TEST_P(Matrix, OfWills) {
  start_with_plugin();
  const auto watcher = observer();
  const std::vector<std::string>& topics = matrix_topics();
  const std::string nonsense("\x00\x00", 2);  // not a packet: the broker ends the connection and publishes the will
  for (const Principal& who : cast()) {
    for (const bool retain : {false, true}) {
      const std::string about = who.id + (retain ? "-retained" : "-plain");
      std::vector<Answer> answers(topics.size());
      wire::Connect connect = credentials(who);
      for (std::size_t i = 0; i < topics.size(); ++i) {
        connect.will = wire::Will{topics[i], payload_of(i, about), retain};
        WireClient dying(broker_->port(), connect);
        const int connack = dying.connect_with(connect.bytes() + nonsense);
        ASSERT_TRUE(dying.wait_for_end()) << printable(topics[i]);
        if (connack != WireClient::closed) answers[i].code = connack;
        if (topics[i].starts_with("$CONTROL/")) continue;  // newer brokers refuse clients with such a will
        ASSERT_EQ(connack == 0, !is_no_topic(topics[i])) << describe(who) << " " << printable(topics[i]) << connack;
      }
      compare_written(who, retain ? "will retained" : "will", retain, Access::will, about, answers, *watcher);
    }
  }
  EXPECT_GT(cells(), 10'000u);
}

/// Independent of topics: the rules of docs/contract.md, section 1, written by hand.
class ClientIds : public MatrixInBroker {
 protected:
  ClientIds() { start_with_plugin(); }

  int connack(const Principal& who, const std::string& client_id) const {
    wire::Connect connect = credentials(who);
    connect.client_id = client_id;
    return client(connect)->connect();
  }
  int refused() const { return GetParam() == 5 ? 0x87 : 5; }
};

TEST_P(ClientIds, OfPrincipalsBelongToThem) {
  std::vector<std::unique_ptr<WireClient>> everybody;
  for (const Principal& who : cast()) everybody.push_back(connected(who));
  for (const Principal& who : cast()) {
    for (const Principal& other : cast()) {
      if (who == other) continue;
      EXPECT_EQ(connack(who, other.id), refused()) << describe(who) << " as " << other.id;
    }
  }
  for (const auto& client : everybody) EXPECT_TRUE(client->sync());  // nobody was disconnected
}

TEST_P(ClientIds, OfDevicesAndTheirUsersBelongToThemAlsoWhileTheyAreAway) {
  for (const Principal& who : cast()) {
    for (const Principal& other : cast()) {
      if (who == other || (other.type != PrincipalType::device && other.type != PrincipalType::user)) continue;
      EXPECT_EQ(connack(who, other.id), refused()) << describe(who) << " as " << other.id;
    }
  }
}

TEST_P(ClientIds, OfTheBridgeAndTheAdminBelongToThemAlsoWhileTheyAreAway) {
  for (const Principal& who : cast()) {
    for (const std::string_view id : {bridge_principal_id, admin_principal_id}) {
      if (who.id == id) continue;
      EXPECT_EQ(connack(who, std::string(id)), refused()) << describe(who) << " as " << id;
    }
  }
}

TEST_P(ClientIds, ThatAreNoIdsAreForNobody) {
  for (const Principal& who : cast()) {
    for (const std::string& bad :
         {std::string("a/b"), std::string("+"), std::string("#"), std::string("a b"), std::string(65, 'x'),
          std::string("caf\xc3\xa9"), std::string("x\x7f"), std::string("x\0y", 3), std::string("$SYS"),
          std::string("\xff"), who.id + "\xe2\x80\xae", who.id + " ", std::string(65'535, 'x')}) {
      EXPECT_NE(connack(who, bad), 0) << describe(who) << " as " << printable(bad);
    }
  }
}

TEST_P(ClientIds, ThatAreFreeAreForAnybody) {
  for (const Principal& who : cast()) {
    EXPECT_EQ(connack(who, who.id), 0) << describe(who);
    EXPECT_EQ(connack(who, "free-" + who.id), 0) << describe(who);
    EXPECT_EQ(connack(who, who.id + std::string(64 - who.id.size(), '-')), 0) << describe(who);
    EXPECT_EQ(connack(who, ""), 0) << describe(who);  // the broker makes one up
  }
}

INSTANTIATE_TEST_SUITE_P(Mqtt, Matrix, ::testing::Values(4, 5));
INSTANTIATE_TEST_SUITE_P(Mqtt, ClientIds, ::testing::Values(4, 5));

}  // namespace
}  // namespace strawberry::test
