#include "common/contract/schemas/precheck.h"

#include <algorithm>

namespace strawberry {

using nlohmann::json;

Precheck Precheck::of_schema(const json& schema) {
  Precheck check;
  if (!schema.is_object()) return check;
  if (schema.contains("maxLength")) check.characters_max_ = schema.at("maxLength").get<std::uint64_t>();
  if (schema.contains("maxItems")) check.items_max_ = schema.at("maxItems").get<std::uint64_t>();
  if (const auto properties = schema.find("properties"); properties != schema.end()) {
    for (const auto& [name, member] : properties->items()) {
      Precheck inner = of_schema(member);
      if (!inner.is_empty()) check.members_.emplace_back(name, std::move(inner));
    }
  }
  if (const auto items = schema.find("items"); items != schema.end()) {
    Precheck inner = of_schema(*items);
    if (!inner.is_empty()) check.items_ = std::make_unique<Precheck>(std::move(inner));
  }
  return check;
}

std::optional<Precheck::Finding> Precheck::find(const json& document) const {
  Finding finding;
  if (!search(document, finding)) return std::nullopt;
  std::reverse(finding.path.begin(), finding.path.end());
  return finding;
}

bool Precheck::search_text(const std::string& text, Finding& finding) const {
  if (!characters_max_) return false;
  // A character has at most four bytes. The validator counts the characters of texts that may be short enough.
  if (text.size() / 4 > *characters_max_) return true;
  finding.has_nul = text.find('\0') != std::string::npos;
  return finding.has_nul;
}

// The path is built on the way back from a finding, so that a search without one allocates nothing.
bool Precheck::search(const json& value, Finding& finding) const {
  if (value.is_string()) return search_text(value.get_ref<const std::string&>(), finding);
  if (value.is_object()) {
    for (const auto& [name, inner] : members_) {
      const auto member = value.find(name);
      if (member == value.end() || !inner.search(*member, finding)) continue;
      finding.path.push_back(name);
      return true;
    }
  } else if (value.is_array()) {
    if (items_max_ && value.size() > *items_max_) return true;
    for (std::size_t i = 0; items_ && i < value.size(); ++i) {
      if (!items_->search(value[i], finding)) continue;
      finding.path.push_back(std::to_string(i));
      return true;
    }
  }
  return false;
}

}  // namespace strawberry
