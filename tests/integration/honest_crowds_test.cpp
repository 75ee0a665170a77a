/// Many busy, well-behaved clients: with all limits at their defaults they reach none of them (docs/limits.md).
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/hub_process.h"
#include "tests/support/wire_client.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr const char* owner = "alice";
constexpr auto patience = 20s;
constexpr auto next_report_max = 15s;  // hub/health and hub/broker come every 10 s

std::string limit_named_in(const std::string& text) {
  for (const char* word : {"rate_limited", "too_many", "too_fast"}) {
    const std::size_t at = text.find(word);
    if (at == std::string::npos) continue;
    const std::size_t line = text.rfind('\n', at) + 1;
    return text.substr(line, text.find('\n', at) - line);
  }
  return {};
}

/// An admin who looks for refused or delayed clients.
class Watch {
 public:
  explicit Watch(HubProcess& hub) : hub_(hub), admin_(hub.admin()) { admin_->mqtt().subscribe("hub/audit"); }

  Spoke& admin() { return *admin_; }
  void expect_nobody_was_limited() {
    admin_->mqtt().subscribe("hub/health");
    admin_->mqtt().subscribe("hub/broker");
    EXPECT_EQ(limit_named_in(next("hub/broker").dump()), "");
    const auto totals = next("hub/health").at("totals");
    for (const char* total : {"busy", "overdue", "dropped_outbox_full", "refused_by_broker"})
      EXPECT_EQ(totals.at(total), 0) << total;
    for (const auto& message : admin_->mqtt().take_all()) {
      if (message.topic != "hub/audit") continue;
      EXPECT_EQ(limit_named_in(message.payload), "");
    }
    EXPECT_EQ(limit_named_in(hub_.broker().log()), "");
    EXPECT_EQ(limit_named_in(hub_.bridge().output()), "");
  }

 private:
  /// Without the retained message, which may be too old.
  json next(const std::string& topic) {
    const auto message = admin_->mqtt().wait_for(
        [&](const TestMessage& candidate) { return candidate.topic == topic && !candidate.retained; }, next_report_max);
    if (!message) throw std::runtime_error("nothing new on " + topic);
    return json::parse(message->payload);
  }

  HubProcess& hub_;
  std::unique_ptr<Spoke> admin_;
};

/// One client on a bare socket, light enough for hundreds of them.
class Member {
 public:
  Member(const HubProcess& hub, const Principal& principal)
      : id_(principal.id),
        connect_{.client_id = principal.id, .password = hub.files().token(principal)},
        wire_(hub.port(), connect_, patience) {}

  const std::string& id() const { return id_; }
  WireClient& wire() { return wire_; }
  /// Does not wait for the CONNACK: is_connected() does.
  void connect() {
    if (!wire_.open()) return;
    wire_.send(connect_.bytes());
    wire_.flush();
  }
  bool is_connected() { return wire_.sync(); }
  void listen_to(const std::string& filter) { subscriptions_.push_back(wire_.subscribe(filter)); }
  bool hears_all() {
    if (!wire_.sync()) return false;
    for (const auto subscription : subscriptions_) {
      if (wire_.answer_to(subscription).value_or(0x80) >= 0x80) return false;
    }
    return true;
  }
  /// Does not wait for the answer: are_answered() does.
  void ask(const std::string& service, json request) {
    request["correlation_id"] = id_ + "-" + std::to_string(++asked_);
    unanswered_.insert(request.at("correlation_id").get<std::string>());
    wire_.publish(service + "/" + id_ + "/request", request.dump());
  }
  void flush() { wire_.flush(); }
  /// Whether all requests are answered with success.
  bool are_answered() {
    const auto take = [this](const WireClient::Message& message) {
      const auto reply = json::parse(message.payload, nullptr, false);
      if (!reply.is_object() || !reply.contains("success")) return false;
      if (reply.at("success") == true) unanswered_.erase(reply.at("correlation_id").get<std::string>());
      return unanswered_.empty();
    };
    const bool answered = unanswered_.empty() || wire_.wait_for(take);
    wire_.take();
    return answered;
  }

 private:
  std::string id_;
  wire::Connect connect_;
  WireClient wire_;
  std::vector<std::uint16_t> subscriptions_;
  std::set<std::string> unanswered_;
  int asked_ = 0;
};
using Crowd = std::vector<std::unique_ptr<Member>>;

