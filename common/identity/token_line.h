/// Prefixes by which the first token of a line shows its purpose (docs/contract.md, section 1). They are signed with
/// the token, so they can be trusted.
///
/// Pure functions.
#pragma once

#include <string_view>

namespace strawberry {

/// Prefix of the `jti` of the first token that a user allows a program.
inline constexpr std::string_view program_jti_prefix = "program-";
/// Prefix of the principal id of the one-time token in a login link.
inline constexpr std::string_view sign_in_id_prefix = "sign-in-";
/// Prefix of the principal id of the one-time token in an operator's link, which creates the first admin.
inline constexpr std::string_view operator_id_prefix = "operator-";

/// True for a token of a program. `root_jti`: of the first token of its line, which may be the token itself. Such a
/// token lists devices, calls and chats for its user; it cannot manage devices, and the only token it can get is the
/// next of its line.
inline bool is_of_program(std::string_view root_jti) { return root_jti.starts_with(program_jti_prefix); }

}  // namespace strawberry
