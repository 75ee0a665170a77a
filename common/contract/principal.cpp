#include "common/contract/principal.h"

#include <array>
#include <utility>

#include "common/text/ids.h"

namespace strawberry {
namespace {

constexpr std::array<std::pair<PrincipalType, std::string_view>, 7> type_names = {{
    {PrincipalType::device, "device"},
    {PrincipalType::user, "user"},
    {PrincipalType::admin, "admin"},
    {PrincipalType::bridge, "bridge"},
    {PrincipalType::enroll, "enroll"},
    {PrincipalType::grant, "grant"},
    {PrincipalType::gateway, "gateway"},
}};

bool has_valid_user(const Principal& principal) {
  switch (principal.type) {
    case PrincipalType::device:
    case PrincipalType::enroll:
    case PrincipalType::grant: return is_valid_id(principal.user_id);
    case PrincipalType::user: return principal.user_id == principal.id;
    case PrincipalType::admin:
    case PrincipalType::bridge:
    case PrincipalType::gateway: return principal.user_id.empty();
  }
  return false;
}

}  // namespace

bool is_reserved_id(std::string_view id) {
  return id == bridge_principal_id || id == gateway_principal_id || id == admin_principal_id || id == "hub";
}

std::string_view to_string(PrincipalType type) {
  for (const auto& [known, name] : type_names) {
    if (known == type) return name;
  }
  return "unknown";
}

std::optional<PrincipalType> parse_principal_type(std::string_view text) {
  for (const auto& [type, name] : type_names) {
    if (name == text) return type;
  }
  return std::nullopt;
}

std::string encode_principal(const Principal& principal) {
  std::string text;
  append_principal(text, principal);
  return text;
}

void append_principal(std::string& text, const Principal& principal) {
  const std::string_view type = to_string(principal.type);
  text.reserve(text.size() + type.size() + principal.user_id.size() + principal.id.size() + 2);
  text.append(type).append(1, '/').append(principal.user_id).append(1, '/').append(principal.id);
}

std::optional<Principal> decode_principal(std::string_view text) {
  const std::size_t first = text.find('/');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = text.find('/', first + 1);
  if (second == std::string_view::npos) return std::nullopt;

  const auto type = parse_principal_type(text.substr(0, first));
  if (!type) return std::nullopt;
  Principal principal{*type, std::string(text.substr(second + 1)),
                      std::string(text.substr(first + 1, second - first - 1))};
  if (!is_valid_id(principal.id) || !has_valid_user(principal)) return std::nullopt;
  return principal;
}

}  // namespace strawberry
