/// The parameters of OAuth requests: of a query, or of a form.
///
/// Pure functions.   Errors: as said.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/http/message.h"

namespace strawberry::gateway::oauth {

/// The form in a request's body; nothing when it is none, or not decodable.
std::optional<Fields> form_of(const Request& request);
/// A name that is there twice (RFC 6749, section 3.1 forbids it); empty when there is none.
std::string repeated(const Fields& fields);
/// The first of that name; empty when there is none.
std::string value_of(const Fields& fields, std::string_view name);
bool has(const Fields& fields, std::string_view name);
/// 43 to 128 of what PKCE allows (RFC 7636, section 4.1).
bool is_code_verifier(std::string_view text);
/// A SHA-256 as base64url.
bool is_s256_challenge(std::string_view text);
/// Whether `verifier` is what `challenge` was made of.
bool is_answer(const std::string& verifier, const std::string& challenge);

}  // namespace strawberry::gateway::oauth
