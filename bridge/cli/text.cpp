#include "bridge/cli/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>

#include "common/json_depth.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;

bool is_identifier(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return !text.empty() && letter(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || digit(c); });
}

constexpr std::size_t json_levels_max = 64;

json parse_word(const std::string& word) {
  auto value = parse_json(word);
  return value ? std::move(*value) : json(word);
}

/// Length of the UTF-8 sequence at the front of `text` and its code point; 0 when it is none.
std::size_t decode(std::string_view text, std::uint32_t& code_point) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) {
    code_point = first;
    return 1;
  }
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 0;
  if (length == 0 || first > 0xF4 || text.size() < length) return 0;
  code_point = first & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    code_point = (code_point << 6) | (byte(i) & 0x3Fu);
  }
  const std::array<std::uint32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
  if (code_point < smallest[length] || code_point > 0x10FFFF || (code_point >= 0xD800 && code_point < 0xE000)) return 0;
  return length;
}

/// Characters that show nothing themselves but change how the rest of a line is read.
bool is_steering(std::uint32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xE0000 && c <= 0xE007F);
}

std::string escaped(std::uint32_t c) {
  if (c == '\n') return "\\n";
  if (c == '\r') return "\\r";
  if (c == '\t') return "\\t";
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), c < 0x100 ? "\\x%02x" : "\\u%04x", static_cast<unsigned>(c));
  return text.data();
}

std::string printable_with(std::string_view text, std::size_t bytes_max, std::string_view kept) {
  std::string out;
  while (!text.empty()) {
    std::uint32_t c = 0;
    std::size_t length = decode(text, c);
    std::string piece;
    if (length == 0) {
      length = 1;
      piece = escaped(static_cast<unsigned char>(text.front()));
    } else if (is_steering(c) && !(c < 0x80 && kept.find(static_cast<char>(c)) != std::string_view::npos)) {
      piece = escaped(c);
    } else {
      piece = text.substr(0, length);
    }
    if (out.size() + piece.size() > bytes_max) return out + "…";
    out += piece;
    text.remove_prefix(length);
  }
  return out;
}

/// Columns that a cell takes on a terminal, near enough: code points.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto bad = [] { return fail("not a duration: write 30s, 15m, 12h or 30d (at most 3650d)"); };
  std::int64_t number = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (status != std::errc{} || number <= 0) return bad();
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (unit.empty()) return fail("add a unit, such as 365d, 12h or 30m");
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 5> units{
      {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
  constexpr std::int64_t longest_ms = std::int64_t{3650} * 86'400'000;
  for (const auto& [name, ms] : units) {
    if (name != unit) continue;
    if (number > longest_ms / ms) return bad();
    return std::chrono::milliseconds(number * ms);
  }
  return bad();
}

std::optional<json> parse_json(std::string_view text) {
  if (json_nests_deeper_than(text, json_levels_max)) return std::nullopt;
  json value = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) return std::nullopt;
  return value;
}

Result<CallArguments> parse_call_arguments(const std::vector<std::string>& words) {
  CallArguments arguments;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || !is_identifier(std::string_view(word).substr(0, equals))) {
      arguments.args.push_back(parse_word(word));
      continue;
    }
    const std::string name = word.substr(0, equals);
    if (arguments.kwargs.contains(name)) return fail("the argument " + in_quotes(name) + " is given twice");
    arguments.kwargs[name] = parse_word(word.substr(equals + 1));
  }
  return arguments;
}

std::string printable(std::string_view text, std::size_t bytes_max) { return printable_with(text, bytes_max, ""); }
std::string in_quotes(std::string_view text, std::size_t bytes_max) {
  std::string out(1, '\'');
  out += printable(text, bytes_max);
  return out += '\'';
}

std::string printable_lines(std::string_view text, std::size_t bytes_max) {
  return printable_with(text, bytes_max, "\n\t");
}

std::string show_value(const json& value, std::size_t bytes_max) {
  if (value.is_string()) return printable(value.get_ref<const std::string&>(), bytes_max);
  return printable(value.dump(-1, ' ', false, json::error_handler_t::replace), bytes_max);
}

std::string show_arguments(const json& args, const json& kwargs) {
  std::string out = "(";
  const auto add = [&](const std::string& name, const json& value) {
    if (out.size() > 1) out += ", ";
    out += printable(name, 64) + printable(value.dump(-1, ' ', false, json::error_handler_t::replace), 200);
  };
  if (args.is_array()) {
    for (const json& value : args) add("", value);
  }
  if (kwargs.is_object()) {
    for (const auto& [name, value] : kwargs.items()) add(name + "=", value);
  }
  return out + ")";
}

json without_tokens(json value) {
  if (value.is_object()) {
    for (auto& [name, member] : value.items()) {
      member = name == "access_token" ? json("<hidden>") : without_tokens(std::move(member));
    }
  } else if (value.is_array()) {
    for (json& member : value) member = without_tokens(std::move(member));
  }
  return value;
}

std::string table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const std::string& cell : header) widths.push_back(width(cell));
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  std::string out;
  const auto add = [&](const std::vector<std::string>& row) {
    std::string line;
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - width(row[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  };
  add(header);
  for (const auto& row : rows) add(row);
  return out;
}

}  // namespace strawberry::cli
