#include "bridge/pipeline/operation.h"

namespace strawberry::bridge {

namespace {

/// Whose devices and skills a guest's requests are about.
std::string own_user(const OperationTable& table, const Principal& principal, const Allowance& allowance) {
  const bool is_about_devices = table.service == Service::devices || table.service == Service::skills;
  return is_about_devices ? std::string(house_of(principal.user_id, allowance.standing)) : principal.user_id;
}

}  // namespace

bool is_admin(const Principal& principal, const Allowance& allowance) {
  if (principal.type == PrincipalType::admin) return true;
  return principal.type == PrincipalType::user && allowance.standing.role == Role::admin && allowance.rights.is_full();
}

Reply<std::string> permit(const OperationTable& table, const Operation& operation, const Principal& principal,
                          const nlohmann::json& body, const Allowance& allowance) {
  const bool acts_as_admin = is_admin(principal, allowance);
  const auto named = body.find("user_id");
  const bool names_user = named != body.end();
  // A one-time token acts for nobody: a user that it names is one that it makes.
  const bool is_exchanged = principal.type == PrincipalType::grant;
  if (names_user && !acts_as_admin && !is_exchanged && *named != principal.user_id)
    return error(ErrorCode::forbidden, "only an admin may act for another user", {{"path", "/user_id"}});
  const bool may =
      operation.who_may.includes(principal.type) || (acts_as_admin && operation.who_may.includes(PrincipalType::admin));
  if (!may) return error(ErrorCode::forbidden, std::string(table.refusal(principal.type)));
  if (!operation.needs.are_met_by(allowance.rights)) {
    if (allowance.standing.role == Role::guest)
      return error(ErrorCode::forbidden, "a guest may not do this", {{"reason", "guest"}});
    return error(ErrorCode::forbidden, "the token is limited, and not good for this",
                 {{"reason", "scope"}, {"scope", operation.needs.text()}});
  }
  if (!acts_as_admin || operation.acts_for == ActsFor::own_user) return own_user(table, principal, allowance);
  if (!names_user && principal.type == PrincipalType::user) return principal.user_id;
  if (!names_user && operation.acts_for == ActsFor::user_or_all) return std::string();
  if (!names_user)
    return error(ErrorCode::bad_request, "an admin says for whom: user_id is missing", {{"path", "/user_id"}});
  if (!named->is_string()) return error(ErrorCode::bad_request, "user_id must be a string", {{"path", "/user_id"}});
  return named->get<std::string>();
}

}  // namespace strawberry::bridge
