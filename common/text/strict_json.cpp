#include "common/text/strict_json.h"

#include <string>
#include <utility>
#include <vector>

#include "common/text/json_depth.h"

namespace strawberry {
namespace {

/// Builds the document during parsing, and stops at the first duplicate member.
class Builder {
 public:
  using json = nlohmann::json;

  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(json::number_integer_t value) { return add(value); }
  bool number_unsigned(json::number_unsigned_t value) { return add(value); }
  bool number_float(json::number_float_t value, const std::string&) { return add(value); }
  bool string(std::string& value) { return add(std::move(value)); }
  bool binary(json::binary_t&) { return false; }  // not in JSON
  bool start_object(std::size_t) { return open(json::object()); }
  bool start_array(std::size_t) { return open(json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(std::string& name) {
    const auto [member, is_new] = open_.back()->get_ref<json::object_t&>().try_emplace(std::move(name));
    member_ = &member->second;
    return is_new;
  }
  bool parse_error(std::size_t, const std::string&, const json::exception&) { return false; }

  json& document() { return document_; }

 private:
  bool add(json value) {
    *place() = std::move(value);
    return true;
  }
  bool open(json container) {
    json* const placed = place();
    *placed = std::move(container);
    open_.push_back(placed);  // the pointer stays valid: its container gets no new value before it is closed
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }
  /// Returns where the next value is stored: the document, the member just named, or the end of an array.
  json* place() {
    if (open_.empty()) return &document_;
    if (open_.back()->is_object()) return member_;
    auto& elements = open_.back()->get_ref<json::array_t&>();
    return &elements.emplace_back();
  }

  json document_;
  json* member_ = nullptr;
  std::vector<json*> open_;
};

}  // namespace

std::optional<nlohmann::json> parse_strict_object(std::string_view text, std::size_t depth_max) {
  // The parser treats NUL as the end of its input and skips a byte order mark.
  if (text.find('\0') != std::string_view::npos || text.starts_with("\xEF\xBB\xBF")) return std::nullopt;
  if (json_nests_deeper_than(text, depth_max)) return std::nullopt;

  Builder builder;
  if (!nlohmann::json::sax_parse(text, &builder) || !builder.document().is_object()) return std::nullopt;
  return std::move(builder.document());
}

}  // namespace strawberry
