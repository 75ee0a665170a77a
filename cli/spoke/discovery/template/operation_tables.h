/// The tables behind find_filter() and its like, a file each. For operation.cpp, and for those that share an entry.
#pragma once

#include <span>

#include "cli/spoke/discovery/template/operation.h"

namespace strawberry::cli::discovery {

std::span<const Operation> text_filters();
std::span<const Operation> number_filters();
std::span<const Operation> list_filters();
std::span<const Operation> tests_of_values();
std::span<const Operation> functions();
std::span<const Operation> methods();

/// The input as text, spent; fails when it is too much.
std::string text_of_input(OperationCall& call);
/// A text argument; `otherwise` when it is not given.
std::string text_argument(const OperationCall& call, std::size_t position, std::string_view name,
                          std::string otherwise);
/// A whole number; `otherwise` when it is not given, or none.
std::int64_t whole_argument(const OperationCall& call, std::size_t position, std::string_view name,
                            std::int64_t otherwise);
/// The text with all `what` replaced, `count` at most when that is not negative; spends what it makes.
Value replace_in(OperationCall& call, const std::string& text, const std::string& what, const std::string& by,
                 std::int64_t count = -1);
std::string lower_text(std::string text);
std::string upper_text(std::string text);
std::string title_text(std::string text);
std::string capital_text(std::string text);
std::string stripped_text(std::string_view text, std::string_view characters, bool at_begin, bool at_end);

}  // namespace strawberry::cli::discovery
