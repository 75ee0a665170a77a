/// The tables of find_filter() and similar functions, one a file. For operation.cpp, and for files that share an entry.
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

/// Returns the input as text after spending it; fails when it is too much.
std::string text_of_input(OperationCall& call);
/// Returns a text argument; `otherwise` when it is not given.
std::string text_argument(const OperationCall& call, std::size_t position, std::string_view name,
                          std::string otherwise);
/// Returns a whole number; `otherwise` when it is not given or not a number.
std::int64_t whole_argument(const OperationCall& call, std::size_t position, std::string_view name,
                            std::int64_t otherwise);
/// Replaces `what` in the text, at most `count` times if that is not negative; spends the result.
Value replace_in(OperationCall& call, const std::string& text, const std::string& what, const std::string& by,
                 std::int64_t count = -1);
std::string lower_text(std::string text);
std::string upper_text(std::string text);
std::string title_text(std::string text);
std::string capital_text(std::string text);
std::string stripped_text(std::string_view text, std::string_view characters, bool at_begin, bool at_end);

}  // namespace strawberry::cli::discovery
