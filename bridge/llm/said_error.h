/// What a server says about its failure, in whichever form it says it.
///
/// `error` may be an object, a text or an array; there may be `errors`, `detail`, `message` or `title` instead of it; a
/// text may be JSON itself; a web page has a title; a body may be plain text or an event of a stream.
///
/// Pure functions.   Bounds: said_depth_max levels and said_parts_max parts of an array are looked at; the length is
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

/// What an error object says, `body` being that object or an array that begins with it: one with `error` or `errors`,
/// or one that calls itself an error (`object`, `type`). Nothing when `body` is no error; empty when it says nothing.
std::optional<std::string> error_said(const nlohmann::json& body);

/// What an object says that came instead of an answer and may be of any form. Empty when it says nothing.
std::string failure_said(const nlohmann::json& body);

/// The same of a whole body of any kind: JSON (itself when it has no words), an event stream, a web page (its title) or
/// plain text.
std::string failure_said(std::string_view body);

/// The HTTP status that such an object would have come with: `code`, `status`, or what `type` or `code` stands for. 0
/// when it does not say.
int error_status(const nlohmann::json& body);

}  // namespace strawberry::bridge
