/// The reasons for which the plugin ends a connection, as used in its log and in a device's status. Pure.
#pragma once

#include <string_view>

namespace strawberry::plugin {

inline constexpr std::string_view token_expired = "token_expired";
inline constexpr std::string_view rate_limited = "rate_limited";
inline constexpr std::string_view not_reading = "not_reading";
/// It has a client id that belongs to another principal. Also the reason of a refused login.
inline constexpr std::string_view client_id_is_a_principal = "client_id_is_a_principal";

/// True when the plugin ended a connection because a right was revoked, not because it expired.
inline bool is_revocation(std::string_view ending_because) {
  return !ending_because.empty() && ending_because != token_expired && ending_because != rate_limited &&
         ending_because != not_reading;
}

}  // namespace strawberry::plugin
