#include "bridge/skills/answer_page.h"

#include <charconv>
#include <utility>
#include <vector>

#include "common/text/base64url.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

/// How many bytes a text has in JSON, at most.
std::size_t bytes_of(const std::string& text) {
  constexpr std::size_t quotes_and_comma = 4;
  constexpr std::size_t escaped = 5;  // more than the character itself: \u0001
  std::size_t bytes = text.size() + quotes_and_comma;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) bytes += escaped;
    if (c == '"' || c == '\\') ++bytes;
  }
  return bytes;
}

/// About how many bytes of JSON a value is: to write it down only to count them would take as long as all the rest.
std::size_t bytes_about(const json& value) {
  if (value.is_string()) return bytes_of(value.get_ref<const std::string&>());
  std::size_t bytes = 8;  // also of any number
  if (value.is_array()) {
    for (const json& item : value) bytes += bytes_about(item);
  } else if (value.is_object()) {
    for (const auto& [name, member] : value.get_ref<const json::object_t&>())
      bytes += bytes_of(name) + bytes_about(member);
  }
  return bytes;
}

/// The texts between line feeds, `parts` of them; the last may have some of its own.
std::optional<std::vector<std::string>> split_cursor(const std::string& cursor, std::size_t parts) {
  const auto text = base64url_decode(cursor);
  if (!text) return std::nullopt;
  std::vector<std::string> split;
  std::size_t start = 0;
  while (split.size() + 1 < parts) {
    const std::size_t end = text->find('\n', start);
    if (end == std::string::npos) return std::nullopt;
    split.push_back(text->substr(start, end - start));
    start = end + 1;
  }
  split.push_back(text->substr(start));
  return split;
}

}  // namespace

bool PageEntries::add(json entry) {
  const std::size_t bytes = bytes_about(entry);
  if (!entries_.empty() && bytes_ + bytes > page_bytes_max) return false;
  bytes_ += bytes;
  entries_.push_back(std::move(entry));
  return true;
}

std::string cursor_of(const SkillRegistry::Place& last) {
  return base64url_encode((last.is_local ? "1\n" : "0\n") + last.class_name + "\n" + last.function_name + "\n" +
                          last.schema_digest + "\n" + last.signature);
}

std::string cursor_of(const SkillRegistry::ListPlace& next) {
  return base64url_encode(std::to_string(next.skill) + "\n" + next.device_name);
}

std::optional<SkillRegistry::Place> read_place(const std::string& cursor) {
  auto parts = split_cursor(cursor, 5);
  if (!parts || (parts->at(0) != "0" && parts->at(0) != "1")) return std::nullopt;
  return SkillRegistry::Place{std::move(parts->at(1)), std::move(parts->at(2)), std::move(parts->at(4)),
                              std::move(parts->at(3)), parts->at(0) == "1"};
}

std::optional<SkillRegistry::ListPlace> read_list_place(const std::string& cursor) {
  auto parts = split_cursor(cursor, 2);
  if (!parts) return std::nullopt;
  const std::string& number = parts->front();
  SkillRegistry::ListPlace place{std::move(parts->back()), 0};
  const auto [end, wrong] = std::from_chars(number.data(), number.data() + number.size(), place.skill);
  if (wrong != std::errc() || end != number.data() + number.size()) return std::nullopt;
  return place;
}

tl::unexpected<Error> not_a_cursor() {
  return error(ErrorCode::bad_request, "cursor is not one of this hub's", {{"path", "/cursor"}});
}

}  // namespace strawberry::bridge
