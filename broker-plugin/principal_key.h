/// A principal as a key of a map: ids alone are not enough, a device and a user may have the same. Pure.
#pragma once

#include <string>
#include <string_view>

#include "common/contract/principal.h"

namespace strawberry::plugin {

/// A digit and the id.
inline std::string principal_key(const Principal& principal) {
  return std::string(1, static_cast<char>('0' + static_cast<int>(principal.type))) + principal.id;
}

/// Whether `key` is principal_key(principal), without making one.
inline bool is_key_of(std::string_view key, const Principal& principal) {
  return !key.empty() && key.front() == static_cast<char>('0' + static_cast<int>(principal.type)) &&
         key.substr(1) == principal.id;
}

}  // namespace strawberry::plugin
