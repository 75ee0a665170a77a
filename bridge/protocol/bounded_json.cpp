#include "bridge/protocol/bounded_json.h"

#include "common/json_depth.h"

namespace strawberry {

using nlohmann::json;

bool nests_too_deep(std::string_view text) { return json_nests_deeper_than(text, depth_max); }

json parse_bounded_json(std::string_view text, std::size_t bytes_max) {
  // The parser takes NUL for the end of its input, and would not look at what follows.
  if (text.size() > bytes_max || nests_too_deep(text) || text.find('\0') != std::string_view::npos) {
    return json(json::value_t::discarded);
  }
  return json::parse(text, nullptr, false);
}

}  // namespace strawberry
