/// Checks the bounds of a request's arrays and strings before the validator reads it.
///
/// The validator reads every item of an array before it counts them, runs patterns over strings of any length, and
/// stops counting characters at U+0000, so that any text could follow it. Precheck refuses such requests first, and
/// only visits the places that have bounds.
///
/// Lifetime: built once per schema, immutable then.   Errors: none.   Bounds: those of the document.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/contract/schemas/complaint.h"

namespace strawberry {

class Precheck {
 public:
  struct Finding {
    JsonPath path;
    bool has_nul = false;  // otherwise it is too long
  };

  /// Follows `properties` and `items`; reads `maxLength` and `maxItems`.
  static Precheck of_schema(const nlohmann::json& schema);

  /// Returns the first place that is certainly too long, or a bounded string with U+0000 in it.
  std::optional<Finding> find(const nlohmann::json& document) const;

 private:
  bool is_empty() const { return !characters_max_ && !items_max_ && members_.empty() && !items_; }
  bool search(const nlohmann::json& value, Finding& finding) const;
  bool search_text(const std::string& text, Finding& finding) const;

  std::optional<std::uint64_t> characters_max_;
  std::optional<std::uint64_t> items_max_;
  std::vector<std::pair<std::string, Precheck>> members_;
  std::unique_ptr<Precheck> items_;
};

}  // namespace strawberry
