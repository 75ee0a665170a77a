/// Splits a template into tokens: Jinja's `{{ … }}`, `{% … %}`, `{# … #}` with their white space control, and `raw`.
///
/// Pure.   Lifetime: tokens refer to the text, except strings with escapes.   Errors: Failure with the text found.
/// Bounds: template_bytes_max, of template.h; as many tokens as the text has bytes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/text/result.h"

namespace strawberry::cli::discovery {

struct Token {
  enum class Kind {
    text,         // outside of tags
    print_begin,  // {{
    print_end,    // }}
    block_begin,  // {%
    block_end,    // %}
    name,
    number,
    string,
    sign,  // an operator or bracket
    end,
  };
  Kind kind = Kind::end;
  std::string text;  // of a string: without quotes, escapes replaced
};

Result<std::vector<Token>> read_tokens(std::string_view text);

}  // namespace strawberry::cli::discovery
