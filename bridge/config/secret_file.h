/// API keys: where they may come from and what they may look like.
/// Errors: Failure that names the place, never the key.   Bounds: secret_bytes_max.
#pragma once

#include <string>
#include <string_view>

#include "common/text/result.h"

namespace strawberry::bridge {

inline constexpr std::size_t secret_bytes_max = 4096;

/// Printable ASCII without spaces: it goes into an HTTP header, where a line break would start another one.
bool is_plausible_key(std::string_view key);

/// The one line in `path`. Refuses a file that is not private (common/text/private_file.h), and what is no regular
/// file.
Result<std::string> read_secret_file(const std::string& path);

}  // namespace strawberry::bridge
