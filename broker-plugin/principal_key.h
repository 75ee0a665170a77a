/// A principal as a key of a map: ids alone are not enough, a device and a user may have the same. Pure.
#pragma once

#include <string>

#include "common/contract/principal.h"

namespace strawberry {

/// A digit and the id.
inline std::string principal_key(const Principal& principal) {
  return std::string(1, static_cast<char>('0' + static_cast<int>(principal.type))) + principal.id;
}

}  // namespace strawberry
