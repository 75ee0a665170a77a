#include "bridge/usage/usage_service.h"

namespace strawberry::bridge {

const OperationTable& UsageService::operations() {
  using enum PrincipalType;
  static constexpr Operation rows[] = {
      {"usage", {device, user, admin}, ActsFor::user, handled_by<&UsageService::usage>, Scope::chat},
  };
  static constexpr OperationTable table{
      Service::chat, rows, [](PrincipalType) -> std::string_view { return "this token is not for chatting"; }};
  return table;
}

Task<Reply<nlohmann::json>> UsageService::usage(Request request) {
  return ledger_.report(std::move(request.acting_user), request.body.value("days", days_default));
}

}  // namespace strawberry::bridge
