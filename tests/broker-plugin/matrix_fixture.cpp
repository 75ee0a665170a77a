#include "tests/broker-plugin/matrix_fixture.h"

#include <algorithm>

#include "common/runtime/libmosquitto.h"

namespace strawberry::test {
namespace {

constexpr int disagreements_shown_max = 20;
constexpr int levels_max = 200;  // Mosquitto's

bool has_too_many_levels(const std::string& topic) { return std::count(topic.begin(), topic.end(), '/') > levels_max; }

}  // namespace

Principal observer_principal() { return {PrincipalType::admin, "observer", ""}; }

bool is_no_topic(const std::string& topic) {
  const int size = static_cast<int>(topic.size());
  return topic.empty() || has_too_many_levels(topic) ||
         mosquitto_validate_utf8(topic.data(), size) != MOSQ_ERR_SUCCESS ||
         mosquitto_pub_topic_check2(topic.data(), topic.size()) != MOSQ_ERR_SUCCESS;
}

bool is_no_filter(const std::string& filter) {
  const int size = static_cast<int>(filter.size());
  return filter.empty() || filter == "$share" || has_too_many_levels(filter) ||
         mosquitto_validate_utf8(filter.data(), size) != MOSQ_ERR_SUCCESS ||
         mosquitto_sub_topic_check2(filter.data(), filter.size()) != MOSQ_ERR_SUCCESS;
}

MatrixInBroker::MatrixInBroker() {
  for (const Principal& who : cast()) {
    if (who.type == PrincipalType::device) hub_.add_device(who.id, who.user_id, who.id);
  }
}

void MatrixInBroker::start_with_plugin(const std::vector<std::string>& config) {
  BrokerProcess::Options options = without_plugin();
  options.config.insert(options.config.end(),
                        {"allow_anonymous false", std::string("plugin ") + STRAWBERRY_PUBLISHING_PLUGIN_PATH,
                         std::string("plugin ") + STRAWBERRY_PLUGIN_PATH, "plugin_opt_keys " + hub_.keys_path(),
                         "plugin_opt_database " + hub_.database_path(), "plugin_opt_failed_logins_max 0",
                         "plugin_opt_connections_per_second 0"});
  options.config.insert(options.config.end(), config.begin(), config.end());
  broker_ = std::make_unique<BrokerProcess>(options);
  // From then on the plugin knows the owners of stored sessions, and accepts others under unused client ids.
  EXPECT_TRUE(broker_->process().wait_for_output("strawberry: ready: ", std::chrono::seconds(10)));
}

void MatrixInBroker::start_without_plugin() { broker_ = std::make_unique<BrokerProcess>(without_plugin()); }

BrokerProcess::Options MatrixInBroker::without_plugin() const {
  BrokerProcess::Options options;
  options.config = {"persistence true", "persistence_location " + sessions_.path().string() + "/",
                    // No message may be dropped for a limit.
                    "max_queued_messages 1000000", "max_inflight_messages 65535", "queue_qos0_messages true",
                    // Only the test publishes $SYS topics.
                    "sys_interval 0"};
  return options;
}

wire::Connect MatrixInBroker::credentials(const Principal& who) const {
  wire::Connect connect;
  connect.version = GetParam();
  connect.client_id = who.id;
  connect.user_name = "";
  connect.password = hub_.token(who);
  return connect;
}

std::unique_ptr<WireClient> MatrixInBroker::client(wire::Connect connect) const {
  return std::make_unique<WireClient>(broker_->port(), std::move(connect));
}

std::unique_ptr<WireClient> MatrixInBroker::connected(const Principal& who) const {
  auto connecting = client(credentials(who));
  EXPECT_EQ(connecting->connect(), 0) << describe(who) << "\n" << broker_->log();
  return connecting;
}

std::unique_ptr<WireClient> MatrixInBroker::observer() const {
  wire::Connect connect = credentials(observer_principal());
  auto observing = client(std::move(connect));
  EXPECT_EQ(observing->connect(), 0) << broker_->log();
  const std::uint16_t subscription = observing->subscribe("#");
  EXPECT_TRUE(observing->sync());
  EXPECT_EQ(observing->answer_to(subscription), 0);
  return observing;
}

std::vector<MatrixInBroker::Answer> MatrixInBroker::answers_to(WireClient& client,
                                                               const std::vector<std::string>& topics, const Act& act,
                                                               bool (*suspect)(const std::string&),
                                                               std::size_t lined_up_max) {
  std::vector<Answer> answers(topics.size());
  bool alone = false;
  for (std::size_t next = 0; next < topics.size();) {
    if (!client.is_open() && client.connect() != 0) {
      ADD_FAILURE() << "not let in again";
      return answers;
    }
    std::size_t end = next;
    do {
      answers[end].packet_id = act(client, topics[end]);
      ++end;
    } while (!alone && end < topics.size() && end - next < lined_up_max && !suspect(topics[end - 1]) &&
             !suspect(topics[end]));
    client.sync();
    const std::size_t began = next;
    for (; next < end; ++next) {
      answers[next].code = client.answer_to(answers[next].packet_id);
      if (!answers[next].code) break;
    }
    if (next == end) {
      alone = false;
    } else if (next == began && end == began + 1) {
      ++next;  // it was this one
      alone = false;
    } else {
      alone = true;  // it may have been this one, or the answer was lost
    }
  }
  return answers;
}

void MatrixInBroker::inject(WireClient& injector, const std::string& topic, const std::string& payload, bool retain) {
  injector.publish("inject", (retain ? "r" : "-") + topic + std::string(1, '\0') + payload);
}

void MatrixInBroker::compare(const Principal& who, const std::string& action, const std::string& topic, Verdict verdict,
                             bool broker_allowed, const std::string& broker_did) {
  ++cells_;
  if ((verdict == Verdict::allowed) == broker_allowed) return;
  if (++disagreements_ > disagreements_shown_max) {
    if (disagreements_ == disagreements_shown_max + 1) ADD_FAILURE() << "… and more";
    return;
  }
  ADD_FAILURE() << describe(who) << " · " << action << " · " << printable(topic) << ": policy says "
                << to_string(verdict) << ", broker " << broker_did;
}

}  // namespace strawberry::test
