/// A capability of a device: a name with a version, `motor.differential:v1.0`. The name is parts of lower-case letters,
/// digits, `_` and `-` that begin with a letter, with dots between them; the version is major and minor.
///
/// Pure.   Errors: text that is not a capability gives nothing.   Bounds: capability_bytes_max; numbers of at most 4
/// digits.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace strawberry {

inline constexpr std::size_t capability_bytes_max = 64;

struct Capability {
  std::string name;
  int major = 0;
  int minor = 0;
};

std::optional<Capability> parse_capability(std::string_view text);

/// A pattern that capabilities are searched with: `motor.differential` matches any version, `motor.differential:v1`
/// that major version, `motor.differential:v1.2` that major version with at least that minor version.
struct WantedCapability {
  std::string name;
  std::optional<int> major;
  std::optional<int> minor;

  bool fits(const Capability& offered) const;
};

std::optional<WantedCapability> parse_wanted_capability(std::string_view text);

/// True when one of `offered` matches. Each is written as parse_capability() reads it.
bool has_capability(const std::vector<std::string>& offered, const WantedCapability& wanted);

}  // namespace strawberry
