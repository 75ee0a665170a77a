/// What the hub says of itself to an admin.
#include <algorithm>
#include <filesystem>

#include "bridge/config/config.h"
#include "bridge/config/environment_providers.h"
#include "cli/doctor/gather.h"
#include "cli/text.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;

/// What is retained comes right behind the subscription.
constexpr std::chrono::milliseconds retained_timeout{1'000};
constexpr std::chrono::milliseconds answer_timeout{3'000};
constexpr std::size_t providers_shown_max = 32;
constexpr std::size_t refused_logins_max = 64;

std::uint64_t number_of(const json& object, const char* member) {
  const auto found = object.find(member);
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

void read_health(const json& health, HubFacts& hub) {
  hub.reported_at = parse_rfc3339(text_member(health, "ts"));
  hub.devices = number_of(health, "devices");
  hub.disk_low = is_true(health, "disk_low");
  const auto providers = health.find("providers");
  hub.providers.clear();
  if (providers == health.end() || !providers->is_array()) return;
  for (const json& provider : *providers) {
    if (!provider.is_object() || hub.providers.size() == providers_shown_max) continue;
    hub.providers.push_back({text_member(provider, "name"), text_member(provider, "state"),
                             number_of(provider, "requests"), number_of(provider, "failures")});
  }
}

/// Whom the plugin has not let in. Doctor's own knocking is none of them.
void read_refusals(const json& report, Facts& facts) {
  facts.refused_logins.emplace();
  const auto logins = report.find("logins");
  if (logins == report.end() || !logins->is_object()) return;
  const auto lately = logins->find("refused_lately");
  if (lately == logins->end() || !lately->is_array()) return;
  for (const json& entry : *lately) {
    if (!entry.is_object() || facts.refused_logins->size() == refused_logins_max) continue;
    RefusedLogin login;
    const auto at = parse_rfc3339(text_member(entry, "ts"));
    login.reason = text_member(entry, "reason");
    login.id = text_member(entry, "actor");
    if (login.id.empty()) login.id = text_member(entry, "client_id");
    login.address = text_member(entry, "address");
    login.times = number_of(entry, "times");
    if (!at || login.reason.empty() || login.id == doctor_client_id) continue;
    login.at = *at;
    facts.refused_logins->push_back(std::move(login));
  }
}

/// How bridge.toml says that this model is reached, or the environment when no model is named there.
ModelSettings settings_of_model(const std::string& settings_path, const std::string& name) {
  ModelSettings settings;
  settings.key_env = bridge::key_variable_of(name);
  const bridge::CheckedConfig checked = bridge::check_config_file(settings_path);
  for (const bridge::LlmProviderConfig& provider : checked.config.llm.providers) {
    if (provider.name != name) continue;
    settings.base_url = provider.base_url;
    if (!provider.api_key_env.empty() || !provider.api_key_file.empty()) settings.key_env = provider.api_key_env;
    // As the bridge reads it: beside bridge.toml.
    if (!provider.api_key_file.empty())
      settings.key_file = std::filesystem::path(settings_path).parent_path() / provider.api_key_file;
  }
  return settings;
}

/// One of the retained topics: true when it was the last that was missing.
bool read_topic(const MqttMessage& message, Facts& facts) {
  const auto payload = parse_json(message.payload);
  if (!payload || !payload->is_object()) return false;
  if (message.topic == hub_state_topic) facts.hub.state = text_member(*payload, "state");
  if (message.topic == hub_health_topic) read_health(*payload, facts.hub);
  if (message.topic == hub_broker_topic) read_refusals(*payload, facts);
  return !facts.hub.state.empty() && facts.hub.reported_at && facts.refused_logins;
}

/// Of an error that may be about several models, what is about this one.
void blame(const CliError& error, ChatFacts& chat) {
  chat.error = error.message;
  const auto details = parse_json(error.details);
  if (!details || !details->is_object()) return;
  const auto attempts = details->find("attempts");
  if (attempts == details->end() || !attempts->is_array()) return;
  for (const json& attempt : *attempts) {
    if (!attempt.is_object() || text_member(attempt, "provider") != chat.asked) continue;
    chat.reason = text_member(attempt, "reason");
    chat.status = static_cast<int>(number_of(attempt, "status"));
    const std::string message = text_member(attempt, "message");
    chat.error = message.empty() ? chat.reason : message;
  }
}

Task<ChatFacts> ask_model(HubConnection& hub, std::string name, std::chrono::milliseconds timeout) {
  ChatFacts chat;
  chat.asked = name;
  const json message = {{"role", "user"}, {"content", "Answer with the one word: ok"}};
  json body = {{"op", "complete"}, {"model", name}, {"tool_mode", "none"}};
  body["messages"] = json::array({message});
  const auto reply = co_await hub.request(Service::chat, std::move(body), timeout, nullptr);
  if (reply) {
    chat.answered_by = text_member(*reply, "provider");
  } else {
    blame(reply.error(), chat);
  }
  co_return chat;
}

/// A user who has devices, as chats are about them; without any, one that is made up.
std::string some_user(const DataDir& dir) {
  const auto directory = open_directory(dir);
  if (directory) {
    for (const DeviceRecord* device : (*directory)->all()) {
      if (device->is_active) return device->user_id;
    }
  }
  return "doctor";
}

Task<Outcome<void>> ask_models(HubConnection& hub, std::chrono::milliseconds timeout, Facts& facts) {
  const Outcome<void> opened = co_await hub.open();
  for (const ProviderFacts& provider : facts.hub.providers) {
    if (provider.name == "rules") continue;
    ChatFacts chat;
    if (opened) {
      chat = co_await ask_model(hub, provider.name, timeout);
    } else {
      chat.asked = provider.name;
      chat.error = opened.error().message;
    }
    chat.settings = settings_of_model(facts.settings_path, provider.name);
    facts.chats->push_back(std::move(chat));
  }
  co_await hub.close();
  co_return Outcome<void>{};
}

/// A chat works on a user's skills, and an admin has none.
void ask_models_as_user(const CommandLine& line, Facts& facts) {
  const auto who = user(some_user(line.data_dir()));
  if (!who) return;
  auto options = connection_options(line, *who);
  if (!options) return;
  facts.chats.emplace();
  options->services = {Service::chat};
  const auto timeout = options->connect_timeout;
  asio::io_context loop;
  HubConnection hub(loop, std::move(*options));
  (void)run(loop, ask_models(hub, timeout, facts));
}

struct Visit {
  Facts& facts;
  OneShot<bool>& reported;
};

Task<Outcome<void>> look(HubConnection& hub, Visit& visit) {
  Facts& facts = visit.facts;
  const Outcome<void> opened = co_await hub.open();
  if (opened) {
    facts.broker.admin = LoginResult::accepted;
  } else {
    const bool is_refused = hub.loss_cause() == LossCause::refused;
    facts.broker.admin = is_refused ? LoginResult::refused : LoginResult::no_answer;
    if (facts.broker.admin_problem.empty()) facts.broker.admin_problem = "nothing came within 3 s";
  }
  if (opened && facts.broker.anonymous != LoginResult::accepted) {
    co_await visit.reported.wait_until(std::chrono::steady_clock::now() + retained_timeout);
    json body = {{"op", "me"}};
    const auto reply = co_await hub.request(Service::devices, std::move(body), answer_timeout, nullptr);
    // An admin is no device: it is the answer that counts.
    facts.hub.answers = reply || reply.error().code == ExitCode::refused;
    if (!facts.hub.answers) facts.hub.problem = reply.error().message;
  }
  co_await hub.close();
  co_return Outcome<void>{};
}

}  // namespace

void ask_hub_how_it_is(const CommandLine& line, bool chat, Facts& facts) {
  auto options = connection_options(line, admin());
  if (!options) return;
  asio::io_context loop;
  OneShot<bool> reported(loop.get_executor());
  options->connect_timeout = std::min(options->connect_timeout, answer_timeout);
  options->services = {Service::devices, Service::chat};
  options->filters = {hub_health_topic, hub_broker_topic};
  // What is said of the port must hold for the port.
  if (facts.broker.is_listening) options->endpoint.socket.clear();
  options->on_message = [&](const MqttMessage& message) {
    if (read_topic(message, facts)) reported.set(true);
  };
  options->on_lost = [&](const std::string& reason) {
    if (facts.broker.admin == LoginResult::untried && facts.broker.admin_problem.empty()) {
      facts.broker.admin_problem = printable(reason, 200);
    }
  };
  HubConnection hub(loop, std::move(*options));
  Visit visit{facts, reported};
  (void)run(loop, look(hub, visit));
  if (chat && facts.hub.answers) ask_models_as_user(line, facts);
}

}  // namespace strawberry::cli
