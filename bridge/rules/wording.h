/// Reports the outcome of a call in words: the skill's own text, done, failed, or unknown.
///
/// Pure functions. Texts of devices are data: control characters escaped, lengths limited.
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
  std::string device;                                   // as its owner wrote it; empty: unknown
  nlohmann::json arguments = nlohmann::json::object();  // without the device
  bool only_tells = false;                              // the skill changes nothing
};

/// `content` is `{"result":…}` or `{"error":{"code":…,"message":…}}`, possibly with `"truncated":true`; anything else
/// is reported as an unknown outcome.
std::string tell(const Made& made, const nlohmann::json& content, Language language);

/// True when a text begins like tell()'s report of a failure.
bool tells_failure(std::string_view text);

/// `turn_on` on `Kitchen Light` → `turn on Kitchen Light`; `set_volume` with 30 → `set volume 30 on …`.
std::string name_call(const Made& made, Language language);

/// `set_volume` → `set volume`.
std::string spoken_name(const std::string& name);
/// Returns `a, b and c`; at most names_listed_max of them.
std::string join(const std::vector<std::string>& parts, const std::string& last_separator);
inline constexpr std::size_t names_listed_max = 8;

}  // namespace strawberry::bridge::rules
