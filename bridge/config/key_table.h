/// Every key of the configuration as one row: where it stands, what it may be, where its value goes.
/// Rows are constants; nothing here fails.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "bridge/config/config.h"

namespace strawberry::bridge {

/// What a value may be. A check says what it expected, as a noun.
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
  std::string_view environment;  // the variable that overrides it; empty when none does
  Allowed allowed;
  Target (*target)(Owner&);
  /// Its value may be a secret put in the wrong place: never repeat it.
  bool hush = false;
};

std::span<const KeyRow<Config>> config_keys();
std::span<const KeyRow<LlmProviderConfig>> provider_keys();

/// `an integer from 1 to 65535`, `true or false`.
std::string describe_allowed(const Allowed& allowed);
bool is_allowed(const Text& text, std::string_view value);

}  // namespace strawberry::bridge
