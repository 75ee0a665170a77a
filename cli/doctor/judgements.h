/// What the files of checks share.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "cli/doctor/checks.h"

namespace strawberry::cli {

using Maybe = std::optional<Finding>;

inline Finding good(std::string check, std::string what) { return {std::move(check), Verdict::good, std::move(what)}; }
inline Finding warn(std::string check, std::string what, std::string todo) {
  return {std::move(check), Verdict::warning, std::move(what), std::move(todo)};
}
inline Finding bad(std::string check, std::string what, std::string todo) {
  return {std::move(check), Verdict::bad, std::move(what), std::move(todo)};
}

/// As `ls` and `chmod` write it: 0600.
std::string octal(unsigned mode);
/// As `'a b'` where the shell needs it.
std::string shell_word(const std::string& word);
inline bool mentions(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

/// It is there, and somebody else may read it.
bool is_permission_denied(const FileFacts& file);

// Commands, as they are typed for this hub.
std::string start_hub(const Facts& facts);
std::string restart_bridge(const Facts& facts);
std::string restart_broker(const Facts& facts);
std::string show_bridge_log(const Facts& facts);
std::string show_broker_log(const Facts& facts);

// One for each thing that may be wrong, in the order in which they are shown.
Maybe data_directory(const Facts& facts);
Maybe keys(const Facts& facts);
Maybe database(const Facts& facts);
Maybe disk(const Facts& facts);
Maybe configuration(const Facts& facts);
Maybe per_listener(const Facts& facts);
Maybe anonymous_setting(const Facts& facts);
Maybe nodelay(const Facts& facts);
Maybe plugin_file(const Facts& facts);
Maybe broker(const Facts& facts);
Maybe socket(const Facts& facts);
Maybe encryption(const Facts& facts);
Maybe anonymous_login(const Facts& facts);
Maybe login(const Facts& facts);
Maybe open_files(const Facts& facts);
Maybe bridge(const Facts& facts);
Maybe clock(const Facts& facts);
Maybe providers(const Facts& facts);
Maybe chat(const Facts& facts);
Maybe web_door(const Facts& facts);
Maybe settings(const Facts& facts);
Maybe refused_logins(const Facts& facts);
Maybe clients_token(const Facts& facts);
Maybe admin_token(const Facts& facts);
Maybe given_token(const Facts& facts);

}  // namespace strawberry::cli
