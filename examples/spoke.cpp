/// A Spoke in C++: a device that offers a skill to a Strawberry hub. Copy it and write skills of your own.
///
///   sudo apt install libpaho-mqttpp-dev libpaho-mqtt-dev nlohmann-json3-dev
///   cmake --build build/release --target example-spoke
///   strawberryctl device add 'Garden Lamp' --user demo --mosquitto var/lamp
///   build/release/bin/example-spoke var/lamp
///
///   strawberryctl call garden_lamp.LampSkill.turn_on 40        (in another terminal)
///
/// Paho has no option for TCP_NODELAY, which may cost 40 ms a call; libmosquitto has one (MOSQ_OPT_TCP_NODELAY).
#include <mqtt/async_client.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <deque>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

using nlohmann::json;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr auto heartbeat_every = 10min;  // skills that are not heard of for 30 minutes expire
constexpr auto remember_for = 10min;
constexpr std::size_t remembered_max = 256;
// Not every broker says that another connection took this one over: so many in a row that were lost that soon mean it.
constexpr auto quick_loss = 5s;
constexpr int quick_losses_max = 5;
std::atomic<bool> stopping = false;

const json skills = {{{"class_name", "LampSkill"},
                      {"function_name", "turn_on"},
                      {"signature", "turn_on(brightness: int = 100) -> str"},
                      {"docstring", "Turn the garden lamp on."}}};

/// Does what is asked, or throws why not.
json run(const json& call) {
  if (call.at("skill_path") != "LampSkill.turn_on") throw std::runtime_error("there is no such skill here");
  const json& args = call.at("args");
  const json brightness = args.empty() ? call.at("kwargs").value("brightness", json(100)) : args.at(0);
  if (!brightness.is_number_integer()) throw std::runtime_error("brightness must be a whole number");
  std::cout << "the lamp shines at " << brightness << " %" << std::endl;
  return "The lamp is on at " + brightness.dump() + " %";
}

json answer_to(const json& call, const std::string& id) {
  try {
    return {{"correlation_id", id}, {"success", true}, {"result", run(call)}, {"error", nullptr}};
  } catch (const std::exception& error) {
    return {{"correlation_id", id}, {"success", false}, {"result", nullptr}, {"error", error.what()}};
  }
}

