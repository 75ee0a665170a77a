#include "gateway/spoke_api/shapes.h"
#include "gateway/http/json.h"

#include <algorithm>
#include <string_view>

namespace strawberry::gateway::spoke_api {
namespace {

using nlohmann::json;

json list_of(const json& from, const char* name, json (*shape)(const json&)) {
  json list = json::array();
  const json listed = member(from, name);
  if (!listed.is_array()) return list;
  for (const json& one : listed) list.push_back(shape(one));
  return list;
}

json total_of(const json& listed, const json& list) {
  const json total = member(listed, "total");
  return total.is_number() ? total : json(list.size());
}

/// FNV-1a, 31 bits: the clients require a number, and nothing reads it back.
std::int64_t number_of(const std::string& text) {
  std::uint32_t hash = 2'166'136'261u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16'777'619u;
  return static_cast<std::int64_t>(hash & 0x7FFFFFFFu);
}

json found_skill(const json& found) {
  json shown{{"path", member(found, "path")},
             {"signature", member(found, "signature")},
             {"summary", member(found, "summary")},
             {"docstring", member(found, "docstring")},
             {"device_agnostic", member(found, "device_agnostic")},
             {"is_local", member(found, "is_local")},
             {"devices", member(found, "devices")},
             {"device_count", member(found, "device_count")},
             {"preferred_device", member(found, "preferred_device")}};
  if (shown["device_agnostic"] == true) {
    shown["devices"] = json::array({"hub"});
    shown["preferred_device"] = "hub";
  }
  shown["device_names"] = shown["devices"];
  return shown;
}

}  // namespace

json request_for(const char* op) { return {{"op", op}}; }
json request_for(const char* op, const char* member, const std::string& value) { return {{"op", op}, {member, value}}; }

json registration_of(const json& body, const std::string& device_id) {
  json registration = request_for("register", "name", text_member(body, "device_name"));
  if (text_member(body, "device_name").empty()) registration["name"] = text_member(body, "name");
  if (!device_id.empty()) registration["device_id"] = device_id;
  return registration;
}

json skills_of(json body) {
  body["op"] = "register";
  auto skills = body.find("skills");
  if (skills == body.end() || !skills->is_array()) return body;
  for (json& skill : *skills) {
    if (!skill.is_object()) continue;
    for (const char* name : {"docstring", "device_agnostic"}) {
      if (const auto member = skill.find(name); member != skill.end() && member->is_null()) skill.erase(member);
    }
  }
  return body;
}

json call_of(const json& body) {
  json call =
      request_for("call", "skill_path", text_member(body, "skill_name") + "." + text_member(body, "method_name"));
  // Passed on unchecked: the hub refuses an invalid name, and nothing runs on another device.
  if (const json device = member(body, "device_name"); !device.is_null() && device != "") call["target"] = device;
  call["args"] = body.value("args", json::array());
  call["kwargs"] = body.value("kwargs", json::object());
  return call;
}

json me(const json& device) {
  return {{"device_id", member(device, "device_id")}, {"name", member(device, "name")},
          {"user_id", member(device, "user_id")},     {"is_active", member(device, "is_active")},
          {"last_seen", member(device, "last_seen")}, {"created_at", member(device, "created_at")}};
}

json dashboard_of(const std::string& user_id) {
  return {{"device_id", "dashboard-" + user_id},
          {"name", "Strawberry Dashboard"},
          {"user_id", user_id},
          {"is_active", true},
          {"last_seen", nullptr},
          {"created_at", nullptr}};
}

json discovered(const json& device) {
  return {{"id", member(device, "device_id")},
          {"name", member(device, "name")},
          {"is_active", member(device, "online")},
          {"last_seen", member(device, "last_seen")}};
}

json discovered_list(const json& listed) {
  json list = list_of(listed, "devices", discovered);
  json total = total_of(listed, list);
  return {{"devices", std::move(list)}, {"total", std::move(total)}};
}

json display(const json& registered) {
  return {{"device_id", member(registered, "device_id")}, {"display_name", member(registered, "name")}};
}

json registered_device(const json& registered) {
  return {{"device_id", member(registered, "device_id")}, {"access_token", text_member(registered, "access_token")}};
}

json new_device_token(const json& registered) {
  return {{"device", discovered(registered)},
          {"token", text_member(registered, "access_token")},
          {"command", "strawberry-spoke --token TOKEN"}};
}

json dashboard_devices(const json& devices, const json& skills) {
  json list = json::array();
  for (const json& device : devices.value("devices", json::array())) {
    json names = json::array();
    for (const json& skill : skills.value("skills", json::array())) {
      if (text_member(skill, "device_id") == text_member(device, "device_id")) {
        names.push_back(text_member(skill, "class_name") + "." + text_member(skill, "function_name"));
      }
    }
    json shown = discovered(device);
    shown["created_at"] = member(device, "created_at");
    shown["skill_count"] = names.size();
    shown["skill_names"] = std::move(names);
    list.push_back(std::move(shown));
  }
  return list;
}

json skill(const json& skill) {
  const std::string identity = text_member(skill, "device_id") + " " + text_member(skill, "class_name") + " " +
                               text_member(skill, "function_name");
  return {{"id", number_of(identity)},
          {"device_id", member(skill, "device_id")},
          {"device_name", member(skill, "device_name")},
          {"class_name", member(skill, "class_name")},
          {"function_name", member(skill, "function_name")},
          {"signature", member(skill, "signature")},
          {"docstring", member(skill, "docstring")},
          {"device_agnostic", member(skill, "device_agnostic")},
          {"last_heartbeat", member(skill, "last_heartbeat")}};
}

json skill_list(const json& listed) {
  json list = list_of(listed, "skills", skill);
  json total = total_of(listed, list);
  return {{"skills", std::move(list)}, {"total", std::move(total)}};
}

json found_list(const json& found) {
  json list = list_of(found, "results", found_skill);
  json total = total_of(found, list);
  return {{"results", std::move(list)}, {"total", std::move(total)}};
}

json session(const json& session, const std::string& user_id) {
  return {{"id", member(session, "session_id")},
          {"device_id", member(session, "device_id")},
          {"user_id", user_id},
          {"title", member(session, "title")},
          {"is_active", member(session, "is_active")},
          {"created_at", member(session, "created_at")},
          {"last_activity", member(session, "last_activity")},
          {"message_count", member(session, "message_count")},
          {"tool_mode", nullptr}};
}

json session_list(const json& listed, const std::string& user_id) {
  json list = json::array();
  const json sessions = member(listed, "sessions");
  if (sessions.is_array()) {
    for (const json& one : sessions) list.push_back(session(one, user_id));
  }
  json total = total_of(listed, list);
  return {{"sessions", std::move(list)}, {"total", std::move(total)}};
}

json message(const json& message) {
  return {{"id", member(message, "message_id")},
          {"role", member(message, "role")},
          {"content", member(message, "content")},
          {"created_at", member(message, "created_at")}};
}

json message_list(const json& listed, const std::string& session_id) {
  json list = list_of(listed, "messages", message);
  json total = total_of(listed, list);
  return {{"session_id", session_id}, {"messages", std::move(list)}, {"total", std::move(total)}};
}

bool is_another_device(const Problem& problem) {
  return problem.code == "not_found" || problem.code == "forbidden" || problem.code == "bad_request";
}

json AllMessages::next_page(const std::string& session_id) const {
  json page{{"op", "messages"}, {"session_id", session_id}, {"limit", page_}};
  if (!before_.empty()) page["before"] = before_;
  return page;
}

bool AllMessages::is_page_too_large(const Problem& problem) {
  if (problem.code != "too_large" || page_ == 1) return false;
  page_ = std::max(1, page_ / 4);
  return true;
}

void AllMessages::add(const json& page) {
  json messages = member(page, "messages");
  const std::size_t count = messages.is_array() ? messages.size() : 0;
  const std::string first = count == 0 ? "" : text_member(messages.front(), "message_id");
  // A page can be shorter than requested without being the last: the hub also limits its bytes.
  whole_ = first.empty() || first == before_;
  before_ = first;
  if (count == 0) return;
  count_ += count;
  for (const json& one : messages) bytes_ += text_member(one, "content").size();
  pages_.push_back(std::move(messages));
  whole_ = whole_ || count_ >= messages_max || bytes_ >= bytes_max;
}

json AllMessages::listed() const {
  json all = json::array();
  for (auto page = pages_.rbegin(); page != pages_.rend(); ++page) {
    for (const json& one : *page) all.push_back(one);
  }
  return {{"messages", std::move(all)}};
}

Response executed(const json& result) { return json_response({{"success", true}, {"result", result}}); }

Response not_executed(const Problem& why) {
  // The status reports an invalid request or token; nothing has run then.
  if (why.status == 400 || why.status == 401 || why.status == 403 || why.status == 404 || why.status == 413 ||
      why.status == 429) {
    return response_of(why, ErrorShape::spoke);
  }
  return json_response({{"success", false}, {"error", why.message}});
}

json completion(json result) {
  auto& choices = result["choices"];
  if (choices.is_array()) {
    for (json& choice : choices) {
      auto& said = choice["message"];
      for (const char* name : {"content", "tool_call_id", "name", "tool_calls"}) {
        if (!said.contains(name)) said[name] = nullptr;
      }
    }
  }
  return result;
}

}  // namespace strawberry::gateway::spoke_api
