/// The hub's own two tools, for users with more skills than a model is shown: search skills by words, describe one.
/// This is their definition and output; tool_catalog.h runs them.
///
/// Pure functions. Docstrings are data: as_data() cleans what is shown, tool_result.h every result.
/// Bounds: answer_bytes_max for a search (which says when results were left out), docstring_bytes_max.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "bridge/llm/provider.h"
#include "common/contract/error.h"

namespace strawberry::bridge::hub_tools {

inline constexpr std::size_t answer_bytes_max = 6 * 1024;
inline constexpr std::size_t docstring_bytes_max = 2 * 1024;
inline constexpr std::size_t text_bytes_max = 512;  // of a query or a path

Tool search(std::string name);
Tool describe(std::string name);

/// Returns the one text argument of these tools; `key` is `query` or `path`.
Reply<std::string> read_argument(const std::string& arguments, const char* key);

/// A skill and the tool that calls it.
using Named = std::pair<std::string, OfferedSkill>;
nlohmann::json search_answer(const std::vector<Named>& skills, bool has_more);
nlohmann::json describe_answer(const std::vector<Named>& skills);

/// Returns the words of a text that are worth searching skills for; empty when there are none.
std::string words_about(const std::string& text);

}  // namespace strawberry::bridge::hub_tools
