/// What must hold before the validator sees a request: the bounds of its arrays and strings.
///
/// The validator looks at every item of an array before it counts them, runs patterns over strings of any length, and
/// stops counting characters at U+0000, behind which a name could hide anything. Here those are refused first, for the
/// price of a walk along the bounded places.
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
    bool has_nul = false;  // else it is too long
  };

  /// Follows `properties` and `items`; takes `maxLength` and `maxItems`.
  static Precheck of_schema(const nlohmann::json& schema);

  /// The first place that is too long for certain, or a bounded string with U+0000 in it.
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
