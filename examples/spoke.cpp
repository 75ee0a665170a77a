/// A Spoke in C++: a device that offers a skill to a Strawberry hub. Copy it and write skills of your own.
///
///   sudo apt install libpaho-mqttpp-dev libpaho-mqtt-dev nlohmann-json3-dev
///   strawberryctl device add 'Garden Lamp' --user demo --mosquitto var/lamp
///   build/release/bin/example-spoke var/lamp
///
///   strawberryctl call garden_lamp.LampSkill.turn_on 40        (in another terminal)
///
/// Paho has no option for TCP_NODELAY, which costs some 40 ms a call; libmosquitto has one (MOSQ_OPT_TCP_NODELAY).
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
#include <thread>

using nlohmann::json;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

namespace {

constexpr auto heartbeat_every = 10min;  // skills that are not heard of for 30 minutes expire
constexpr auto remember_for = 10min;
constexpr std::size_t remembered_max = 256;

std::atomic<bool> stopping = false;

const json skills = {{{"class_name", "LampSkill"},
                      {"function_name", "turn_on"},
                      {"signature", "turn_on(brightness: int = 100) -> str"},
                      {"docstring", "Turn the garden lamp on."}}};

/// Does what is asked, or throws why not.
json run(const json& call) {
  if (call.at("skill_path") != "LampSkill.turn_on") throw std::runtime_error("there is no such skill here");
  const json args = call.value("args", json::array());
  const json kwargs = call.value("kwargs", json::object());
  const json brightness = args.empty() ? kwargs.value("brightness", json(100)) : args.at(0);
  if (!brightness.is_number_integer()) throw std::runtime_error("brightness must be a whole number");
  std::cout << "the lamp shines at " << brightness << " %" << std::endl;
  return "The lamp is on at " + brightness.dump() + " %";
}

class Spoke {
 public:
  /// `options`: host (-h), port (-p), id (-u) and token (-P), as `device add --mosquitto` wrote them.
  explicit Spoke(std::map<std::string, std::string> options)
      : id_(options["-u"]),
        mqtt_("tcp://" + options["-h"] + ":" + options["-p"], id_,
              mqtt::create_options_builder().mqtt_version(MQTTVERSION_5).send_while_disconnected().finalize()),
        connect_(mqtt::connect_options_builder()
                     .mqtt_version(MQTTVERSION_5)
                     .clean_start()
                     .automatic_reconnect(1s, 30s)
                     .keep_alive_interval(30s)
                     .user_name(id_)
                     .password(options["-P"])
                     .finalize()) {
    mqtt_.set_connected_handler([this](const std::string&) { connected(); });
    mqtt_.start_consuming();
  }

  void serve() {
    while (!stopping && !connect()) std::this_thread::sleep_for(2s);
    auto heartbeat_at = steady_clock::now() + heartbeat_every;
    while (!stopping) {
      mqtt::const_message_ptr message;  // null when the connection was lost, which comes back by itself
      if (mqtt_.try_consume_message_for(&message, 500ms) && message) received(*message);
      if (steady_clock::now() < heartbeat_at) continue;
      publish("request", json{{"op", "heartbeat"}}.dump());
      heartbeat_at += heartbeat_every;
    }
    if (mqtt_.is_connected()) mqtt_.disconnect()->wait_for(2s);
  }

 private:
  struct Answer {
    std::string correlation_id;
    std::string text;
    steady_clock::time_point given_at;
  };

  bool connect() {
    try {
      mqtt_.connect(connect_)->wait();
      return true;
    } catch (const mqtt::exception& error) {
      std::cerr << "not connected: " << error.what() << std::endl;
      return false;
    }
  }

  /// At every connect, the first and those after a loss: listen, then say what this device can do.
  void connected() {
    mqtt_.subscribe("skills/" + id_ + "/call", 1);
    mqtt_.subscribe("skills/" + id_ + "/response", 1);
    publish("request", json{{"op", "register"}, {"skills", skills}}.dump());
  }

  void received(const mqtt::message& message) {
    const json payload = json::parse(message.to_string(), nullptr, /*allow_exceptions=*/false);
    if (!payload.is_object()) return;
    if (message.get_topic() == "skills/" + id_ + "/response") {
      std::cout << "the hub says " << payload << std::endl;
    } else if (payload.contains("correlation_id") && payload["correlation_id"].is_string()) {
      called(payload, payload["correlation_id"].get<std::string>());
    }
  }

  /// Answers a call once: one that comes again gets the same answer, and nothing is done a second time.
  void called(const json& call, const std::string& id) {
    const auto now = steady_clock::now();
    while (!answers_.empty() && (answers_.size() >= remembered_max || answers_.front().given_at + remember_for < now))
      answers_.pop_front();
    auto found = std::find_if(answers_.begin(), answers_.end(), [&](const auto& a) { return a.correlation_id == id; });
    if (found == answers_.end()) found = answers_.insert(answers_.end(), {id, answer_to(call, id), now});
    publish("result", found->text);
  }

  static std::string answer_to(const json& call, const std::string& id) {
    try {
      return json{{"correlation_id", id}, {"success", true}, {"result", run(call)}, {"error", nullptr}}.dump();
    } catch (const std::exception& error) {
      return json{{"correlation_id", id}, {"success", false}, {"result", nullptr}, {"error", error.what()}}.dump();
    }
  }

  void publish(const std::string& leaf, const std::string& payload) {
    mqtt_.publish("skills/" + id_ + "/" + leaf, payload, 1, /*retained=*/false);
  }

  const std::string id_;
  mqtt::async_client mqtt_;
  const mqtt::connect_options connect_;
  std::deque<Answer> answers_;  // oldest first
};

}  // namespace

int main(int argc, char** argv) try {
  std::map<std::string, std::string> options;
  std::ifstream file(argc == 2 ? std::string(argv[1]) + "/mosquitto_pub" : "");
  for (std::string name, value; file >> name && std::getline(file >> std::ws, value);) options[name] = value;
  if (options["-P"].empty()) throw std::runtime_error("usage: example-spoke DIR, from 'device add --mosquitto DIR'");
  std::signal(SIGINT, [](int) { stopping = true; });
  std::signal(SIGTERM, [](int) { stopping = true; });
  Spoke(std::move(options)).serve();
} catch (const std::exception& error) {
  std::cerr << "example-spoke: " << error.what() << std::endl;
  return 1;
}
