#include "gateway/http/json.h"

namespace strawberry::gateway {

using nlohmann::json;

json member(const json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? json() : *found;
}

Response json_response(const json& body, unsigned status) {
  Response response;
  response.status = status;
  response.body = to_text(body);
  return response;
}

json cancel_of(const std::string& correlation_id) { return {{"op", "cancel"}, {"cancel", correlation_id}}; }

json refusal_of(const json& question) {
  return {{"op", "confirm"}, {"confirm", text_member(question, "id")}, {"allow", false}};
}

}  // namespace strawberry::gateway
