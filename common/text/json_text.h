/// Writes JSON directly into a string where no document is needed, and reads members of a document. Pure functions.
///
/// Bytes that are not UTF-8 become U+FFFD. Members are written in the order in which they are added.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace strawberry {

/// Writes JSON as one line.
std::string to_text(const nlohmann::json& value);
std::string to_text(const nlohmann::ordered_json& value);

/// Returns a discarded value when it is not JSON. The caller limits size and depth.
nlohmann::json json_from(std::string_view text);

// Members of untrusted JSON, which may be missing or of another type.
/// Empty unless `object` is an object with a text under this name.
std::string text_member(const nlohmann::json& object, std::string_view name);
/// False unless `object` is an object with `true` under this name.
bool is_true(const nlohmann::json& object, std::string_view name);

void append_json(std::string& out, std::string_view text);
void append_json(std::string& out, const nlohmann::json& value);

/// One object:  JsonObject().add("v", 1).add("correlation_id", id).text()
class JsonObject {
 public:
  JsonObject() {
    text_.reserve(usual_bytes);
    text_ = '{';
  }
  JsonObject& add(std::string_view name, std::string_view value) { return append_json(begin(name), value), *this; }
  JsonObject& add(std::string_view name, const std::string& value) { return add(name, std::string_view(value)); }
  JsonObject& add(std::string_view name, const char* value) { return add(name, std::string_view(value)); }
  JsonObject& add(std::string_view name, const nlohmann::json& value) { return append_json(begin(name), value), *this; }
  JsonObject& add(std::string_view name, bool value) { return begin(name) += value ? "true" : "false", *this; }
  JsonObject& add(std::string_view name, std::nullptr_t) { return begin(name) += "null", *this; }
  template <std::integral Number>
  requires(!std::same_as<Number, bool>) JsonObject& add(std::string_view name, Number value) {
    return begin(name) += std::to_string(value), *this;
  }
  /// Closes the object; nothing can be added afterwards.
  std::string text() {
    text_ += '}';
    return std::move(text_);
  }

 private:
  /// `name` must need no escaping.
  std::string& begin(std::string_view name);

  static constexpr std::size_t usual_bytes = 200;
  std::string text_;
};

}  // namespace strawberry
