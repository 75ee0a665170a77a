#include "bridge/users/quota_service.h"

#include <utility>

namespace strawberry::bridge {

using nlohmann::json;

const OperationTable& QuotaService::operations() {
  using enum PrincipalType;
  static constexpr Operation rows[] = {
      {"quota", {device, user, admin}, ActsFor::user, handled_by<&QuotaService::quota>, Scope::users},
  };
  static constexpr OperationTable table{
      Service::users, rows, [](PrincipalType) -> std::string_view { return "this token has no quota to see"; }};
  return table;
}

json QuotaService::entry(const std::string& user_id, LimitKind kind, const StoredAmounts& stored) const {
  const auto max = parts_.limits.of(user_id, kind);
  json entry{{"limit", max == 0 ? json(nullptr) : json(max)},
             {"option", name_of(kind).option},
             {"is_own", parts_.limits.is_own(user_id, kind)}};
  switch (kind) {
    case LimitKind::devices: entry["used"] = parts_.devices.list(user_id).size(); break;
    case LimitKind::skills: entry["used"] = parts_.skills.count_of_user(user_id); break;
    case LimitKind::sessions: entry["used"] = stored.sessions; break;
    case LimitKind::messages: entry["used"] = stored.messages; break;
    case LimitKind::stored_bytes: entry["used"] = stored.bytes; break;
    case LimitKind::chats_per_minute: {
      const auto now = parts_.chats.chats_now(user_id);
      entry["used"] = now.used;
      if (now.back_in)
        entry["resets_at"] =
            format_rfc3339(parts_.clock.wall_now() + std::chrono::ceil<std::chrono::milliseconds>(*now.back_in));
      break;
    }
    case LimitKind::tokens_per_day:
      entry["used"] = parts_.chats.used_today(user_id).tokens;
      entry["resets_at"] = format_rfc3339(utc_day(parts_.clock) + std::chrono::days(1));
      break;
  }
  return entry;
}

Task<Reply<json>> QuotaService::quota(Request request) {
  const std::string user_id = request.acting_user;
  auto stored = co_await parts_.store.stored_amounts(user_id);
  if (!stored) co_return tl::unexpected(stored.error());
  json limits = json::object();
  for (const auto& each : limit_names) limits[std::string(each.name)] = entry(user_id, each.kind, *stored);
  json result = json::object();
  result["user_id"] = user_id;
  result["limits"] = std::move(limits);
  co_return result;
}

Task<Reply<void>> QuotaService::change(std::string user_id, LimitChange change) {
  auto stored = co_await parts_.store.put_limits(user_id, change);
  if (!stored) co_return stored;
  for (const auto& [kind, value] : change) parts_.limits.set(user_id, kind, value);
  co_return Reply<void>();
}

json QuotaService::own_limits(const std::string& user_id) const {
  json limits = json::object();
  for (const auto& each : limit_names)
    if (parts_.limits.is_own(user_id, each.kind)) limits[std::string(each.name)] = parts_.limits.of(user_id, each.kind);
  return limits;
}

}  // namespace strawberry::bridge
