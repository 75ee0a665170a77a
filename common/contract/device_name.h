/// Normalizes device names, which people write freely, to the form that calls use.
#pragma once

#include <string>
#include <string_view>

namespace strawberry {

inline constexpr std::size_t device_name_bytes_max = 128;

/// Returns the name by which a call addresses a device: Unicode NFKD, non-ASCII dropped, lower case, runs of space and
/// hyphen to `_`, anything else outside `[a-z0-9_]` dropped, `_` collapsed and trimmed. `Büro-Computer` →
/// `buro_computer`. Empty when nothing is left or the input is not UTF-8; such a name is refused, as is `hub`.
std::string normalize_device_name(std::string_view name);

}  // namespace strawberry
