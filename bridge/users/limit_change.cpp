#include "bridge/users/limit_change.h"

#include <string>

#include "common/text/printable.h"

namespace strawberry::bridge {

using nlohmann::json;

Reply<LimitChange> read_limit_change(const json& limits) {
  LimitChange change;
  for (const auto& [name, value] : limits.items()) {
    const auto path = "/limits/" + printable(name, 64);
    const auto kind = parse_limit(name);
    if (!kind) {
      json names = json::array();
      for (const auto& each : limit_names) names.push_back(each.name);
      return error(ErrorCode::bad_request, "there is no limit " + printable(name, 64),
                   {{"path", path}, {"limits", std::move(names)}});
    }
    const bool is_number = value.is_number_integer() && value >= 0 && value <= limit_max;
    if (!is_number && !value.is_null())
      return error(ErrorCode::bad_request,
                   "a limit is a whole number, 0 for any number, or null for the configuration's: " +
                       printable(value.dump(), 64),
                   {{"path", path}});
    change[*kind] = value.is_null() ? std::nullopt : std::optional(value.get<std::int64_t>());
  }
  return change;
}

}  // namespace strawberry::bridge
