/// What the hub says of itself to an admin.
#include <algorithm>

#include "bridge/cli/doctor/gather.h"
#include "bridge/cli/text.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;

/// What is retained comes right behind the subscription.
constexpr std::chrono::milliseconds retained_timeout{1'000};
constexpr std::chrono::milliseconds answer_timeout{3'000};
constexpr std::size_t providers_max = 32;

std::string text_of(const json& object, const char* member) {
  const auto found = object.find(member);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::uint64_t number_of(const json& object, const char* member) {
  const auto found = object.find(member);
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

void read_health(const json& health, HubFacts& hub) {
  hub.reported_at = parse_rfc3339(text_of(health, "ts"));
  hub.devices = number_of(health, "devices");
  const auto providers = health.find("providers");
  hub.providers.clear();
  if (providers == health.end() || !providers->is_array()) return;
  for (const json& provider : *providers) {
    if (!provider.is_object() || hub.providers.size() == providers_max) continue;
    hub.providers.push_back({text_of(provider, "name"), text_of(provider, "state"), number_of(provider, "requests"),
                             number_of(provider, "failures")});
  }
}

/// One of both retained topics: true when it was the last that was missing.
bool read_topic(const MqttMessage& message, HubFacts& hub) {
  const auto payload = parse_json(message.payload);
  if (!payload || !payload->is_object()) return false;
  if (message.topic == "hub/state") hub.state = text_of(*payload, "state");
  if (message.topic == "hub/health") read_health(*payload, hub);
  return !hub.state.empty() && hub.reported_at;
}

Task<ChatFacts> ask_model(HubConnection& hub, std::string name, std::chrono::milliseconds timeout) {
  ChatFacts chat;
  chat.asked = name;
  const json message = {{"role", "user"}, {"content", "Answer with the one word: ok"}};
  json body = {{"op", "complete"}, {"model", name}, {"tool_mode", "none"}};
  body["messages"] = json::array({message});
  auto reply = co_await hub.request(Service::chat, std::move(body), timeout, nullptr);
  if (reply) {
    chat.answered_by = text_of(*reply, "provider");
  } else {
    chat.error = reply.error().message;
  }
  co_return chat;
}

struct Visit {
  Facts& facts;
  bool chat;
  std::chrono::milliseconds chat_timeout;
  OneShot<bool>& reported;
};

Task<Outcome<void>> look(HubConnection& hub, Visit& visit) {
  Facts& facts = visit.facts;
  const Outcome<void> opened = co_await hub.open();
  facts.broker.admin = opened ? LoginResult::accepted : LoginResult::refused;
  if (opened && facts.broker.anonymous != LoginResult::accepted) {
    co_await visit.reported.wait_until(std::chrono::steady_clock::now() + retained_timeout);
    json body = {{"op", "me"}};
    const auto reply = co_await hub.request(Service::devices, std::move(body), answer_timeout, nullptr);
    // An admin is no device: it is the answer that counts.
    facts.hub.answers = reply || reply.error().code == ExitCode::refused;
    if (!facts.hub.answers) facts.hub.problem = reply.error().message;
    if (visit.chat && facts.hub.answers) {
      facts.chats.emplace();
      for (const ProviderFacts& provider : facts.hub.providers) {
        if (provider.name == "rules") continue;
        ChatFacts chat = co_await ask_model(hub, provider.name, visit.chat_timeout);
        facts.chats->push_back(std::move(chat));
      }
    }
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
  const auto chat_timeout = options->connect_timeout;
  options->connect_timeout = std::min(options->connect_timeout, answer_timeout);
  options->services = {Service::devices, Service::chat};
  options->filters = {"hub/health"};
  options->on_message = [&](const MqttMessage& message) {
    if (read_topic(message, facts.hub)) reported.set(true);
  };
  HubConnection hub(loop, std::move(*options));
  Visit visit{facts, chat, chat_timeout, reported};
  (void)run(loop, look(hub, visit));
}

}  // namespace strawberry::cli
