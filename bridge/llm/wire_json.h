/// Functions for the readers of every dialect: safe access to untrusted JSON, and errors made from it.
///
/// Pure functions. Errors: ProviderError without the provider's name.   Bounds: nesting wire_depth_max, messages
/// said_bytes_max; the caller limits the size of a text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "bridge/llm/provider.h"
#include "bridge/ports/http.h"

namespace strawberry::bridge {

inline constexpr std::size_t wire_depth_max = 64;
inline constexpr std::size_t said_bytes_max = 300;
inline constexpr std::int64_t count_max = 1'000'000'000'000;

/// Returns nothing when it is not JSON or nests too deep for the code that reads it. Texts may contain stand-ins for
/// halves of characters (surrogates.h).
std::optional<nlohmann::json> parse_wire(std::string_view text);

/// Returns null when `object` is not an object or has no such member.
const nlohmann::json* member(const nlohmann::json& object, const char* key);
/// Returns an empty text when there is no such string.
std::string string_at(const nlohmann::json& object, const char* key);
/// Returns 0 to count_max, so that counts can be added up; 0 when there is no such count.
std::int64_t count_at(const nlohmann::json& object, const char* key);
bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words);

/// Returns a tool call's arguments as JSON text: servers send text, the object itself, or nothing when there are none.
std::string arguments_text(const nlohmann::json* arguments);
/// Normalizes arguments: blanks, `null` and `[]` become `{}`, an object that was encoded twice is decoded once more,
/// and halves of characters are joined. Anything else stays as it is.
std::string plain_arguments(const std::string& text);

/// True for a part of a message that is a thought of the model, which is never shown.
bool is_thought(const nlohmann::json& part);
/// Returns how many thoughts a message, or a piece of one, has: as parts of its content or in a member of its own.
std::size_t thoughts_in(const nlohmann::json& message);

/// Returns a server's text for people: at most said_bytes_max of it, printable.
std::string shown_text(std::string_view said);

tl::unexpected<ProviderError> wire_error(std::string reason, int status, std::string message);

/// Returns the error for an error object that came instead of an answer. `otherwise`: the status when the object has
/// none.
tl::unexpected<ProviderError> reported_error(const nlohmann::json& body, int otherwise);

/// Returns the error for a response that failed: `status`, with the server's text and the pause it requests.
tl::unexpected<ProviderError> failed_response(const HttpResponse& response);

}  // namespace strawberry::bridge
