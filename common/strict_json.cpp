#include "common/strict_json.h"

#include <set>
#include <string>
#include <vector>

#include "common/json_depth.h"

namespace strawberry {
namespace {

/// Remembers the members of the objects that are open while the parser walks the document.
class DuplicateFinder {
 public:
  bool operator()(nlohmann::json::parse_event_t event, const nlohmann::json& parsed) {
    using Event = nlohmann::json::parse_event_t;
    if (event == Event::object_start) open_.emplace_back();
    if (event == Event::object_end && !open_.empty()) open_.pop_back();
    if (event == Event::key && !open_.empty() && !open_.back().insert(parsed.get<std::string>()).second) found_ = true;
    return true;
  }
  bool found() const { return found_; }

 private:
  std::vector<std::set<std::string>> open_;
  bool found_ = false;
};

}  // namespace

std::optional<nlohmann::json> parse_strict_object(std::string_view text, std::size_t depth_max) {
  // The parser takes NUL for the end of its input and skips a byte order mark.
  if (text.find('\0') != std::string_view::npos || text.starts_with("\xEF\xBB\xBF")) return std::nullopt;
  if (json_nests_deeper_than(text, depth_max)) return std::nullopt;

  DuplicateFinder duplicates;
  auto parsed = nlohmann::json::parse(
      text,
      [&duplicates](int, nlohmann::json::parse_event_t event, const nlohmann::json& part) {
        return duplicates(event, part);
      },
      /*allow_exceptions=*/false);
  if (!parsed.is_object() || duplicates.found()) return std::nullopt;
  return parsed;
}

}  // namespace strawberry
