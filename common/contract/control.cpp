#include "common/contract/control.h"

#include <nlohmann/json.hpp>

#include "common/text/ids.h"
#include "common/text/strict_json.h"

namespace strawberry {
namespace {

using nlohmann::json;

constexpr std::size_t bytes_max = 16 * 1024;  // control_ids_max ids take a third of it
constexpr const char* number_member = "number";
constexpr const char* changed_member = "changed";

std::optional<json> parse(std::string_view text) {
  return text.size() <= bytes_max ? parse_strict_object(text, /*depth_max=*/2) : std::nullopt;
}

std::optional<std::uint64_t> number_of(const json& message) {
  const auto number = message.find(number_member);
  if (number == message.end() || !number->is_number_unsigned()) return std::nullopt;
  return number->get<std::uint64_t>();
}

}  // namespace

std::string write_change(const DirectoryChange& change) {
  return json{{number_member, change.number}, {changed_member, change.ids}}.dump();
}

std::optional<DirectoryChange> read_change(std::string_view text) {
  const auto message = parse(text);
  if (!message) return std::nullopt;
  const auto number = number_of(*message);
  const auto changed = message->find(changed_member);
  if (!number || changed == message->end() || !changed->is_array() || changed->size() > control_ids_max) {
    return std::nullopt;
  }
  DirectoryChange change{*number, {}};
  for (const json& id : *changed) {
    if (!id.is_string() || !is_valid_id(id.get_ref<const std::string&>())) return std::nullopt;
    change.ids.push_back(id.get<std::string>());
  }
  return change;
}

std::string write_acknowledgement(std::uint64_t number) { return json{{number_member, number}}.dump(); }

std::optional<std::uint64_t> read_acknowledgement(std::string_view text) {
  const auto message = parse(text);
  return message ? number_of(*message) : std::nullopt;
}

}  // namespace strawberry
