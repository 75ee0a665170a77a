#include "cli/tail/follow.h"

#include "cli/text.h"
#include "common/contract/envelope.h"
#include "common/text/ids.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;

}  // namespace

bool Follow::request(const std::optional<Principal>& sender, Service service, const Id& correlation_id,
                     const Id& correlation_data, const json& body) {
  std::string request_id;
  if (sender) {
    const std::string identity = request_identity(*sender, service, correlation_id, correlation_data);
    if (!identity.empty()) request_id = id_from(identity);
  }
  const bool asks_for_it = is_wanted(correlation_id) || is_wanted(correlation_data) || request_id == wanted_;
  const bool is_about_it =
      is_wanted(text_member(body, "cancel")) || questions_.find(text_member(body, "confirm")) != nullptr;
  if (!asks_for_it && !is_about_it) return false;
  if (correlation_id) correlation_ids_.put(*correlation_id, {});
  if (asks_for_it && !request_id.empty()) request_ids_.put(request_id, {});
  return true;
}

bool Follow::response(const Id& correlation_id, const Id& correlation_data, const json& body) {
  if (!is_wanted(correlation_id) && !is_wanted(correlation_data)) return false;
  if (text_member(body, "event") == "confirm" && body.contains("data")) {
    questions_.put(text_member(body.at("data"), "id"), {});
  }
  return true;
}

bool Follow::call(const std::string& call_id, const Id& request_id) {
  const bool belongs = call_id == wanted_ || request_ids_.find(call_id) != nullptr ||
                       (request_id && (*request_id == wanted_ || request_ids_.find(*request_id) != nullptr));
  if (belongs) call_ids_.put(call_id, {});
  return belongs;
}

bool Follow::result(const std::string& call_id) { return call_id == wanted_ || call_ids_.find(call_id) != nullptr; }

}  // namespace strawberry::cli
