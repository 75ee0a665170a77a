#include "tests/support/hub_process.h"

#include <csignal>
#include <fstream>
#include <stdexcept>

#include "common/contract/device_name.h"
#include "common/text/ids.h"
#include "tests/support/no_language_model.h"

namespace strawberry::test {

using nlohmann::json;

namespace {

/// One-time tokens and the web door's have no permission for the other services.
bool may_ask(PrincipalType type, const std::string& service) {
  if (type == PrincipalType::gateway) return service == "users";
  if (type == PrincipalType::grant && service == "users") return true;
  return !is_one_time(type) || service == "devices";
}

}  // namespace

Spoke::Spoke(const HubProcess& hub, Principal principal, int version, std::string client_id, std::string token)
    : principal_(std::move(principal)) {
  MqttTestClient::Options options;
  options.port = hub.port();
  options.version = version;
  options.client_id = client_id.empty() ? principal_.id : client_id;
  options.user_name = principal_.id;
  options.password = token.empty() ? hub.files().token(principal_) : std::move(token);
  client_ = std::make_unique<MqttTestClient>(std::move(options));
  if (const int code = client_->connect(); code != 0) {
    throw std::runtime_error(principal_.id + " cannot connect: " + std::to_string(code) + "\n" +
                             const_cast<HubProcess&>(hub).broker().log());
  }
  for (const std::string service : {"devices", "skills", "chat", "sessions", "users"}) {
    if (!may_ask(principal_.type, service)) continue;
    if (client_->subscribe(service + "/" + principal_.id + "/response/#") >= 0x80) {
      throw std::runtime_error(principal_.id + " may not hear its own responses");
    }
  }
}

std::string Spoke::send(const std::string& service, json request) {
  if (!request.contains("correlation_id")) request["correlation_id"] = new_id();
  client_->publish(service + "/" + principal_.id + "/request", request.dump());
  return request["correlation_id"].get<std::string>();
}

json Spoke::response(const std::string& service, const std::string& correlation_id, std::chrono::milliseconds timeout) {
  const auto topic = service + "/" + principal_.id + "/response";
  const auto message = client_->wait_for(
      [&](const TestMessage& candidate) {
        if (candidate.topic != topic) return false;
        const auto reply = json::parse(candidate.payload, nullptr, false);
        return reply.is_object() && reply.contains("success") &&
               reply.value("correlation_id", json()) == correlation_id;
      },
      timeout);
  if (!message) throw std::runtime_error("no response to " + correlation_id + " on " + topic);
  return json::parse(message->payload);
}

json Spoke::ask(const std::string& service, json request, std::chrono::milliseconds timeout) {
  const auto id = send(service, std::move(request));
  return response(service, id, timeout);
}

json Spoke::result_of(const std::string& service, json request) {
  auto reply = ask(service, std::move(request));
  if (!reply.at("success").get<bool>()) throw std::runtime_error("asked " + service + ": " + reply.dump());
  return reply.at("result");
}

std::string Spoke::code_of(const std::string& service, json request) {
  const auto reply = ask(service, std::move(request));
  return reply.at("success").get<bool>() ? "ok" : reply.at("error").at("code").get<std::string>();
}

void Spoke::offer(const std::string& class_name, const std::vector<std::string>& signatures, bool device_agnostic) {
  if (client_->subscribe("skills/" + principal_.id + "/call") >= 0x80) throw std::runtime_error("may not hear calls");
  json skills = json::array();
  for (const auto& signature : signatures) {
    skills.push_back({{"class_name", class_name},
                      {"function_name", signature.substr(0, signature.find('('))},
                      {"signature", signature},
                      {"docstring", "For a test."},
                      {"device_agnostic", device_agnostic}});
  }
  result_of("skills", {{"op", "register"}, {"skills", skills}});
}

std::optional<json> Spoke::next_call(std::chrono::milliseconds timeout) {
  const auto message = client_->wait_for("skills/" + principal_.id + "/call", timeout);
  if (!message) return std::nullopt;
  return json::parse(message->payload);
}

void Spoke::answer(const json& call, const json& result) {
  answer_raw(
      json{{"correlation_id", call.at("correlation_id")}, {"success", true}, {"result", result}, {"error", nullptr}}
          .dump());
}

void Spoke::answer_raw(const std::string& payload) { client_->publish("skills/" + principal_.id + "/result", payload); }

namespace {

BrokerProcess::Options broker_options(const TestHub& files, const HubProcess::Options& hub) {
  BrokerProcess::Options options;
  if (hub.broker_socket) options.socket_path = files.socket_path();
  options.keys_path = files.keys_path();
  options.database_path = files.database_path();
  options.persistence = hub.broker_persistence;
  options.rate_limits = hub.rate_limits;
  // As in config/mosquitto.conf: with its defaults the broker drops messages when thousands arrive.
  options.config = {"max_inflight_messages 1000", "max_queued_messages 100000", "max_inflight_bytes 8388608",
                    "max_queued_bytes 16777216"};
  options.config.insert(options.config.end(), hub.broker_config.begin(), hub.broker_config.end());
  return options;
}

}  // namespace

HubProcess::HubProcess(Options options) : options_(std::move(options)), broker_(broker_options(files_, options_)) {
  if (options_.start_bridge) start_bridge();
}

void HubProcess::launch_bridge() {
  ChildProcess::Options process;
  process.argv = {STRAWBERRY_BRIDGE_PATH};
  process.environment = options_.environment;
  process.environment.merge(no_language_model());
  process.environment["STRAWBERRY_DATA_DIR"] = files_.directory().path();
  process.environment["STRAWBERRY_BROKER_PORT"] = std::to_string(port());
  if (!options_.config.empty()) {
    const auto path = files_.directory().file("bridge.toml");
    std::ofstream(path) << options_.config;
    process.argv.insert(process.argv.end(), {"--config", path});
  }
  bridge_ = std::make_unique<ChildProcess>(std::move(process));
}

void HubProcess::start_bridge() {
  launch_bridge();
  wait_until_serving();
}

void HubProcess::wait_until_serving(std::size_t from) {
  if (!bridge_->wait_for_output("serving at", std::chrono::seconds(15), from)) {
    throw std::runtime_error("the bridge does not serve:\n" + bridge_->output() + "\nthe broker:\n" + broker_.log());
  }
}

void HubProcess::kill_bridge() {
  bridge_->signal(SIGKILL);
  bridge_->wait_for_exit(std::chrono::seconds(5));
}

std::unique_ptr<Spoke> HubProcess::device(const std::string& name, const std::string& user, int version) {
  const auto id = normalize_device_name(name);
  auto asking = admin();
  asking->result_of("devices", {{"op", "register"}, {"user_id", user}, {"name", name}, {"device_id", id}});
  auto spoke = std::make_unique<Spoke>(*this, Principal{PrincipalType::device, id, user}, version);
  // The bridge learns of it from the plugin's status message, some moments after CONNACK.
  for (int tries = 0; tries < 200; ++tries) {
    if (spoke->result_of("devices", {{"op", "me"}}).at("online").get<bool>()) return spoke;
  }
  throw std::runtime_error(id + " is not seen online:\n" + bridge_->output() + broker_.log());
}

std::unique_ptr<Spoke> HubProcess::user(const std::string& user_id) {
  return std::make_unique<Spoke>(*this, Principal{PrincipalType::user, user_id, user_id}, 5, "user-" + new_id());
}

std::unique_ptr<Spoke> HubProcess::admin() {
  return std::make_unique<Spoke>(*this, Principal{PrincipalType::admin, "admin", ""}, 5, "admin-" + new_id());
}

}  // namespace strawberry::test
