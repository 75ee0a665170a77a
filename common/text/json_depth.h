/// How deep JSON text nests, found without building anything from it: a look to take before parsing what strangers
/// send.
#pragma once

#include <cstddef>
#include <string_view>

namespace strawberry {

/// Whether brackets outside strings nest deeper than `depth_max`. Says nothing about the rest of the syntax.
bool json_nests_deeper_than(std::string_view text, std::size_t depth_max);

}  // namespace strawberry
