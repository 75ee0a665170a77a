#include "bridge/protocol/schemas/text_places.h"

#include <algorithm>

namespace strawberry {

using nlohmann::json;

TextPlaces TextPlaces::of_schema(const json& schema) {
  TextPlaces places;
  if (!schema.is_object()) return places;
  places.bounded_ = schema.contains("maxLength");
  if (const auto properties = schema.find("properties"); properties != schema.end()) {
    for (const auto& [name, member] : properties->items()) {
      TextPlaces inner = of_schema(member);
      if (!inner.is_empty()) places.members_.emplace_back(name, std::move(inner));
    }
  }
  if (const auto items = schema.find("items"); items != schema.end()) {
    TextPlaces inner = of_schema(*items);
    if (!inner.is_empty()) places.items_ = std::make_unique<TextPlaces>(std::move(inner));
  }
  return places;
}

std::optional<JsonPath> TextPlaces::find_nul(const json& document) const {
  JsonPath path;
  if (!search(document, path)) return std::nullopt;
  std::reverse(path.begin(), path.end());
  return path;
}

// Adds its step only on the way back from a find, so that a search without one allocates nothing.
bool TextPlaces::search(const json& value, JsonPath& path) const {
  if (value.is_string()) return bounded_ && value.get_ref<const std::string&>().find('\0') != std::string::npos;
  if (value.is_object()) {
    for (const auto& [name, inner] : members_) {
      const auto member = value.find(name);
      if (member == value.end() || !inner.search(*member, path)) continue;
      path.push_back(name);
      return true;
    }
  } else if (value.is_array() && items_) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (!items_->search(value[i], path)) continue;
      path.push_back(std::to_string(i));
      return true;
    }
  }
  return false;
}

}  // namespace strawberry
