/// What a model is told a tool call came to: the content of a `tool` message. One shape, written by the agent loop and
/// read by the embedded rules: `{"result":…}`, or `{"error":{"code":…,"message":…}}` with `path` (the argument that is
/// wrong) and `candidates` (what could be meant) where the error has them.
///
/// Pure functions. A result is data from a device: control characters are dropped, and what is too long is cut and
/// marked
/// `"truncated":true`.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "common/contract/error.h"
#include "common/text/printable.h"

namespace strawberry::bridge {

/// At most `bytes_max` bytes of JSON (a little more for the marks when it was cut).
std::string tool_result_content(const Reply<nlohmann::json>& outcome, std::size_t bytes_max);

}  // namespace strawberry::bridge
