/// Names by which the first token of a line says what the line is for (docs/contract.md, section 1). They are signed
/// with the token, so they can be believed.
///
/// Pure functions.
#pragma once

#include <string_view>

namespace strawberry {

/// Of a program that a user has allowed something: the `jti` of the first token of its line.
inline constexpr std::string_view program_jti_prefix = "program-";
/// Of the one-time token in a login link: the principal's id.
inline constexpr std::string_view sign_in_id_prefix = "sign-in-";
/// Of the one-time token in an operator's link, which creates the first admin: the principal's id.
inline constexpr std::string_view operator_id_prefix = "operator-";

/// Whether a token belongs to a program. `root_jti`: of the first of its line, which may be the token itself. Such a
/// token lists devices, calls and chats for its user; it manages no devices and gets no token but the next of its line.
inline bool is_of_program(std::string_view root_jti) { return root_jti.starts_with(program_jti_prefix); }

}  // namespace strawberry
