#include "cli/tail/watch.h"

#include "cli/tail/summary.h"
#include "cli/text.h"
#include "common/contract/envelope.h"
#include "common/identity/stamp.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;

constexpr std::size_t request_bytes_max = 1024 * 1024;  // the broker's maximum for a packet
constexpr std::size_t word_bytes_max = 64;
constexpr std::size_t stream_text_bytes_max = 1024;

std::string word(std::string_view text) { return printable(text, word_bytes_max); }

std::optional<std::string> user_property(const MqttMessage& message, std::string_view name) {
  for (const auto& [key, value] : message.user_properties) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::optional<std::string> correlation_id_of(const json& payload) {
  const std::string id = text_member(payload, "correlation_id");
  return id.empty() ? std::nullopt : std::optional<std::string>(id);
}

std::string outcome_of(const json& answer) {
  const auto success = answer.find("success");
  if (success != answer.end() && success->is_boolean() && success->get<bool>()) return "ok";
  const auto error = answer.find("error");
  const std::string code = error == answer.end() ? std::string() : text_member(*error, "code");
  return code.empty() ? "failed" : word(code);
}

}  // namespace

std::string Watch::Ids::key(const ServiceTopic& topic) const {
  if (!correlation_id && !correlation_data) return {};
  return std::string(to_string(topic.service)) + "/" + std::string(topic.id) +
         (correlation_id ? "/id " + *correlation_id : "/data " + *correlation_data);
}

Watch::Watch(const Clock& clock, Options options, NameOf name_of)
    : clock_(clock), options_(std::move(options)), ask_name_(std::move(name_of)) {
  if (!options_.follow_correlation.empty()) follow_.emplace(options_.follow_correlation);
}

std::vector<Sight> Watch::see(const MqttMessage& message) {
  std::vector<Sight> lines;
  Sight sight;
  sight.at = clock_.wall_now();
  sight.topic = message.topic;
  sight.retained = message.retained;
  auto document = parse_json(message.payload);
  sight.payload = document ? without_tokens(std::move(*document)) : json(message.payload);
  sight.correlation_id = text_member(sight.payload, "correlation_id");

  const auto topic = parse_service_topic(message.topic);
  bool shown = false;
  if (topic) sight.id = std::string(topic->id);
  if (topic && topic->rest == "request") {
    shown = request(message, *topic, sight);
  } else if (topic && (topic->rest == "response" || topic->rest.starts_with("response/"))) {
    shown = response(message, *topic, sight, lines);
  } else if (topic && topic->service == Service::skills && topic->rest == "call") {
    shown = call(message, sight);
  } else if (topic && topic->service == Service::skills && topic->rest == "result") {
    shown = result(sight);
  } else if (topic && topic->service == Service::devices && topic->rest == "status") {
    shown = status(*topic, sight);
  } else {
    shown = notice(sight);
  }
  if (!shown) return lines;
  if (sight.who.empty()) sight.who = name_of(sight.id);
  lines.push_back(std::move(sight));
  return lines;
}

bool Watch::request(const MqttMessage& message, const ServiceTopic& topic, Sight& sight) {
  sight.direction = Direction::to_hub;
  const auto envelope = read_envelope(topic.service, message.payload, request_bytes_max);
  const Ids ids{envelope ? envelope->correlation_id : envelope.error().correlation_id, message.correlation_data};
  sight.op = std::string(to_string(topic.service)) + (envelope ? "." + word(envelope->op) : "");
  sight.summary = summary_of_request(sight.payload, summary_bytes_max);
  if (const std::string key = ids.key(topic); !key.empty()) requests_.put(key, {sight.op, clock_.steady_now()});
  return is_everything() || follow_->request(stamped_principal(message, topic.id), topic.service, ids.correlation_id,
                                             ids.correlation_data, sight.payload);
}

bool Watch::response(const MqttMessage& message, const ServiceTopic& topic, Sight& sight, std::vector<Sight>& lines) {
  sight.direction = Direction::from_hub;
  const Ids ids{correlation_id_of(sight.payload), message.correlation_data};
  if (!is_everything() && !follow_->response(ids.correlation_id, ids.correlation_data, sight.payload)) return false;
  const std::string key = ids.key(topic);
  sight.op = std::string(to_string(topic.service));
  const std::string event = text_member(sight.payload, "event");
  const bool is_event = !event.empty() && !sight.payload.contains("success");
  if (is_event) {
    sight.op += "." + word(event);
    if (event == "delta" && options_.gather_text && !key.empty()) {
      sight.who = name_of(sight.id);
      return gather(key, sight, lines), false;
    }
    let_go(key, lines);
    sight.summary = summary_of_event(event, sight.payload, summary_bytes_max);
    return true;
  }
  let_go(key, lines);
  if (const auto asked = requests_.take(key)) {
    sight.op = asked->op;
    sight.took = clock_.steady_now() - asked->at;
  }
  sight.outcome = outcome_of(sight.payload);
  sight.summary = summary_of_answer(sight.payload, summary_bytes_max);
  return true;
}

