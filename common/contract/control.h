/// What the bridge tells the broker's plugin on `$CONTROL/strawberry/v1`, the plugin's acknowledgement, and what it
/// tells of tokens in use (docs/contract.md, section 9; decision 9).
///
/// Pure functions.   Errors: text that is not such a message gives nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/text/clock.h"

namespace strawberry {

inline constexpr std::string_view control_topic = "$CONTROL/strawberry/v1";
inline constexpr std::string_view control_response_topic = "$CONTROL/strawberry/v1/response";
/// Ids in one message. The limit is low because the broker waits while the plugin looks each of them up.
inline constexpr std::size_t control_ids_max = 64;

/// `{"number": n, "changed": ["id", …]}`: the devices and one-time tokens that were added, changed or removed. The
/// plugin also reads the keys again.
struct DirectoryChange {
  std::uint64_t number = 0;  // the acknowledgement repeats it
  std::vector<std::string> ids;
};

std::string write_change(const DirectoryChange& change);
/// Accepts at most control_ids_max ids, all of them valid.
std::optional<DirectoryChange> read_change(std::string_view text);

/// `{"number": n}`
std::string write_acknowledgement(std::uint64_t number);
std::optional<std::uint64_t> read_acknowledgement(std::string_view text);

/// A connection was open with this token at that time.
struct TokenUse {
  std::string jti;
  WallTime used_at;  // whole seconds

  bool operator==(const TokenUse&) const = default;
};
/// In one message.
inline constexpr std::size_t token_uses_max = 64;

/// Whether a token of the hub's list may have this `jti`: `[A-Za-z0-9_-]{1,128}`.
bool is_listed_jti(std::string_view jti);

/// `{"used": {"jti": seconds since the Unix epoch, …}}`. Precondition: at most token_uses_max, each with
/// is_listed_jti().
std::string write_token_uses(const std::vector<TokenUse>& uses);
/// At most token_uses_max.
std::optional<std::vector<TokenUse>> read_token_uses(std::string_view text);

}  // namespace strawberry
