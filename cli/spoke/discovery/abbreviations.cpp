#include "cli/spoke/discovery/abbreviations.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "cli/spoke/discovery/abbreviation_table.h"

namespace strawberry::cli::discovery {
namespace {

using nlohmann::json;
using Names = std::map<std::string_view, std::string_view>;

template <class Table>
Names names_of(const Table& table) {
  Names names;
  for (const Abbreviation& each : table) {
    names[each.brief] = each.full;
    names[each.full] = each.full;
  }
  return names;
}

const Names& component_names() {
  static const Names names = names_of(abbreviations);
  return names;
}

const Names& device_names() {
  static const Names names = names_of(device_abbreviations);
  return names;
}

void rename(json& object, const Names& names) {
  if (!object.is_object()) return;
  std::vector<std::pair<std::string, std::string>> renamed;
  for (const auto& [key, value] : object.items()) {
    const auto full = names.find(key);
    if (full != names.end() && full->second != key) renamed.emplace_back(key, full->second);
  }
  for (const auto& [brief, full] : renamed) {
    json value = std::move(object[brief]);
    object.erase(brief);
    object.emplace(full, std::move(value));
  }
}

template <class Change>
void for_availability(json& config, Change change) {
  const auto there = config.find("availability");
  if (there == config.end()) return;
  if (there->is_object()) change(*there);
  if (!there->is_array()) return;
  for (json& each : *there) change(each);
}

void put_base(json& value, const std::string& base) {
  if (!value.is_string()) return;
  auto& text = value.get_ref<std::string&>();
  if (text.empty()) return;
  if (text.front() == '~') {
    text = base + text.substr(1);
  } else if (text.back() == '~') {
    text = text.substr(0, text.size() - 1) + base;
  }
}

}  // namespace

std::string_view full_key(std::string_view key) {
  const auto there = component_names().find(key);
  return there == component_names().end() ? std::string_view() : there->second;
}

void expand_keys(json& config) {
  rename(config, component_names());
  if (const auto device = config.find("device"); device != config.end()) rename(*device, device_names());
  if (const auto origin = config.find("origin"); origin != config.end()) rename(*origin, device_names());
  for_availability(config, [](json& each) { rename(each, component_names()); });
  const auto components = config.find("components");
  if (components == config.end() || !components->is_object()) return;
  for (json& each : *components) {
    rename(each, component_names());
    if (each.is_object()) for_availability(each, [](json& one) { rename(one, component_names()); });
  }
}

void expand_base(json& config) {
  const auto given = config.find("~");
  if (given == config.end()) return;
  const std::string base = given->is_string() ? given->get<std::string>() : "";
  const auto put = [&](json& object) {
    if (!object.is_object()) return;
    for (const auto& [key, value] : object.items()) {
      if (key.size() >= 5 && key.compare(key.size() - 5, 5, "topic") == 0) put_base(value, base);
    }
    for_availability(object, [&](json& each) {
      if (each.is_object() && each.contains("topic")) put_base(each["topic"], base);
    });
  };
  put(config);
  if (const auto components = config.find("components"); components != config.end() && components->is_object()) {
    for (json& each : *components) put(each);
  }
  config.erase("~");
}

}  // namespace strawberry::cli::discovery
