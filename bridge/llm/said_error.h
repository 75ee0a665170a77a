/// Extracts a server's error text, in whichever form the server sends it.
///
/// `error` may be an object, a text or an array; there may be `errors`, `detail`, `message` or `title` instead of it; a
/// text may be JSON itself; a web page has a title; a body may be plain text or an event of a stream.
///
/// Pure functions.   Bounds: at most said_depth_max levels and said_parts_max parts of an array are read; the length is
/// cut where it is shown (shown_text()).
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace strawberry::bridge {

inline constexpr int said_depth_max = 6;
inline constexpr std::size_t said_parts_max = 5;

/// Returns the text of an error object, or of an array that begins with one: an object with `error` or `errors`, or one
/// that calls itself an error (`object`, `type`). Nothing when `body` is not an error; empty when it has no text.
std::optional<std::string> error_said(const nlohmann::json& body);

/// Returns the text of an object of any form that came instead of an answer. Empty when it has none.
std::string failure_said(const nlohmann::json& body);

/// The same for a whole body of any kind: JSON (itself when it has no text), an event stream, a web page (its title) or
/// plain text.
std::string failure_said(std::string_view body);

/// Returns the HTTP status that such an object would have come with: `code`, `status`, or the meaning of `type` or
/// `code`. 0 when it has none.
int error_status(const nlohmann::json& body);

}  // namespace strawberry::bridge
