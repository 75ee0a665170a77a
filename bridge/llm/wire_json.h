/// What the readers of every dialect need: JSON of strangers looked at without surprises, and errors made of it.
///
/// Pure functions. Errors: ProviderError without the provider's name.   Bounds: nesting wire_depth_max, messages
/// said_bytes_max; the size of a text is bounded by the caller.
#pragma once

#include <cstddef>
#include <cstdint>
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

/// Nothing when it is not JSON or nested too deep for the code that walks it later. Texts may hold stand-ins for halves
/// of characters (surrogates.h).
std::optional<nlohmann::json> parse_wire(std::string_view text);

/// Null when `object` is none or has no such member.
const nlohmann::json* member(const nlohmann::json& object, const char* key);
/// Empty when there is no such string.
std::string string_at(const nlohmann::json& object, const char* key);
/// 0 to count_max, so that counts can be added up; 0 when there is no such count.
std::int64_t count_at(const nlohmann::json& object, const char* key);

/// A tool call's arguments as JSON text: they come as text, as the object itself, or, meaning none, not at all.
std::string arguments_text(const nlohmann::json* arguments);
/// The text as it was meant: what stands for no arguments (blanks, `null`, `[]`) is `{}`, an object that was encoded
/// twice is decoded once more, and halves of characters are joined. Anything else stays as it is.
std::string plain_arguments(const std::string& text);

/// Whether a part of a message's content is a thought of the model, which nobody is shown.
bool is_thought(const nlohmann::json& part);
/// How many thoughts a message, or a piece of one, holds: as parts of its content or in a member of its own.
std::size_t thoughts_in(const nlohmann::json& message);

/// Of a server, for people: said_bytes_max of it, printable.
std::string shown_text(std::string_view said);

tl::unexpected<ProviderError> wire_error(std::string reason, int status, std::string message);

/// An error object that came where an answer was due. `otherwise` is its status when it does not say.
tl::unexpected<ProviderError> reported_error(const nlohmann::json& body, int otherwise);

/// A response whose status is no success: `status`, with what the server said and its wish to be asked later.
tl::unexpected<ProviderError> failed_response(const HttpResponse& response);

}  // namespace strawberry::bridge
