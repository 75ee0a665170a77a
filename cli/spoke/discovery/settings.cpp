#include "cli/spoke/discovery/settings.h"

#include <algorithm>

namespace strawberry::cli::discovery {
namespace {

using nlohmann::json;

std::string text_of(const json& value) { return to_python_text(Value(value)); }

template <class Pairs>
auto find_pair(Pairs& pairs, std::string_view key) {
  return std::find_if(pairs.begin(), pairs.end(), [&](const auto& each) { return each.first == key; });
}

}  // namespace

void Settings::set(std::string_view key, json value) {
  erase(key);
  values_.emplace_back(key, std::move(value));
}

void Settings::set_template(std::string_view key, TemplatePtr made) { templates_.emplace_back(key, std::move(made)); }

void Settings::erase(std::string_view key) {
  if (const auto there = find_pair(values_, key); there != values_.end()) values_.erase(there);
}

void Settings::shrink() {
  values_.shrink_to_fit();
  templates_.shrink_to_fit();
}

const json* Settings::find(std::string_view key) const {
  const auto there = find_pair(values_, key);
  return there == values_.end() ? nullptr : &there->second;
}

std::string Settings::text(std::string_view key, std::string_view otherwise) const {
  const json* value = find(key);
  if (value == nullptr || value->is_null() || value->is_structured()) return std::string(otherwise);
  return text_of(*value);
}

std::optional<std::string> Settings::payload(std::string_view key, std::string_view otherwise) const {
  const json* value = find(key);
  if (value != nullptr && value->is_null()) return std::nullopt;
  return text(key, otherwise);
}

double Settings::number(std::string_view key, double otherwise) const {
  const json* value = find(key);
  if (value == nullptr) return otherwise;
  if (value->is_number()) return value->get<double>();
  return value->is_string() ? parse_number(value->get_ref<const std::string&>()).value_or(otherwise) : otherwise;
}

bool Settings::flag(std::string_view key, bool otherwise) const {
  const json* value = find(key);
  if (value == nullptr || value->is_null()) return otherwise;
  if (value->is_boolean()) return value->get<bool>();
  if (value->is_number()) return value->get<double>() != 0;
  std::string text = text_of(*value);
  std::transform(text.begin(), text.end(), text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return text == "true" || text == "yes" || text == "on" || text == "1" || text == "enable";
}

std::vector<std::string> Settings::list(std::string_view key) const {
  std::vector<std::string> all;
  const json* value = find(key);
  if (value == nullptr || value->is_null()) return all;
  if (!value->is_array()) return {text_of(*value)};
  for (const json& each : *value) {
    if (!each.is_structured() && !each.is_null()) all.push_back(text_of(each));
  }
  return all;
}

const Template* Settings::template_of(std::string_view key) const {
  const auto there = find_pair(templates_, key);
  return there == templates_.end() ? nullptr : there->second.get();
}

bool Settings::can_use(std::string_view template_key) const {
  const auto there = find_pair(templates_, template_key);
  return there == templates_.end() || there->second != nullptr;
}

}  // namespace strawberry::cli::discovery
