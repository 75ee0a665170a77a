/// Measures how deep JSON text nests, without building anything from it: a check before parsing untrusted text.
#pragma once

#include <cstddef>
#include <string_view>

namespace strawberry {

/// True when brackets outside strings nest deeper than `depth_max`. Does not check the rest of the syntax.
bool json_nests_deeper_than(std::string_view text, std::size_t depth_max);

}  // namespace strawberry
