#include "common/text/json_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace strawberry {
namespace {

using nlohmann::json;

/// Characters that need no escape in a JSON string.
constexpr std::array<bool, 256> plain_characters = [] {
  std::array<bool, 256> table{};
  for (unsigned c = 0x20; c < 0x7F; ++c) table[c] = c != '"' && c != '\\';
  return table;
}();

bool is_plain_character(char c) { return plain_characters[static_cast<unsigned char>(c)]; }

/// Eight characters at once: nearly all text is plain, and it is looked through for each message.
bool is_plain(std::string_view text) {
  constexpr std::uint64_t each = 0x0101'0101'0101'0101;
  constexpr std::uint64_t high = 0x80 * each;
  // The high bit of each byte that is zero, and perhaps of some above it.
  const auto zeroes = [](std::uint64_t bytes) { return (bytes - each) & ~bytes & high; };
  while (text.size() >= sizeof(std::uint64_t)) {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, text.data(), sizeof bytes);
    const std::uint64_t controls = (bytes - 0x20 * each) & ~bytes & high;
    if ((controls | zeroes(bytes ^ ('"' * each)) | zeroes(bytes ^ ('\\' * each)) | zeroes(bytes ^ (0x7F * each)) |
         (bytes & high)) != 0)
      return false;
    text.remove_prefix(sizeof bytes);
  }
  return std::all_of(text.begin(), text.end(), is_plain_character);
}

void append_by_library(std::string& out, const json& value) { out += to_text(value); }

}  // namespace

std::string to_text(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }
std::string to_text(const nlohmann::ordered_json& value) {
  return value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

json json_from(std::string_view text) { return json::parse(text, nullptr, /*allow_exceptions=*/false); }

std::string text_member(const json& object, std::string_view name) {
  if (!object.is_object()) return {};
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool is_true(const json& object, std::string_view name) {
  if (!object.is_object()) return false;
  const auto found = object.find(name);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

void append_json(std::string& out, std::string_view text) {
  if (!is_plain(text)) return append_by_library(out, json(text));
  out.append(1, '"').append(text).append(1, '"');
}

void append_json(std::string& out, const json& value) {
  if (value.is_string()) return append_json(out, std::string_view(value.get_ref<const std::string&>()));
  if (value.is_object()) {
    char before = '{';
    for (const auto& [name, member] : value.items()) {
      out += before;
      before = ',';
      append_json(out, std::string_view(name));
      out += ':';
      append_json(out, member);
    }
    out += before == '{' ? "{}" : "}";
    return;
  }
  if (value.is_array()) {
    char before = '[';
    for (const auto& item : value) {
      out += before;
      before = ',';
      append_json(out, item);
    }
    out += before == '[' ? "[]" : "]";
    return;
  }
  append_by_library(out, value);
}

std::string& JsonObject::begin(std::string_view name) {
  const std::string_view before = text_.size() > 1 ? ",\"" : "\"";
  return text_.append(before).append(name).append("\":", 2);
}

}  // namespace strawberry