class Spoke {
 public:
  /// `options`: host (-h), port (-p), id (-u), token (-P), TLS (--cafile), as `device add --mosquitto` wrote them.
  explicit Spoke(std::map<std::string, std::string> options)
      : topic_("skills/" + options["-u"] + "/"),
        mqtt_((options.count("--cafile") ? "ssl://" : "tcp://") + options["-h"] + ":" + options["-p"], options["-u"],
              mqtt::create_options_builder()
                  .mqtt_version(MQTTVERSION_5)
                  .send_while_disconnected()
                  .max_buffered_messages(10'000)
                  .finalize()) {
    connect_.set_mqtt_version(MQTTVERSION_5);
    connect_.set_clean_start(true);
    connect_.set_automatic_reconnect(1s, 30s);
    connect_.set_user_name(options["-u"]);
    connect_.set_password(options["-P"]);
    if (options.count("--cafile"))
      connect_.set_ssl(mqtt::ssl_options_builder().trust_store(options["--cafile"]).finalize());
    mqtt_.set_connected_handler([this](const std::string&) { connected(); });
    mqtt_.set_connection_lost_handler([this](const std::string&) { lost(); });
    mqtt_.set_disconnected_handler([this](const mqtt::properties&, mqtt::ReasonCode reason) {
      std::cout << "the broker ended the connection: " << MQTTReasonCode_toString(MQTTReasonCodes(reason)) << std::endl;
      if (reason == mqtt::ReasonCode::SESSION_TAKEN_OVER) stopping = taken_over_ = true;
    });
    mqtt_.start_consuming();
  }

  void serve() {
    // Throws when there is no hub, or it does not accept the token; from then on Paho comes back by itself.
    mqtt_.connect(connect_)->wait();
    auto heartbeat_at = steady_clock::now() + heartbeat_every;
    while (!stopping) {
      mqtt::const_message_ptr message;  // null when the connection was lost
      if (mqtt_.try_consume_message_for(&message, 500ms) && message) received(*message);
      if (steady_clock::now() < heartbeat_at) continue;
      publish("request", {{"op", "heartbeat"}});
      heartbeat_at += heartbeat_every;
    }
    if (mqtt_.is_connected()) mqtt_.disconnect()->wait_for(2s);
    if (taken_over_)
      throw std::runtime_error("another connection came as this device: it runs twice; leave one of them");
  }

 private:
  struct Answer {
    std::string correlation_id;
    json answer;
    steady_clock::time_point given_at;
  };

  /// At every connect, the first and those after a loss: listen. The hub's state is the first that comes.
  void connected() try {
    connected_at_ = steady_clock::now();
    mqtt_.subscribe(topic_ + "call", 1);
    mqtt_.subscribe(topic_ + "response", 1);
    mqtt_.subscribe("hub/state", 1);
  } catch (const mqtt::exception&) {  // lost again already
  }

  void lost() {
    quick_losses_ = steady_clock::now() - connected_at_ < quick_loss ? quick_losses_ + 1 : 0;
    if (quick_losses_ >= quick_losses_max) stopping = taken_over_ = true;
  }

  void received(const mqtt::message& message) {
    const json payload = json::parse(message.to_string(), nullptr, /*allow_exceptions=*/false);
    if (message.get_topic() == "hub/state") {  // at every connect, and whenever the hub is back
      if (payload.is_object() && payload.value("state", "") == "online")
        publish("request", {{"op", "register"}, {"skills", skills}});
    } else if (message.get_topic() == topic_ + "response") {
      std::cout << "the hub says " << payload << std::endl;
    } else if (payload.is_object() && payload.contains("correlation_id") && payload["correlation_id"].is_string()) {
      called(payload, payload["correlation_id"].get<std::string>());
    }
  }

  /// Answers a call once: one that comes again gets the same answer, and nothing is done a second time.
  void called(const json& call, const std::string& id) {
    const auto now = steady_clock::now();
    while (!recent_.empty() && (recent_.size() >= remembered_max || recent_.front().given_at + remember_for < now))
      recent_.pop_front();
    auto found =
        std::find_if(recent_.begin(), recent_.end(), [&](const auto& each) { return each.correlation_id == id; });
    if (found == recent_.end()) found = recent_.insert(found, {id, answer_to(call, id), now});
    publish("result", found->answer);
  }

  void publish(const std::string& leaf, const json& payload) { mqtt_.publish(topic_ + leaf, payload.dump(), 1, false); }

  const std::string topic_;
  mqtt::async_client mqtt_;
  mqtt::connect_options connect_;
  std::deque<Answer> recent_;  // oldest first
  std::atomic<bool> taken_over_ = false;
  // Of Paho's thread:
  steady_clock::time_point connected_at_;
  int quick_losses_ = 0;
};

int main(int argc, char** argv) try {
  std::map<std::string, std::string> options;  // lines like `-h 127.0.0.1`
  std::ifstream file(argc == 2 ? std::string(argv[1]) + "/mosquitto_pub" : "");
  for (std::string line; std::getline(file, line);)
    options[line.substr(0, line.find(' '))] = line.substr(line.find(' ') + 1);
  if (options["-P"].empty()) throw std::runtime_error("usage: example-spoke DIR, from 'device add --mosquitto DIR'");
  std::signal(SIGINT, [](int) { stopping = true; });
  std::signal(SIGTERM, [](int) { stopping = true; });
  const std::string id = options["-u"];
  try {
    Spoke(std::move(options)).serve();
  } catch (const mqtt::exception& error) {
    const int code = std::max(error.get_return_code(), error.get_reason_code());  // versions of Paho differ
    if (code < 0x80) throw;
    throw std::runtime_error("not let in (" + std::string(MQTTReasonCode_toString(MQTTReasonCodes(code))) +
                             "): the token has expired, it or the device was revoked, or it is another hub's. On the " +
                             "hub's machine: strawberryctl token issue --device " + id + " --mosquitto DIR");
  }
} catch (const std::exception& error) {
  std::cerr << "example-spoke: " << error.what() << std::endl;
  return 1;
}
