#include "gateway/http/json.h"

namespace strawberry::gateway {

using nlohmann::json;

json member(const json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? json() : *found;
}

std::string text(const json& object, const char* name) {
  if (!object.is_object()) return {};
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool is_true(const json& object, const char* name) {
  if (!object.is_object()) return false;
  const auto found = object.find(name);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

std::string dumped(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

Response json_response(const json& body, unsigned status) {
  Response response;
  response.status = status;
  response.body = dumped(body);
  return response;
}

json cancel_of(const std::string& correlation_id) { return {{"op", "cancel"}, {"cancel", correlation_id}}; }

json refusal_of(const json& question) {
  return {{"op", "confirm"}, {"confirm", text(question, "id")}, {"allow", false}};
}

}  // namespace strawberry::gateway
