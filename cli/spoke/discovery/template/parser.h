/// Parses a template's tokens into a tree: statements and expressions with Jinja's precedence.
///
/// Pure.   Errors: Failure, naming the unsupported part.   Bounds: nesting_max.
#pragma once

#include <string_view>

#include "cli/spoke/discovery/template/node.h"
#include "common/text/result.h"

namespace strawberry::cli::discovery {

Result<NodePtr> parse_template(std::string_view text);

}  // namespace strawberry::cli::discovery
