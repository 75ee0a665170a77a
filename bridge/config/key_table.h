/// Every configuration key as one row: its place, its valid values, and the member that receives its value.
/// Rows are constants; nothing here fails.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "bridge/config/config.h"

namespace strawberry::bridge {

/// The kinds of text values. A check returns what it expected, as a noun.
enum class TextKind { any, host, address, name, url, variable, choice, ids, socket, proxy };

struct IntegerRange {
  std::int64_t least;
  std::int64_t most;
};
struct Text {
  TextKind kind = TextKind::any;
  std::string_view choices = {};  // with TextKind::choice: `human json`
  bool may_be_empty = false;
};
struct Flag {};
using Allowed = std::variant<IntegerRange, Text, Flag>;

using Target = std::variant<std::int64_t*, std::string*, bool*>;

template <class Owner>
struct KeyRow {
  std::string_view section;
  std::string_view name;
  std::string_view environment;  // the variable that overrides it; empty: none
  Allowed allowed;
  Target (*target)(Owner&);
  /// The value may be a misplaced secret: never repeat it.
  bool hush = false;
};

std::span<const KeyRow<Config>> config_keys();
std::span<const KeyRow<LlmProviderConfig>> provider_keys();

/// Returns `an integer from 1 to 65535`, `true or false`.
std::string describe_allowed(const Allowed& allowed);
bool is_allowed(const Text& text, std::string_view value);

}  // namespace strawberry::bridge
