/// The scopes that a program may be given (program_scopes), in the form of OAuth (docs/oauth.md). A program cannot
/// manage devices, tokens and accounts.
///
/// Pure functions.   Errors: nullopt for an invalid scope.   Bounds: scope_bytes_max.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/contract/rights.h"

namespace strawberry::gateway::oauth {

/// The scopes that the tools of /mcp need.
inline constexpr Scopes mcp_scopes =
    Scopes::of({Scope::skills_read, Scope::skills_call, Scope::mcp, Scope::any_skill, Scope::confirmed});

/// Returns those of the requested scopes that programs may get; all of those when `scope` is empty. `mcp` alone means
/// mcp_scopes: it was once the only scope, and grants nothing by itself. Nullopt when a word is not a scope, when none
/// of them may be given, and when `scope` is longer than scope_bytes_max.
inline std::optional<Scopes> wanted_scopes(std::string_view scope) {
  if (scope.find_first_not_of(' ') == std::string_view::npos) return program_scopes;
  if (scope.size() > scope_bytes_max || !unknown_scopes_in(scope).empty()) return std::nullopt;
  const Scopes wanted = scopes_in(scope);
  if (wanted == Scopes::of({Scope::mcp, Scope::any_skill, Scope::confirmed})) return mcp_scopes;
  const Scopes given = wanted & program_scopes;
  if (write_scope(given).empty()) return std::nullopt;
  return given;
}

/// Returns the scopes' names, for `scopes_supported`.
inline std::vector<std::string> words_of(Scopes scopes) {
  std::vector<std::string> words;
  for (unsigned i = 0; i < named_scopes_count; ++i) {
    const auto scope = static_cast<Scope>(i);
    if (scopes.has(scope)) words.emplace_back(to_string(scope));
  }
  return words;
}

}  // namespace strawberry::gateway::oauth
