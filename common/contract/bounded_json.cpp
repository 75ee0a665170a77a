#include "common/contract/bounded_json.h"

#include <rapidjson/reader.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

#include "common/text/json_depth.h"
#include "common/text/utf8.h"

namespace strawberry {
namespace {

using nlohmann::json;

/// True when the text has a code point reserved for halves of UTF-16 pairs: the reader accepts a lone `\uDC00`.
bool has_surrogate(std::string_view text) {
  for (auto at = text.find('\xED'); at != std::string_view::npos; at = text.find('\xED', at + 1)) {
    if (at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) >= 0xA0) return true;
  }
  return false;
}

template <class Number>
std::optional<Number> read_as(std::string_view text) {
  Number number{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Reads an integer when the text is one and fits into 64 bits, otherwise a double. Discarded when the number is not
/// finite. The reader's own conversion turns some numbers that are slightly too large into others.
json read_number(std::string_view text) {
  if (const auto number = read_as<std::uint64_t>(text)) return *number;
  if (const auto number = read_as<std::int64_t>(text)) return *number;
  if (const auto number = read_as<double>(text)) return *number;
  const double number = std::strtod(std::string(text).c_str(), nullptr);  // almost zero, or too large
  return std::isfinite(number) ? json(number) : json(json::value_t::discarded);
}

/// Builds the document from the reader's events. An event function that returns false stops the reader.
class Builder {
 public:
  json document{json::value_t::discarded};

  bool Null() { return add(nullptr) != nullptr; }
  bool Bool(bool value) { return add(value) != nullptr; }
  // The reader passes numbers as text; it never calls these.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }
  bool RawNumber(const char* text, rapidjson::SizeType bytes, bool) {
    const json number = read_number({text, bytes});
    return !number.is_discarded() && add(number) != nullptr;
  }
  bool String(const char* text, rapidjson::SizeType bytes, bool) {
    const std::string_view value(text, bytes);
    return !has_surrogate(value) && add(value) != nullptr;
  }
  bool Key(const char* text, rapidjson::SizeType bytes, bool) {
    name_.assign(text, bytes);
    return !has_surrogate(name_);
  }
  bool StartObject() { return open(json::object()); }
  bool StartArray() { return open(json::array()); }
  bool EndObject(rapidjson::SizeType) { return close(); }
  bool EndArray(rapidjson::SizeType) { return close(); }

 private:
  json* add(json value) {
    if (open_.empty()) {
      document = std::move(value);
      return &document;
    }
    json& parent = *open_.back();
    if (parent.is_array()) return &parent.get_ref<json::array_t&>().emplace_back(std::move(value));
    // Of two members with the same name the last one is kept.
    json& member = parent.get_ref<json::object_t&>()[std::move(name_)];
    member = std::move(value);
    return &member;
  }
  bool open(json value) {
    if (open_.size() == depth_max) return false;
    open_.push_back(add(std::move(value)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  std::string name_;
  std::vector<json*> open_;
};

}  // namespace

bool nests_too_deep(std::string_view text) { return json_nests_deeper_than(text, depth_max); }

json parse_bounded_json(std::string_view text, std::size_t bytes_max) {
  // The parser treats NUL as the end of its input and would not check what follows.
  if (text.size() > bytes_max || text.find('\0') != std::string_view::npos) return json(json::value_t::discarded);
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::string copy(text);  // the reader unescapes it in place
  // The UTF-8 check reads a whole character, even when the end of the text cuts it.
  constexpr std::size_t character_bytes_max = 4;
  copy.append(character_bytes_max, '\0');
  rapidjson::InsituStringStream stream(copy.data());
  rapidjson::Reader reader;
  Builder builder;
  constexpr unsigned flags = rapidjson::kParseInsituFlag | rapidjson::kParseNumbersAsStringsFlag;
  const bool is_read = is_ascii(text) ? reader.Parse<flags>(stream, builder)
                                      : reader.Parse<flags | rapidjson::kParseValidateEncodingFlag>(stream, builder);
  return is_read ? std::move(builder.document) : json(json::value_t::discarded);
}

}  // namespace strawberry
