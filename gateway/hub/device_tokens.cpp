#include "gateway/hub/device_tokens.h"

#include <algorithm>

#include "common/text/ids.h"
#include "gateway/http/json.h"

namespace strawberry::gateway {
namespace {

using nlohmann::json;

/// Begins the id of the virtual device that /auth/me reports for a user's token.
const std::string dashboard_prefix = "dashboard-";

json request_for(const char* op, const std::string& device_id) { return {{"op", op}, {"device_id", device_id}}; }

}  // namespace

Task<tl::expected<std::string, Problem>> DeviceTokens::token_for(std::string bearer, std::string device_id,
                                                                 std::string address) {
  // Always checked: a bearer that has expired or was revoked may not use a kept token.
  auto link = co_await links_.get(bearer, std::move(address));
  if (!link) co_return tl::unexpected(link.error());
  const Principal who = (*link)->principal();
  if (device_id.empty() || device_id == who.id || device_id == dashboard_prefix + who.user_id) co_return bearer;
  const std::string key = bearer + " " + device_id;
  if (const auto kept = tokens_.find(key); kept != tokens_.end()) {
    const auto its_claims = read_token_claims(kept->second.token);
    if (its_claims && clock_.wall_now() + std::chrono::minutes(1) < its_claims->expires_at) {
      kept->second.used = clock_.steady_now();
      co_return kept->second.token;
    }
    tokens_.erase(kept);
  }
  if (!is_valid_id(device_id))
    co_return tl::unexpected(problem(401, "unauthorized", "Device '" + device_id + "' not found"));
  json question = request_for("get", device_id);
  auto entry = co_await ask(loop_, *link, Service::devices, std::move(question));
  if (!entry) {
    const bool is_unknown = entry.error().code == "not_found" || entry.error().code == "forbidden";
    if (!is_unknown) co_return tl::unexpected(entry.error());
    co_return tl::unexpected(problem(401, "unauthorized", "Device '" + device_id + "' not found"));
  }
  if (!entry->value("is_active", true)) co_return tl::unexpected(problem(403, "forbidden", "Device is deactivated"));
  json registration = request_for("register", device_id);
  registration["name"] = text_member(*entry, "name");
  auto registered = co_await ask(loop_, *link, Service::devices, std::move(registration));
  if (!registered) co_return tl::unexpected(registered.error());
  const std::string token = text_member(*registered, "access_token");
  if (token.empty()) co_return tl::unexpected(problem(502, "internal", "the hub gave no token for the device"));
  remember(bearer, device_id, token);
  co_return token;
}

Task<Links::Found> DeviceTokens::link_for(std::string bearer, std::string device_id, std::string address) {
  Links::Found link = tl::unexpected(Problem());
  for (int attempt = 0; attempt < 2; ++attempt) {
    tl::expected<std::string, Problem> token = co_await token_for(bearer, device_id, address);
    if (!token) co_return tl::unexpected(token.error());
    link = co_await links_.get(*token, address);
    const bool was_kept = *token != bearer;
    if (link || link.error().status != 401 || !was_kept) co_return link;
    // Since the token was kept, the device may have been revoked and registered again: ask the hub for the current
    // state.
    forget(bearer, device_id);
  }
  co_return link;
}

void DeviceTokens::remember(const std::string& bearer, const std::string& device_id, const std::string& token) {
  if (tokens_.size() >= tokens_max) {
    const auto oldest = std::min_element(tokens_.begin(), tokens_.end(),
                                         [](const auto& a, const auto& b) { return a.second.used < b.second.used; });
    tokens_.erase(oldest);
  }
  tokens_.insert_or_assign(bearer + " " + device_id, Kept{token, clock_.steady_now()});
}

void DeviceTokens::forget(const std::string& bearer, const std::string& device_id) {
  tokens_.erase(bearer + " " + device_id);
}

}  // namespace strawberry::gateway
