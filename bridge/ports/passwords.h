/// Passwords: hashes of them are made and checked. Both take a tenth of a second and much memory on purpose, and so
/// never run on the loop.
///
/// Threading: called on the loop; the work happens elsewhere.   Errors: `busy` when too much waits, at once.
/// Bounds: password_bytes_min and password_bytes_max, which the caller has checked.
#pragma once

#include <cstddef>
#include <string>

#include "common/contract/error.h"
#include "common/runtime/task.h"

namespace strawberry::bridge {

inline constexpr std::size_t password_bytes_min = 8;
inline constexpr std::size_t password_bytes_max = 1'024;

class Passwords {
 public:
  virtual ~Passwords() = default;
  /// The text to store.
  virtual Task<Reply<std::string>> hash(std::string password) = 0;
  /// Whether it is the password that `hash` was made of. With an empty `hash`, of a user who is unknown or has none, it
  /// works as long and says no.
  virtual Task<Reply<bool>> matches(std::string hash, std::string password) = 0;
};

}  // namespace strawberry::bridge
