#include "gateway/websocket/messages.h"

#include "common/text/json_depth.h"
#include "common/text/json_text.h"
#include "gateway/http/json.h"

namespace strawberry::gateway {
namespace {

using nlohmann::json;

/// Returns a discarded value when it is not JSON, or nests too deep.
json parsed(std::string_view text, std::size_t levels_max) {
  // The parser would stop at a NUL.
  const bool has_nul = text.find('\0') != std::string_view::npos;
  if (has_nul || json_nests_deeper_than(text, levels_max)) return json(json::value_t::discarded);
  return json_from(text);
}

/// Returns null when it is not an object.
json object_of(std::string_view text, std::size_t levels_max) {
  json read = parsed(text, levels_max);
  return read.is_object() ? read : json();
}

json result_of(const json& response, const std::string& id) {
  const bool worked = is_true(response, "success");
  json result{{"correlation_id", id}, {"success", worked}};
  if (worked) {
    result["result"] = member(response, "result");
  } else {
    const json error = member(response, "error");
    result["error"] = error.is_string() || error.is_object() ? error : json("the skill failed");
  }
  return result;
}

EventsMessage wrong(const char* problem) {
  EventsMessage message;
  message.problem = problem;
  return message;
}

}  // namespace

DeviceMessage read_device_message(std::string_view message) {
  DeviceMessage read;
  const json said = object_of(message, message_levels_max);
  const std::string type = text_member(said, "type");
  if (type == "ping") read.kind = DeviceMessage::Kind::ping;
  if (type == "skill_response") {
    read.kind = DeviceMessage::Kind::result;
    read.request_id = text_member(said, "request_id");
    read.result = result_of(said, read.request_id);
  }
  return read;
}

EventsMessage read_events_message(std::string_view message) {
  const json said = object_of(message, message_levels_max);
  if (!said.is_object()) return wrong("not a JSON object");
  EventsMessage read;
  const std::string type = text_member(said, "type");
  if (type == "ping") read.kind = EventsMessage::Kind::ping;
  if (type == "ping") return read;
  if (type != "subscribe") return wrong("the types are subscribe and ping");
  const json topics = member(said, "topics");
  if (!topics.is_array() && !topics.is_null()) return wrong("topics is not a list");
  for (const json& topic : topics) {
    if (topic != presence_topic && topic != hub_topic) return wrong("the topics are presence and hub");
    read.topics.insert(topic.get<std::string>());
  }
  read.kind = EventsMessage::Kind::subscribe;
  return read;
}

json event_of(const std::string& topic, const std::string& payload) {
  const bool is_presence = topic.rfind("devices/", 0) == 0;
  json data = parsed(payload, message_levels_max);
  if (data.is_discarded()) data = payload;  // a device may publish plain `online`
  if (is_presence && !data.is_object()) {
    const std::size_t begin = topic.find('/') + 1;
    const std::string device = topic.substr(begin, topic.rfind('/') - begin);
    data = {{"device_id", device}, {"state", std::move(data)}};
  }
  return {{"type", "event"}, {"topic", is_presence ? presence_topic : hub_topic}, {"data", std::move(data)}};
}

json skill_request_of(std::string_view call) {
  constexpr std::size_t around_arguments = 8;
  const json asked = object_of(call, message_levels_max + around_arguments);
  const std::string path = text_member(asked, "skill_path");
  const std::size_t dot = path.rfind('.');
  if (dot == std::string::npos) return nullptr;
  return {{"type", "skill_request"},
          {"v", 1},
          {"request_id", text_member(asked, "correlation_id")},
          {"skill_name", path.substr(0, dot)},
          {"method_name", path.substr(dot + 1)},
          {"args", asked.value("args", json::array())},
          {"kwargs", asked.value("kwargs", json::object())}};
}

}  // namespace strawberry::gateway