bool Watch::call(const MqttMessage& message, Sight& sight) {
  sight.direction = Direction::from_hub;
  sight.op = "call";
  sight.summary = summary_of_request(sight.payload, summary_bytes_max);
  calls_.put(sight.id + "/" + sight.correlation_id, clock_.steady_now());
  return is_everything() || follow_->call(sight.correlation_id, user_property(message, request_id_property));
}

bool Watch::result(Sight& sight) {
  sight.direction = Direction::to_hub;
  sight.op = "result";
  sight.outcome = sight.payload.is_object() ? outcome_of(sight.payload) : "failed";
  sight.summary = summary_of_answer(sight.payload, summary_bytes_max);
  if (const auto called = calls_.take(sight.id + "/" + sight.correlation_id)) {
    sight.took = clock_.steady_now() - *called;
  }
  return is_everything() || follow_->result(sight.correlation_id);
}

bool Watch::status(const ServiceTopic& topic, Sight& sight) {
  sight.op = "status";
  if (const std::string name = text_member(sight.payload, "name"); !name.empty())
    names_.put(std::string(topic.id), name);
  sight.outcome =
      word(sight.payload.is_string() ? sight.payload.get<std::string>() : text_member(sight.payload, "state"));
  sight.summary = word(text_member(sight.payload, "reason"));
  return is_everything();
}

bool Watch::notice(Sight& sight) {
  if (sight.topic == "hub/audit" && sight.payload.is_object()) {
    sight.id = word(text_member(sight.payload, "actor"));
    if (sight.id.empty()) sight.who = "-";
    sight.op = "audit";
    sight.outcome = word(text_member(sight.payload, "outcome"));
    sight.summary = summary_of_audit(sight.payload, summary_bytes_max);
    return is_everything();
  }
  sight.op = printable(sight.topic, 200);
  if (const auto id = announced_id(sight.topic); !id.empty()) {
    sight.id = std::string(id);
    sight.op = "announced";
    const bool is_cleared = sight.payload == "";
    const bool is_config = sight.topic.ends_with("/config");
    sight.summary = is_cleared  ? "no more"
                    : is_config ? "to Home Assistant"
                                : show_value(sight.payload, summary_bytes_max);
    return is_everything();
  }
  if (sight.topic.starts_with("hub/")) sight.who = "hub";
  if (sight.who.empty()) sight.who = "-";
  sight.outcome = sight.topic == hub_state_topic ? word(text_member(sight.payload, "state")) : "";
  sight.summary = show_value(sight.payload, summary_bytes_max);
  return is_everything();
}

void Watch::gather(const std::string& key, const Sight& sight, std::vector<Sight>& lines) {
  Stream* stream = streams_.find(key);
  if (stream == nullptr) {
    if (streams_.size() >= streams_open_max) lines.push_back(finished(streams_.take_oldest()->second));
    streams_.put(key, {sight, {}, clock_.steady_now()});
    stream = streams_.find(key);
  }
  ++stream->sight.gathered;
  stream->sight.at = sight.at;
  stream->sight.took = clock_.steady_now() - stream->began;
  if (stream->text.size() < stream_text_bytes_max) stream->text += text_of_delta(sight.payload);
}

Sight Watch::finished(Stream stream) {
  Sight sight = std::move(stream.sight);
  sight.summary = printable(stream.text, stream_text_bytes_max);
  return sight;
}

void Watch::let_go(const std::string& key, std::vector<Sight>& lines) {
  if (auto stream = streams_.take(key)) lines.push_back(finished(std::move(*stream)));
}

std::vector<Sight> Watch::end() {
  std::vector<Sight> lines;
  while (auto stream = streams_.take_oldest()) lines.push_back(finished(std::move(stream->second)));
  return lines;
}

/// The directory has priority, since a status contains the device's own claim.
std::string Watch::name_of(const std::string& id) {
  const std::string name = ask_name_ ? ask_name_(id) : std::string();
  if (!name.empty()) return word(name);
  const std::string* said = names_.find(id);
  return word(said == nullptr ? id : *said);
}

}  // namespace strawberry::cli
