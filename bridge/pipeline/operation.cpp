#include "bridge/pipeline/operation.h"

namespace strawberry {

Reply<std::string> permit(const OperationTable& table, const Operation& operation, const Principal& principal,
                          const nlohmann::json& body) {
  const bool is_admin = principal.type == PrincipalType::admin;
  const auto named = body.find("user_id");
  const bool names_user = named != body.end();
  if (names_user && !is_admin && *named != principal.user_id)
    return error(ErrorCode::forbidden, "only an admin may act for another user", {{"path", "/user_id"}});
  if (!operation.who_may.includes(principal.type))
    return error(ErrorCode::forbidden, std::string(table.refusal(principal.type)));
  if (!is_admin || operation.acts_for == ActsFor::own_user) return principal.user_id;
  if (!names_user && operation.acts_for == ActsFor::user_or_all) return std::string();
  if (!names_user)
    return error(ErrorCode::bad_request, "an admin says for whom: user_id is missing", {{"path", "/user_id"}});
  if (!named->is_string()) return error(ErrorCode::bad_request, "user_id must be a string", {{"path", "/user_id"}});
  return named->get<std::string>();
}

}  // namespace strawberry
