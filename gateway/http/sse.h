/// Server-sent events in the form that every stream uses: `data:` and one JSON object each.
///
/// Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "gateway/http/json.h"

namespace strawberry::gateway {

inline constexpr std::string_view sse_content_type = "text/event-stream; charset=utf-8";
/// A comment, which clients ignore, but which keeps them and proxies from closing an idle stream.
inline constexpr std::string_view sse_keep_alive = ": keep-alive\n\n";

inline std::string sse(const nlohmann::json& data) { return "data: " + to_text(data) + "\n\n"; }

}  // namespace strawberry::gateway
