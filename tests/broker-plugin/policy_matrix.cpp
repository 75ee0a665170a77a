#include "tests/broker-plugin/policy_matrix.h"

#include <set>

namespace strawberry::test {
namespace {

std::vector<std::string> make_shapes_with_id() {
  std::vector<std::string> shapes;
  for (const char* service : {"skills", "chat", "sessions", "devices", "users"}) {
    for (const char* leaf :
         {"request",     "request/more", "response",    "response/7", "response/a/b",       "response/+",
          "response/#",  "response/+/x", "responses",   "call",       "call/more",          "result",
          "result/more", "status",       "status/more", "other",      "other/deeper/still", "+",
          "#",           "+/+",          "+/#",         "",           "/request",           "response/",
          "response//7", "Request"}) {
      shapes.push_back(std::string(service) + "/{id}/" + leaf);
    }
    shapes.push_back(std::string(service) + "/{id}");
    for (const char* leaf : {"skills", "skills/more", "skills/#"}) {
      shapes.push_back(std::string(service) + "/{id}/" + leaf);
    }
  }
  for (const char* leaf : {"request", "response", "call", "result", "status", "#"}) {
    shapes.push_back(std::string("+/{id}/") + leaf);
    shapes.push_back(std::string("music/{id}/") + leaf);  // no such service
    shapes.push_back(std::string("/{id}/") + leaf);
  }
  for (const char* filter :
       {"skills/{id}/request", "skills/{id}/response", "devices/{id}/status", "skills/{id}/call"}) {
    shapes.push_back(std::string("$share/group/") + filter);
  }
  shapes.insert(shapes.end(), {"homeassistant/device/{id}/config", "homeassistant/device/{id}/state",
                               "homeassistant/device/{id}/config/more", "homeassistant/device/{id}",
                               "homeassistant/sensor/{id}/config", "hub/{id}"});
  return shapes;
}

std::vector<std::string> make_other_shapes() {
  std::vector<std::string> shapes = {
      // the hub's own
      "hub", "hub/", "hub/state", "hub/info", "hub/health", "hub/audit", "hub/broker", "hub/other", "hub/state/more",
      "hub/broker/more", "hub/#", "hub/+/more", "hub/state/#", "+/state", "Hub/state",
      // home automation
      "homeassistant", "homeassistant/#", "homeassistant/+", "homeassistant/status", "homeassistant/status/more",
      "homeassistant/status/#", "homeassistant/+/+/config", "homeassistant/device/", "homeassistant//config",
      // everything, and topics that belong to no service
      "#", "+", "+/#", "+/+", "+/+/+", "+/+/+/#", "skills", "skills/#", "skills/+", "devices/#", "devices", "chat/#",
      "sessions/#", "zigbee2mqtt/lamp/set", "other", "other/topic", "$other", "$other/topic",
      // the broker's own
      "$SYS", "$SYS/#", "$SYS/+", "$SYS/broker/uptime", "$SYS/broker/clients/connected", "$CONTROL", "$CONTROL/#",
      "$CONTROL/dynamic-security/v1", "$CONTROL/strawberry/v1", "$CONTROL/strawberry/v1/response",
      "$CONTROL/strawberry/v1/other", "$CONTROL/strawberry/v2", "$share/group/$CONTROL/strawberry/v1/response",
      "$control/x",
      // shared subscriptions
      "$share", "$share/", "$share/group", "$share/group/", "$share/group/#", "$share/group/hub/+",
      "$share/group/hub/state", "$share/group/$SYS/#", "$share/group/$CONTROL/#", "$share/group/$share/group/#",
      "$share/+/hub/state", "$share/#", "$share//hub/state", "$share/gr#oup/hub/state", "$SHARE/group/hub/state",
      "$share/group/homeassistant/#", "$share/group/other",
      // not canonical
      "", "/", "//", "///", "/hub/state", "hub//state", "hub/state/", "skills//request", "/#", "+/", "hub/a+", "hub/+a",
      "hub/a#", "hub/#a", "hub/#/x", "#/hub", "##", "++", "hub/st ate", " hub/state", "hub/state ", "hub/st\x01te",
      "hub/state\x7f", "hub/st\tate", "hub/\xc3\xa9tat", "hub/\xff", "hub/\xe2\x80\xaestate",
      "skills/../speaker/request"};
  shapes.emplace_back("hub/st\0ate", 10);
  // Around the policy's limit of 512 bytes, for a principal with all permissions below it.
  const std::string deep = "skills/speaker/response/";
  for (const std::size_t size : {511U, 512U, 513U, 600U}) shapes.push_back(deep + std::string(size - deep.size(), 'x'));
  shapes.push_back("skills/speaker/request/" + std::string(500, 'x'));
  std::string levels = "skills/speaker/response";
  for (int level = 3; level < 34; ++level) {  // around the policy's limit of 32
    if (level >= 31) shapes.push_back(levels);
    levels += "/x";
  }
  while (levels.size() < 450) levels += "/x";  // above Mosquitto's limit of 200
  shapes.push_back(levels);
  return shapes;
}

std::vector<std::string> make_topics() {
  std::set<std::string> unique;
  std::vector<std::string> topics;
  const auto add = [&](const std::string& topic) {
    if (unique.insert(topic).second) topics.push_back(topic);
  };
  std::vector<std::string> ids = {"unknown", "+", "#"};
  for (const Principal& principal : cast()) ids.push_back(principal.id);
  for (const std::string& shape : shapes_with_id()) {
    for (const std::string& id : ids) add(with_id(shape, id));
  }
  for (const std::string& shape : other_shapes()) add(shape);
  return topics;
}

}  // namespace

const std::vector<Principal>& cast() {
  static const std::vector<Principal> everybody = {{PrincipalType::device, "speaker", "alice"},
                                                   {PrincipalType::device, "tablet", "alice"},
                                                   {PrincipalType::device, "lamp", "bob"},
                                                   {PrincipalType::user, "alice", "alice"},
                                                   {PrincipalType::user, "bob", "bob"},
                                                   {PrincipalType::admin, std::string(admin_principal_id), ""},
                                                   {PrincipalType::bridge, std::string(bridge_principal_id), ""},
                                                   {PrincipalType::enroll, "once", "alice"},
                                                   {PrincipalType::grant, "sign-in-1", "alice"},
                                                   {PrincipalType::gateway, std::string(gateway_principal_id), ""}};
  return everybody;
}

std::string_view CastOwners::owner_of(std::string_view device_id) const {
  for (const Principal& principal : cast()) {
    if (principal.type == PrincipalType::device && principal.id == device_id) return principal.user_id;
  }
  return {};
}

const std::vector<std::string>& shapes_with_id() {
  static const std::vector<std::string> shapes = make_shapes_with_id();
  return shapes;
}

const std::vector<std::string>& other_shapes() {
  static const std::vector<std::string> shapes = make_other_shapes();
  return shapes;
}

const std::vector<std::string>& matrix_topics() {
  static const std::vector<std::string> topics = make_topics();
  return topics;
}

std::string with_id(const std::string& shape, std::string_view id) {
  std::string topic = shape;
  if (const std::size_t at = topic.find("{id}"); at != std::string::npos) topic.replace(at, 4, id);
  return topic;
}

std::string describe(const Principal& principal) {
  std::string text = std::string(to_string(principal.type)) + " " + principal.id;
  if (!principal.user_id.empty() && principal.user_id != principal.id) text += " (of " + principal.user_id + ")";
  return text;
}

std::string printable(std::string_view topic) {
  static constexpr std::size_t shown_max = 70;
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string text = "\"";
  for (const char c : topic.substr(0, shown_max)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      text += c;
    } else {
      text += std::string("\\x") + digits[byte >> 4] + digits[byte & 0x0f];
    }
  }
  text += "\"";
  if (topic.size() > shown_max) text += "… (" + std::to_string(topic.size()) + " bytes)";
  return text;
}

}  // namespace strawberry::test
