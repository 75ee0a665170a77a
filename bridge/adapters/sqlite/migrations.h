/// The files of schemas/sql/ in order, compiled in. Number n brings a database from version n-1 to n.
#pragma once

#include <string_view>
#include <vector>

namespace strawberry::bridge {

const std::vector<std::string_view>& migrations();

}  // namespace strawberry::bridge
