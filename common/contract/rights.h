/// The rights of a token: scopes, and patterns of skills (docs/contract.md, section 1). Rights only restrict: a token
/// without them may do whatever the principal's type and its user's role allow.
///
/// Pure functions and values.   Errors: nothing, or an empty result, for text that is not valid.
/// Bounds: scope_bytes_max, skill_patterns_max, skill_pattern_bytes_max and skill_patterns_bytes_max.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace strawberry {

inline constexpr std::size_t scope_bytes_max = 512;
inline constexpr std::size_t skill_patterns_max = 32;
inline constexpr std::size_t skill_pattern_bytes_max = 200;
inline constexpr std::size_t skill_patterns_bytes_max = 1'024;  // all patterns of a token together

enum class Scope : unsigned {
  skills_read,
  skills_call,
  skills_register,
  chat,
  sessions,
  devices_read,
  devices_write,
  telemetry_read,
  telemetry_write,
  events_read,
  events_write,
  schedules,
  flows,
  users,
  mcp,
  // Not part of the `scope` text:
  any_skill,  // all skills; missing when `skills` names some
  confirmed,  // also skills that are marked `confirm`; missing for guests
};
inline constexpr unsigned named_scopes_count = static_cast<unsigned>(Scope::mcp) + 1;

/// Returns the scope's name in tokens: `skills:read`.
std::string_view to_string(Scope scope);
std::optional<Scope> parse_scope(std::string_view word);

/// A set of scopes.
class Scopes {
 public:
  constexpr Scopes() = default;  // none
  /// The scopes of a token that names none. Includes scopes that are added later.
  static constexpr Scopes all() { return Scopes(all_bits); }
  static constexpr Scopes of(std::initializer_list<Scope> scopes) {
    Scopes set;
    for (const Scope scope : scopes) set.bits_ |= bit(scope);
    return set;
  }
  static constexpr Scopes from_bits(std::uint32_t bits) { return Scopes(bits); }

  constexpr bool has(Scope scope) const { return (bits_ & bit(scope)) != 0; }
  constexpr bool is_all() const { return bits_ == all_bits; }
  constexpr bool is_within(Scopes other) const { return (bits_ & ~other.bits_) == 0; }
  constexpr std::uint32_t bits() const { return bits_; }
  constexpr Scopes without(Scope scope) const { return Scopes(bits_ & ~bit(scope)); }
  constexpr Scopes with(Scope scope) const { return Scopes(bits_ | bit(scope)); }
  constexpr Scopes operator&(Scopes other) const { return Scopes(bits_ & other.bits_); }
  constexpr bool operator==(const Scopes&) const = default;

 private:
  static constexpr std::uint32_t all_bits = ~std::uint32_t{0};
  constexpr explicit Scopes(std::uint32_t bits) : bits_(bits) {}
  static constexpr std::uint32_t bit(Scope scope) { return std::uint32_t{1} << static_cast<unsigned>(scope); }

  std::uint32_t bits_ = 0;
};

/// Reads the scopes that `scope` names, separated by spaces. A word that is not a scope adds nothing (RFC 6749, section
/// 3.3). Adds any_skill and confirmed.
Scopes scopes_in(std::string_view scope);
/// Returns the words of `scope` that are not scopes, for people; empty when there are none.
std::string unknown_scopes_in(std::string_view scope);
/// Writes what scopes_in() reads. all() becomes a list of every scope that exists.
std::string write_scope(Scopes scopes);

/// The most that a guest may do.
inline constexpr Scopes guest_scopes =
    Scopes::of({Scope::skills_read, Scope::skills_call, Scope::chat, Scope::sessions, Scope::devices_read,
                Scope::telemetry_read, Scope::events_read, Scope::users, Scope::mcp, Scope::any_skill});
/// The scopes of a program that a user allowed without naming any, or before scopes existed.
inline constexpr Scopes program_scopes =
    Scopes::of({Scope::skills_read, Scope::skills_call, Scope::chat, Scope::sessions, Scope::devices_read, Scope::mcp,
                Scope::any_skill, Scope::confirmed});

/// True for `Class.function` of any device, and `device.Class.function` with a device's id. A part may end in `*`,
/// which matches any text; a device is a full id, or `*`.
bool is_skill_pattern(std::string_view text);
bool skill_matches(std::string_view pattern, std::string_view device_id, std::string_view class_name,
                   std::string_view function_name);
/// True when `wide` matches every skill that `narrow` matches.
bool covers_pattern(std::string_view wide, std::string_view narrow);

struct Rights {
  Scopes scopes = Scopes::all();
  std::vector<std::string> skills = {};  // patterns; without any_skill, only matching skills are allowed

  bool is_full() const { return scopes.is_all(); }
  bool has(Scope scope) const { return scopes.has(scope); }
  bool may_use(std::string_view device_id, std::string_view class_name, std::string_view function_name) const;
  /// True when `other` allows everything that these rights allow.
  bool is_within(const Rights& other) const;
  bool operator==(const Rights&) const = default;
};

/// True when each pattern is valid, and their number and sizes are within a token's limits.
bool are_skill_patterns(std::span<const std::string> patterns);

/// The rights as one line for the plugin's stamp: `<scopes in hexadecimal>/<pattern>,<pattern>`.
std::string encode_rights(const Rights& rights);
std::optional<Rights> decode_rights(std::string_view text);

/// MQTT 5 user property beside the principal's: the rights of the token. Missing for a token with full rights.
inline constexpr const char* rights_property = "strawberry-rights";

}  // namespace strawberry