/// Devices of one user, registered but not connected.
Crowd devices(HubProcess& hub, Spoke& admin, int count) {
  Crowd crowd;
  std::vector<std::string> asked;
  for (int number = 0; number < count; ++number) {
    const std::string id = "device_" + std::to_string(number);
    asked.push_back(admin.send("devices", {{"op", "register"}, {"user_id", owner}, {"name", id}, {"device_id", id}}));
  }
  // Tokens come afterwards: one that is older than its device is invalid.
  for (const auto& id : asked) EXPECT_TRUE(admin.response("devices", id).at("success"));
  for (int number = 0; number < count; ++number) {
    const Principal device{PrincipalType::device, "device_" + std::to_string(number), owner};
    crowd.push_back(std::make_unique<Member>(hub, device));
  }
  return crowd;
}

/// Calls it for all, so that all work before the first is waited for.
template <class Does>
void each(Crowd& crowd, Does does) {
  for (auto& member : crowd) does(*member);
}
template <class Has>
int count(Crowd& crowd, Has has) {
  int found = 0;
  for (auto& member : crowd) found += has(*member) ? 1 : 0;
  return found;
}

int connect_at_once(Crowd& crowd) {
  each(crowd, [](Member& member) { member.connect(); });
  return count(crowd, [](Member& member) { return member.is_connected(); });
}

json skills(const std::vector<std::string>& signatures) {
  json all = json::array();
  for (const auto& signature : signatures) {
    all.push_back({{"class_name", "Lamp"},
                   {"function_name", signature.substr(0, signature.find('('))},
                   {"signature", signature},
                   {"docstring", "For a test."}});
  }
  return {{"op", "register"}, {"skills", all}};
}

int register_at_once(Crowd& crowd, const std::vector<std::string>& signatures) {
  each(crowd, [&](Member& member) {
    member.listen_to("skills/" + member.id() + "/response");
    member.ask("skills", skills(signatures));
    member.flush();
  });
  return count(crowd, [](Member& member) { return member.hears_all() && member.are_answered(); });
}

/// All belong to one user and share the user's limits, which are raised for this hub.
TEST(HonestCrowds, FiveHundredDevicesOfAUserComeBackWhenTheBrokerIsRestarted) {
  constexpr int many = 500;
  HubProcess::Options options;
  options.broker_persistence = true;  // as shipped: requests before the bridge is back wait for it
  options.config = "[limits]\ndevices_per_user_max = 500\n";
  HubProcess hub(options);
  auto before = std::make_unique<Watch>(hub);
  auto crowd = devices(hub, before->admin(), many);
  ASSERT_EQ(connect_at_once(crowd), many);
  EXPECT_EQ(limit_named_in(hub.broker().log()), "");
  before.reset();

  hub.broker().stop();
  hub.broker().start();
  ASSERT_EQ(connect_at_once(crowd), many);
  Watch watch(hub);
  EXPECT_EQ(register_at_once(crowd, {"toggle()"}), many);
  each(crowd, [](Member& member) {
    member.ask("skills", {{"op", "heartbeat"}});
    member.flush();
  });
  EXPECT_EQ(count(crowd, [](Member& member) { return member.are_answered(); }), many);
  EXPECT_EQ(watch.admin().result_of("devices", {{"op", "list"}, {"user_id", owner}}).at("total"), many);
  watch.expect_nobody_was_limited();
}

TEST(HonestCrowds, ASpokeOffersFiveHundredSkillsAtOnceAndAllCanBeCalled) {
  constexpr int many = 500;
  HubProcess hub;
  Watch watch(hub);
  auto lamps = hub.device("Lamps");
  auto tablet = hub.device("Tablet");
  std::vector<std::string> signatures;
  for (int number = 0; number < many; ++number) {
    signatures.push_back("turn_on_lamp" + std::to_string(number) + "(level: int, colour: str = 'white') -> str");
  }
  lamps->offer("Lamp", signatures);
  EXPECT_EQ(tablet->result_of("skills", {{"op", "list"}}).at("total"), many);
  for (int number = 0; number < many; ++number) {
    const auto path = "Lamp.turn_on_lamp" + std::to_string(number);
    const auto id = tablet->send("skills", {{"op", "call"}, {"skill_path", path}, {"args", {number}}});
    const auto call = lamps->next_call();
    ASSERT_TRUE(call) << path;
    EXPECT_EQ(call->at("args").at(0), number);
    lamps->answer(*call, path);
    ASSERT_EQ(tablet->response("skills", id).at("result"), path);
  }
  watch.expect_nobody_was_limited();
}

