/// Says in words what a call came to, honestly: what the skill said, done, failed, or not known.
///
/// Pure functions. Texts of devices are data: control characters escaped, lengths bounded.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "bridge/rules/language.h"

namespace strawberry::bridge::rules {

/// A call that was made.
struct Made {
  std::string class_name;
  std::string function_name;
  std::string device;                                   // as its owner wrote it; empty when it is not known
  nlohmann::json arguments = nlohmann::json::object();  // without the device
  bool only_tells = false;                              // the skill changes nothing
};

/// `content` is `{"result":…}` or `{"error":{"code":…,"message":…}}`, perhaps with `"truncated":true`; anything else is
/// told as a call whose outcome nobody knows.
std::string tell(const Made& made, const nlohmann::json& content, Language language);

/// Whether a text begins as tell() begins when a call was not done.
bool tells_failure(std::string_view text);

/// `turn_on` on `Kitchen Light` → `turn on Kitchen Light`; `set_volume` with 30 → `set volume 30 on …`.
std::string name_call(const Made& made, Language language);

/// `set_volume` → `set volume`.
std::string spoken_name(const std::string& name);
/// `a, b and c`; at most names_listed_max of them.
std::string join(const std::vector<std::string>& parts, const std::string& last_separator);
inline constexpr std::size_t names_listed_max = 8;

}  // namespace strawberry::bridge::rules
