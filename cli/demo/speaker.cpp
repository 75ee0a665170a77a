#include "cli/demo/speaker.h"

#include <chrono>

#include "cli/text.h"
#include "common/runtime/asio.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;

/// Skills not heard of for 30 minutes expire (contract, section 4).
constexpr std::chrono::minutes heartbeat_every{10};
constexpr const char* skill_class = "MusicControlSkill";

json skill(const char* signature, const char* docstring) {
  const std::string text = signature;
  return {{"class_name", skill_class},
          {"function_name", text.substr(0, text.find('('))},
          {"signature", text},
          {"docstring", docstring}};
}

json skills() {
  return json::array({skill("play_song(name: str, volume: int = 50) -> str", "Play a song by its name."),
                      skill("stop() -> str", "Stop the music."),
                      skill("set_volume(level: int) -> str", "Set how loud the music is, from 0 to 100.")});
}

/// The parameter `name`, given at `position` or by name; null when it was not given.
json parameter(const json& args, const json& kwargs, std::size_t position, const char* name) {
  if (args.is_array() && position < args.size()) return args[position];
  if (kwargs.is_object() && kwargs.contains(name)) return kwargs[name];
  return nullptr;
}

bool is_volume(const json& value) {
  return value.is_number_integer() && value.get<std::int64_t>() >= 0 && value.get<std::int64_t>() <= 100;
}

HubConnection::Options connection_of(const DemoDevice& device, Endpoint endpoint, std::function<std::string()> token) {
  HubConnection::Options options;
  options.endpoint = std::move(endpoint);
  options.who = device.who;
  options.token = std::move(token);
  options.reconnect = true;
  options.own_client_id = true;
  options.services = {Service::skills};
  options.filters = {skill_call_topic(device.who.principal.id)};
  return options;
}

}  // namespace

Speaker::Speaker(asio::io_context& loop, const DemoDevice& device, Endpoint endpoint,
                 std::function<std::string()> token, Handlers handlers)
    : loop_(loop),
      id_(device.who.principal.id),
      token_(std::move(token)),
      handlers_(std::move(handlers)),
      hub_(loop,
           [&] {
             HubConnection::Options options = connection_of(device, std::move(endpoint), token_);
             const std::string call_topic = options.filters.front();
             options.on_message = [this, call_topic](const MqttMessage& message) {
               if (message.topic == call_topic) called(message);
             };
             options.on_ready = [this] { came_back(); };
             options.on_lost = [this](const std::string&) { lost(); };
             return options;
           }()),
      heartbeat_(loop) {}

Task<Outcome<void>> Speaker::join() {
  Outcome<void> outcome = co_await hub_.open();
  if (outcome) outcome = co_await offer_skills();
  joined_ = outcome.has_value();
  if (joined_) keep_alive();
  co_return outcome;
}

Task<void> Speaker::close() {
  heartbeat_.cancel();
  co_await hub_.close();
}

Task<Outcome<void>> Speaker::offer_skills() {
  json body{{"op", "register"}, {"skills", skills()}};
  Outcome<json> reply = co_await hub_.request(Service::skills, std::move(body), patience, nullptr);
  if (!reply) co_return tl::unexpected(reply.error());
  co_return Outcome<void>{};
}

void Speaker::lost() {
  switch (loss_policy_.lost(hub_.loss_cause())) {
    case LossPolicy::Verdict::try_again: return;
    case LossPolicy::Verdict::taken_over:
      return handlers_.give_up({ExitCode::refused, "another connection came as the device " + id_ +
                                                       ": the demo runs twice; leave one of them"});
    case LossPolicy::Verdict::refused:
      return handlers_.give_up(
          {ExitCode::refused, "the broker does not let the speaker in: " + why_refused(token_(), clock_.wall_now())});
  }
}

void Speaker::came_back() {
  loss_policy_.connected();
  if (!joined_) return;
  asio::co_spawn(loop_, offer_skills(), asio::detached);
}

void Speaker::keep_alive() {
  heartbeat_.expires_after(heartbeat_every);
  heartbeat_.async_wait([this](const boost::system::error_code& cancelled) {
    if (cancelled) return;
    json body{{"op", "heartbeat"}};
    asio::co_spawn(loop_, hub_.request(Service::skills, std::move(body), patience, nullptr), asio::detached);
    keep_alive();
  });
}

void Speaker::called(const MqttMessage& message) {
  const auto call = parse_json(message.payload);
  if (!call || !call->is_object() || !message.response_topic) return;
  const json id = call->value("correlation_id", json());
  if (!id.is_string()) return;  // nobody could tell what the answer is to
  const auto* earlier = recent_calls_.answer_to(id.get<std::string>());
  const json answer = earlier != nullptr ? json::parse(*earlier) : run(*call);
  if (earlier == nullptr) recent_calls_.remember(id.get<std::string>(), to_text(answer));
  hub_.publish(*message.response_topic, answer);
}

json Speaker::run(const json& call) {
  const std::string path = call.value("skill_path", json()).is_string() ? call.at("skill_path").get<std::string>() : "";
  json answer{{"correlation_id", call.at("correlation_id")}, {"result", nullptr}, {"error", nullptr}};
  Result<json> result = fail("this speaker has no skill " + in_quotes(path));
  const std::string prefix = std::string(skill_class) + ".";
  if (path.rfind(prefix, 0) == 0) {
    result = perform(path.substr(prefix.size()), call.value("args", json()), call.value("kwargs", json()));
  }
  answer["success"] = result.has_value();
  if (result) {
    answer["result"] = *result;
  } else {
    answer["error"] = result.error().message;
  }
  return answer;
}

Result<json> Speaker::perform(const std::string& function, const json& args, const json& kwargs) {
  if (function == "play_song") {
    const json name = parameter(args, kwargs, 0, "name");
    const json volume = parameter(args, kwargs, 1, "volume");
    if (!name.is_string() || name.get_ref<const std::string&>().empty()) return fail("name: a song's name, please");
    if (!volume.is_null() && !is_volume(volume)) return fail("volume: an integer from 0 to 100, please");
    playing_ = name.get<std::string>();
    volume_ = volume.is_null() ? 50 : volume.get<std::int64_t>();
    handlers_.on_play(printable(playing_, 100) + "  (volume " + std::to_string(volume_) + ")");
    return json("Playing " + playing_);
  }
  if (function == "stop") {
    playing_.clear();
    handlers_.on_play("(silence)");
    return json("Stopped");
  }
  if (function == "set_volume") {
    const json level = parameter(args, kwargs, 0, "level");
    if (!is_volume(level)) return fail("level: an integer from 0 to 100, please");
    volume_ = level.get<std::int64_t>();
    handlers_.on_play("(volume " + std::to_string(volume_) + ")");
    return json("Volume " + std::to_string(volume_));
  }
  return fail("this speaker has no skill " + in_quotes(function));
}

}  // namespace strawberry::cli
