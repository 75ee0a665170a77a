/// API keys: the files they may be read from, and their valid form.
/// Errors: Failure that names the place, never the key.   Bounds: secret_bytes_max.
#pragma once

#include <string>
#include <string_view>

#include "common/text/result.h"

namespace strawberry::bridge {

inline constexpr std::size_t secret_bytes_max = 4096;

/// True for printable ASCII without spaces: the key goes into an HTTP header, where a line break would start another
/// one.
bool is_plausible_key(std::string_view key);

/// Returns the single line in `path`. Refuses a file that is not private (common/text/private_file.h), and anything but
/// a regular file.
Result<std::string> read_secret_file(const std::string& path);

}  // namespace strawberry::bridge
