#include "gateway/hub/skill_changes.h"

#include "common/contract/topics.h"
#include "common/text/json_text.h"
#include "gateway/http/json.h"

namespace strawberry::gateway {

bool SkillChanges::is_about(std::string_view topic) {
  const auto parsed = parse_service_topic(topic);
  return parsed && parsed->service == Service::devices && (parsed->rest == "status" || parsed->rest == "skills");
}

bool SkillChanges::note(const MqttMessage& message) {
  if (message.topic.ends_with("/skills")) return !message.retained;
  // A device may publish plain `online` or `offline`; the message is empty when the device is deleted.
  const auto said = json_from(message.payload);
  const bool is_online = said.is_object() ? text_member(said, "state") == "online" : message.payload == "online";
  if (message.payload.empty()) return online_.erase(message.topic) > 0;
  const auto known = online_.find(message.topic);
  if (known != online_.end()) {
    const bool is_change = known->second != is_online;
    known->second = is_online;
    return is_change;
  }
  if (online_.size() < devices_max) online_.emplace(message.topic, is_online);
  return !message.retained;
}

}  // namespace strawberry::gateway
