/// Recognises most valid requests quickly. The validator decides about the others and finds what is wrong with them; it
/// takes ten times as long.
///
/// Supports the keywords that most members of our schemas use. Leaves to the validator: a value under a schema with
/// another keyword (a pattern), a text whose characters would have to be counted, a number that is not written as an
/// integer.
///
/// Lifetime: built once per schema, immutable then.   Errors: none.   Bounds: those of the document.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace strawberry {

class QuickCheck {
 public:
  static QuickCheck of_schema(const nlohmann::json& schema);

  /// True: valid. False: the validator must decide.
  bool accepts(const nlohmann::json& value) const;

 private:
  void take_keyword(const std::string& keyword, const nlohmann::json& value);
  bool accepts_type(const nlohmann::json& value) const;
  bool accepts_text(const std::string& text) const;
  bool accepts_integer(std::int64_t value) const;
  bool accepts_object(const nlohmann::json::object_t& object) const;
  bool accepts_array(const nlohmann::json::array_t& array) const;

  bool is_understood_ = true;
  std::vector<std::string> types_;      // empty: any
  std::vector<nlohmann::json> values_;  // const or enum; empty: any
  std::int64_t characters_min_ = 0;
  std::optional<std::int64_t> characters_max_;
  std::optional<std::int64_t> minimum_;
  std::optional<std::int64_t> maximum_;
  std::int64_t items_min_ = 0;
  std::optional<std::int64_t> items_max_;
  std::unique_ptr<QuickCheck> items_;
  std::optional<std::int64_t> members_max_;
  std::vector<std::string> required_;
  std::map<std::string, QuickCheck> members_;
  bool takes_others_ = true;
};

}  // namespace strawberry
