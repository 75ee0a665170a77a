#include "cli/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <ctime>

#include "common/text/json_depth.h"
#include "common/text/json_text.h"
#include "common/text/utf8.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;

constexpr std::size_t json_levels_max = 64;

/// True for invisible characters that change how the rest of a line is displayed.
bool is_steering(std::int32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xE0000 && c <= 0xE007F);
}

std::string escaped(std::int32_t c) {
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
    std::int32_t c = 0;
    std::size_t length = decode_utf8(text, c);
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

/// Returns the columns of a cell on a terminal, approximately: code points.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

constexpr std::size_t column_gap = 2;

/// Shrinks the widest column until all fit side by side, or none can shrink further.
void fit(std::vector<std::size_t>& widths, std::size_t columns_max) {
  constexpr std::size_t least = 8;
  if (widths.empty()) return;
  std::size_t all = (widths.size() - 1) * column_gap;
  for (const std::size_t one : widths) all += one;
  while (all > columns_max) {
    const auto widest = std::max_element(widths.begin(), widths.end());
    if (*widest <= least) return;
    --*widest;
    --all;
  }
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
  json value = json_from(text);
  if (value.is_discarded()) return std::nullopt;
  return value;
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
  return printable(to_text(value), bytes_max);
}

std::string show_member(const json& object, std::string_view name, std::size_t bytes_max) {
  if (!object.is_object()) return {};
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? std::string() : show_value(*found, bytes_max);
}

std::string show_arguments(const json& args, const json& kwargs) {
  std::string out = "(";
  const auto add = [&](const std::string& name, const json& value) {
    if (out.size() > 1) out += ", ";
    out += printable(name, 64) + printable(to_text(value), 200);
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

std::string table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows,
                  std::size_t columns_max) {
  std::vector<std::size_t> widths;
  for (const std::string& cell : header) widths.push_back(width(cell));
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  if (columns_max > 0) fit(widths, columns_max);
  std::string out;
  const auto add = [&](const std::vector<std::string>& row) {
    std::string line;
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i) {
      const std::string cell = cut_to_columns(row[i], widths[i]);
      line += cell;
      if (i + 1 < row.size()) line.append(widths[i] - width(cell) + column_gap, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  };
  add(header);
  for (const auto& row : rows) add(row);
  return out;
}

std::string cut_to_columns(const std::string& text, std::size_t columns) {
  if (width(text) <= columns) return text;
  if (columns == 0) return {};
  std::size_t end = 0;
  for (std::size_t kept = 0; end < text.size(); ++end) {
    const bool begins_character = (static_cast<unsigned char>(text[end]) & 0xC0) != 0x80;
    if (begins_character && kept++ == columns - 1) break;
  }
  return text.substr(0, end) + "…";
}

std::string local_time(WallTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  std::array<char, 32> text{};
  if (::localtime_r(&seconds, &parts) == nullptr) return "-";
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M", &parts);
  return text.data();
}

std::string local_time(const std::string& rfc3339) {
  const auto time = parse_rfc3339(rfc3339);
  if (time) return local_time(*time);
  return rfc3339.empty() ? "-" : printable(rfc3339, 40);
}

}  // namespace strawberry::cli
