/// Where a schema bounds the length of a string. JSON may carry U+0000, at which the validator stops counting, so
/// a string with one in it would pass any maxLength, and C libraries behind the bridge would cut it there.
///
/// Lifetime: built once per schema, immutable then.   Errors: none.   Bounds: those of the document.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bridge/protocol/schemas/complaint.h"

namespace strawberry {

class TextPlaces {
 public:
  /// Follows `properties` and `items`.
  static TextPlaces of_schema(const nlohmann::json& schema);

  /// The first bounded string in `document` that contains U+0000.
  std::optional<JsonPath> find_nul(const nlohmann::json& document) const;

 private:
  bool is_empty() const { return !bounded_ && members_.empty() && !items_; }
  bool search(const nlohmann::json& value, JsonPath& path) const;

  bool bounded_ = false;
  std::vector<std::pair<std::string, TextPlaces>> members_;
  std::unique_ptr<TextPlaces> items_;
};

}  // namespace strawberry
