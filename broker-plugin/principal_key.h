/// A principal as the key of a map. The id alone is not enough, since a device and a user may have the same. Pure.
#pragma once

#include <string>
#include <string_view>

#include "common/contract/principal.h"

namespace strawberry::plugin {

/// Returns a digit for the type, and the id.
inline std::string principal_key(const Principal& principal) {
  return std::string(1, static_cast<char>('0' + static_cast<int>(principal.type))) + principal.id;
}

/// True when `key` is principal_key(principal); does not create one.
inline bool is_key_of(std::string_view key, const Principal& principal) {
  return !key.empty() && key.front() == static_cast<char>('0' + static_cast<int>(principal.type)) &&
         key.substr(1) == principal.id;
}

}  // namespace strawberry::plugin
