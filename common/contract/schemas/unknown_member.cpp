#include "common/contract/schemas/unknown_member.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "common/contract/schemas/near_name.h"

namespace strawberry {
namespace {

using nlohmann::json;

/// Names that other systems use for the arguments of a function.
constexpr std::array<std::string_view, 5> names_of_arguments = {"arguments", "parameters", "params", "arg", "inputs"};

/// Required members come first, since one of them is probably meant.
std::vector<std::string> known_names(const json& schema) {
  std::vector<std::string> names;
  if (const auto required = schema.find("required"); required != schema.end())
    names = required->get<std::vector<std::string>>();
  for (const auto& [name, member] : schema.at("properties").items())
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  return names;
}

std::string meant_by(const json& schema, const std::string& name, const json& value, const json& document) {
  auto names = known_names(schema);
  const bool is_list = value.is_array();
  const bool is_call = schema.at("properties").contains("args") && schema.at("properties").contains("kwargs");
  const auto& list = names_of_arguments;
  if (is_call && std::find(list.begin(), list.end(), name) != list.end()) return is_list ? "args" : "kwargs";
  // A member that is present cannot be the one that was misspelt.
  std::erase_if(names, [&](const std::string& known) { return document.contains(known); });
  return nearest_name(name, names).value_or("");
}

// The path is built on the way back from a finding.
std::optional<UnknownMember> search(const json& schema, const json& value) {
  if (!schema.is_object()) return std::nullopt;
  if (const auto items = schema.find("items"); items != schema.end() && value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      auto found = search(*items, value[i]);
      if (!found) continue;
      found->path.push_back(std::to_string(i));
      return found;
    }
  }
  const auto properties = schema.find("properties");
  if (properties == schema.end() || !value.is_object()) return std::nullopt;
  const bool is_closed = schema.value("additionalProperties", json(true)) == false;
  for (const auto& [name, member] : value.items()) {
    const auto known = properties->find(name);
    if (known == properties->end() && !is_closed) continue;
    if (known == properties->end()) return UnknownMember{{name}, meant_by(schema, name, member, value)};
    auto found = search(*known, member);
    if (!found) continue;
    found->path.push_back(name);
    return found;
  }
  return std::nullopt;
}

}  // namespace

std::optional<UnknownMember> find_unknown_member(const json& schema, const json& document) {
  auto found = search(schema, document);
  if (found) std::reverse(found->path.begin(), found->path.end());
  return found;
}

std::string describe_unknown(const UnknownMember& unknown) {
  const std::string pointer = json_pointer(unknown.path);
  const bool is_plain = std::all_of(pointer.begin(), pointer.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
  const std::string place = is_plain && pointer.size() <= value_bytes_max ? pointer : "A member";
  const std::string text = place + " is not known to this operation";
  return unknown.meant.empty() ? text + "." : text + "; perhaps " + unknown.meant + " is meant.";
}

}  // namespace strawberry
