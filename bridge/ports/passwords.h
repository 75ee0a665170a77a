/// Hashes and checks passwords. Both take a tenth of a second and much memory on purpose, and so never run on the loop.
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
  /// Returns the text to store.
  virtual Task<Reply<std::string>> hash(std::string password) = 0;
  /// Returns whether `hash` was made from the password. With an empty `hash`, for a user who does not exist or has
  /// none, it takes the same time and returns false.
  virtual Task<Reply<bool>> matches(std::string hash, std::string password) = 0;
};

}  // namespace strawberry::bridge
