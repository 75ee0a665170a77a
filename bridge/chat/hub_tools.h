/// The hub's own two tools, for users with more skills than a model is shown: find skills by words, describe one. What
/// the model sees of them; tool_catalog.h runs them.
///
/// Pure functions. Docstrings are data: as_data() cleans what is shown, tool_result.h whatever comes from here.
/// Bounds: answer_bytes_max for a search (what does not fit is said to be there), docstring_bytes_max.
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

/// The one text that each of them takes; `key` is `query` or `path`.
Reply<std::string> read_argument(const std::string& arguments, const char* key);

/// A skill and the tool that calls it.
using Named = std::pair<std::string, OfferedSkill>;
nlohmann::json search_answer(const std::vector<Named>& skills, bool has_more);
nlohmann::json describe_answer(const std::vector<Named>& skills);

/// Of what a person says, the words worth searching skills for; empty when there are none.
std::string words_about(const std::string& text);

}  // namespace strawberry::bridge::hub_tools
