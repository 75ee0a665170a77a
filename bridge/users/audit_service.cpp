#include "bridge/users/audit_service.h"

#include <charconv>
#include <string>
#include <utility>

#include "common/text/clock.h"
#include "common/text/printable.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

/// Nothing when it is absent.
Reply<std::optional<std::int64_t>> read_time(const json& body, const char* member) {
  const auto text = body.value(member, std::string());
  if (text.empty()) return std::optional<std::int64_t>();
  const auto time = parse_rfc3339(text);
  if (time) return std::optional(to_unix_ms(*time));
  return error(ErrorCode::bad_request, "not a time: " + printable(text, 64) + " (write 2026-01-31T12:00:00Z)",
               {{"path", std::string("/") + member}});
}

json line_of(const AuditRow& row) {
  json line{{"ts", format_rfc3339(from_unix_ms(row.ts_ms))},
            {"actor", row.actor},
            {"user", row.user_id},
            {"action", row.action},
            {"subject", row.subject},
            {"outcome", row.outcome}};
  if (!row.reason.empty()) line["reason"] = row.reason;
  return line;
}

}  // namespace

const OperationTable& AuditService::operations() {
  using enum PrincipalType;
  static constexpr Operation rows[] = {
      {"audit", {admin}, ActsFor::own_user, handled_by<&AuditService::audit>},
  };
  static constexpr OperationTable table{
      Service::users, rows, [](PrincipalType) -> std::string_view { return "only an admin may read the audit"; }};
  return table;
}

Reply<AuditQuery> read_audit_query(const json& body) {
  AuditQuery query;
  auto since = read_time(body, "since");
  if (!since) return tl::unexpected(since.error());
  auto until = read_time(body, "until");
  if (!until) return tl::unexpected(until.error());
  query.since_ms = since->value_or(query.since_ms);
  query.until_ms = until->value_or(query.until_ms);
  query.user = body.value("user", std::string());
  query.action = body.value("action", std::string());
  query.rows_max = body.value("limit", AuditService::lines_default);
  if (const auto cursor = body.value("cursor", std::string()); !cursor.empty()) {
    std::int64_t before = 0;
    const auto* end = cursor.data() + cursor.size();
    const auto read = std::from_chars(cursor.data(), end, before);
    if (read.ec != std::errc() || read.ptr != end)
      return error(ErrorCode::bad_request, "cursor is not one of this hub's", {{"path", "/cursor"}});
    query.before = before;
  }
  return query;
}

Task<Reply<json>> AuditService::audit(Request request) {
  auto query = read_audit_query(request.body);
  if (!query) co_return tl::unexpected(query.error());
  (void)co_await flush_();  // what cannot be stored now is stored later, and the page has the rest
  auto page = co_await store_.read_audit(std::move(*query));
  if (!page) co_return tl::unexpected(page.error());
  json lines = json::array();
  for (const auto& row : page->rows) lines.push_back(line_of(row));
  json result = json::object();
  result["lines"] = std::move(lines);
  if (page->before) result["next_cursor"] = std::to_string(*page->before);
  co_return result;
}

}  // namespace strawberry::bridge
