/// Why the plugin ends a connection, as its log and the status of a device name it. Pure.
#pragma once

#include <string_view>

namespace strawberry::plugin {

inline constexpr std::string_view token_expired = "token_expired";
inline constexpr std::string_view rate_limited = "rate_limited";
inline constexpr std::string_view not_reading = "not_reading";

/// Why the plugin ended a connection: not because time ran out, but because somebody took a right away.
inline bool is_revocation(std::string_view ending_because) {
  return !ending_because.empty() && ending_because != token_expired && ending_because != rate_limited &&
         ending_because != not_reading;
}

}  // namespace strawberry::plugin
