#include "common/contract/control.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "common/text/clock.h"
#include "common/text/ids.h"
#include "common/text/strict_json.h"

namespace strawberry {
namespace {

using nlohmann::json;

constexpr std::size_t bytes_max = 16 * 1024;  // control_ids_max ids take a third of it
constexpr const char* number_member = "number";
constexpr const char* changed_member = "changed";
constexpr const char* used_member = "used";
constexpr std::size_t jti_bytes_max = 128;

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

bool is_listed_jti(std::string_view jti) {
  return !jti.empty() && jti.size() <= jti_bytes_max && std::all_of(jti.begin(), jti.end(), is_id_character);
}

std::string write_token_uses(const std::vector<TokenUse>& uses) {
  json used = json::object();
  for (const TokenUse& use : uses)
    used[use.jti] = std::chrono::floor<std::chrono::seconds>(use.used_at).time_since_epoch().count();
  return json{{used_member, std::move(used)}}.dump();
}

std::optional<std::vector<TokenUse>> read_token_uses(std::string_view text) {
  const auto message = parse(text);
  if (!message) return std::nullopt;
  const auto used = message->find(used_member);
  if (used == message->end() || !used->is_object() || used->size() > token_uses_max) return std::nullopt;
  std::vector<TokenUse> uses;
  for (const auto& [jti, seconds] : used->items()) {
    if (!is_listed_jti(jti) || !seconds.is_number_unsigned()) return std::nullopt;
    const auto used_at = seconds.get<std::uint64_t>();
    if (used_at > std::uint64_t{rfc3339_seconds_max}) return std::nullopt;
    uses.push_back({jti, WallTime(std::chrono::seconds(used_at))});
  }
  return uses;
}

}  // namespace strawberry