std::size_t buttons_in(const std::string& config) {
  const auto components = json::parse(config).at("cmps");
  return static_cast<std::size_t>(std::count_if(
      components.begin(), components.end(), [](const json& component) { return component.contains("command_topic"); }));
}

/// Whether the state of each device arrives, and its configuration with all buttons; only messages that `counts`
/// accepts.
template <class Counts>
bool hears_of_all(MqttTestClient& home_assistant, int devices, std::size_t buttons, Counts counts) {
  std::set<std::string> heard;
  while (heard.size() < 2U * static_cast<std::size_t>(devices)) {
    const auto message = home_assistant.wait_for(
        [&](const TestMessage& candidate) {
          return candidate.topic.starts_with("homeassistant/device/device_") && counts(candidate);
        },
        patience);
    if (!message) return false;
    const bool is_config = message->topic.ends_with("/config");
    if (!is_config || buttons_in(message->payload) == buttons) heard.insert(message->topic);
  }
  return true;
}

TEST(HonestCrowds, AHomeAssistantThatStartsHearsOfAHundredDevicesAndTheirButtons) {
  constexpr int many = 100;
  constexpr int buttons = 5;
  HubProcess hub;
  Watch watch(hub);
  auto crowd = devices(hub, watch.admin(), many);
  ASSERT_EQ(connect_at_once(crowd), many);
  ASSERT_EQ(register_at_once(crowd, {"on()", "off()", "toggle()", "dim()", "blink()"}), many);

  MqttTestClient::Options options;
  options.port = hub.port();
  options.version = 4;  // as Home Assistant's default
  options.client_id = "home_assistant";
  options.user_name = owner;
  options.password = hub.files().user_token(owner);
  MqttTestClient client(options);
  ASSERT_EQ(client.connect(), 0);
  ASSERT_LE(client.subscribe("homeassistant/#", 0), 2);
  EXPECT_TRUE(hears_of_all(client, many, buttons, [](const TestMessage&) { return true; })) << "kept for it";
  ASSERT_LE(client.subscribe("devices/+/status", 0), 2);
  for (const auto& device : crowd) EXPECT_TRUE(client.wait_for("devices/" + device->id() + "/status")) << device->id();

  client.take_all();
  TestMessage hello;
  hello.topic = "homeassistant/status";
  hello.payload = "online";
  hello.qos = 0;
  client.publish(hello);
  EXPECT_TRUE(hears_of_all(client, many, buttons, [](const TestMessage& message) { return !message.retained; }))
      << "said again";
  watch.expect_nobody_was_limited();
}

TEST(HonestCrowds, ANodeRedWithFiftyFlowsAsksInBurstsOfFifty) {
  constexpr int flows = 50;
  constexpr int bursts = 10;
  HubProcess hub;
  Watch watch(hub);
  auto speaker = hub.device("Speaker");
  speaker->offer("Music", {"play(song: str)"});
  Member node_red(hub, {PrincipalType::user, owner, owner});
  node_red.connect();
  const std::vector<std::string> services = {"skills", "devices", "sessions"};
  for (const auto& service : services) node_red.listen_to(service + "/" + owner + "/response");
  for (int flow = static_cast<int>(services.size()); flow < flows; ++flow) {
    const auto& service = services[static_cast<std::size_t>(flow) % services.size()];
    node_red.listen_to(service + "/" + owner + "/response/flow_" + std::to_string(flow));
  }
  ASSERT_TRUE(node_red.hears_all());
  for (int burst = 0; burst < bursts; ++burst) {
    for (std::size_t flow = 0; flow < flows; ++flow) node_red.ask(services[flow % services.size()], {{"op", "list"}});
    ASSERT_TRUE(node_red.are_answered()) << "burst " << burst;
  }
  watch.expect_nobody_was_limited();
}

/// A poor wireless network: the device also registers its skills each time.
TEST(HonestCrowds, ADeviceThatLosesItsConnectionTenTimesASecondComesBackEachTime) {
  HubProcess hub;
  Watch watch(hub);
  auto crowd = devices(hub, watch.admin(), 1);
  for (int second = 0; second < 3; ++second) {
    const auto until = std::chrono::steady_clock::now() + 1s;
    for (int time = 0; time < 10; ++time) {
      ASSERT_EQ(connect_at_once(crowd), 1) << second << " " << time;
      ASSERT_EQ(register_at_once(crowd, {"toggle()"}), 1) << second << " " << time;
    }
    std::this_thread::sleep_until(until);
  }
  watch.expect_nobody_was_limited();
}

}  // namespace
}  // namespace strawberry::test
