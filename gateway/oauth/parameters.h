/// The parameters of OAuth requests: of a query, or of a form.
///
/// Pure functions.   Errors: as each function states.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/http/message.h"

namespace strawberry::gateway::oauth {

/// Returns the form in a request's body; nullopt when there is none, or it cannot be decoded.
std::optional<Fields> form_of(const Request& request);
/// Returns a name that occurs twice (RFC 6749, section 3.1 forbids it); empty when there is none.
std::string repeated(const Fields& fields);
/// Returns the first of that name; empty when there is none.
std::string value_of(const Fields& fields, std::string_view name);
bool has(const Fields& fields, std::string_view name);
/// True for 43 to 128 of the characters that PKCE allows (RFC 7636, section 4.1).
bool is_code_verifier(std::string_view text);
/// True for a SHA-256 as base64url.
bool is_s256_challenge(std::string_view text);
/// Returns whether `challenge` was made from `verifier`.
bool is_answer(const std::string& verifier, const std::string& challenge);

}  // namespace strawberry::gateway::oauth
