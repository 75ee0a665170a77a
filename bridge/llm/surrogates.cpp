#include "bridge/llm/surrogates.h"

#include <optional>

namespace strawberry::bridge {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::uint32_t halves_begin = 0xD800, second_halves_begin = 0xDC00, halves_end = 0xE000;
constexpr std::string_view stand_in_start = "\xF4\x8F";  // of U+10F000 to U+10FFFF in UTF-8
constexpr std::size_t stand_in_bytes = 4;
constexpr std::size_t escape_bytes = 6;

bool is_first(std::uint32_t half) { return half < second_halves_begin; }

/// The half that `text` begins with as an escape.
std::optional<std::uint32_t> escaped_half(std::string_view text) {
  if (text.size() < escape_bytes || text[0] != '\\' || text[1] != 'u') return std::nullopt;
  std::uint32_t value = 0;
  for (const char c : text.substr(2, 4)) {
    const std::uint32_t digit = c >= '0' && c <= '9'   ? static_cast<std::uint32_t>(c - '0')
                                : c >= 'a' && c <= 'f' ? static_cast<std::uint32_t>(c - 'a' + 10)
                                : c >= 'A' && c <= 'F' ? static_cast<std::uint32_t>(c - 'A' + 10)
                                                       : 16U;
    if (digit == 16) return std::nullopt;
    value = value * 16 + digit;
  }
  if (value < halves_begin || value >= halves_end) return std::nullopt;
  return value;
}

/// The half that `text` begins with as a stand-in.
std::optional<std::uint32_t> standing_half(std::string_view text) {
  if (text.size() < stand_in_bytes || !text.starts_with(stand_in_start)) return std::nullopt;
  const auto third = static_cast<unsigned char>(text[2]), fourth = static_cast<unsigned char>(text[3]);
  if (third < 0xA0 || third > 0xBF) return std::nullopt;
  return halves_begin + ((third - 0xA0U) << 6) + (fourth & 0x3FU);
}

void append_stand_in(std::string& text, std::uint32_t half) {
  const std::uint32_t offset = half - halves_begin;
  text += stand_in_start;
  text += static_cast<char>(0xA0 + (offset >> 6));
  text += static_cast<char>(0x80 + (offset & 0x3F));
}

void append_pair(std::string& text, std::uint32_t first, std::uint32_t second) {
  const std::uint32_t point = 0x10000 + ((first - halves_begin) << 10) + (second - second_halves_begin);
  text += static_cast<char>(0xF0 + (point >> 18));
  text += static_cast<char>(0x80 + ((point >> 12) & 0x3F));
  text += static_cast<char>(0x80 + ((point >> 6) & 0x3F));
  text += static_cast<char>(0x80 + (point & 0x3F));
}

}  // namespace

std::string with_stand_ins(std::string_view json) {
  std::string changed;
  std::size_t copied = 0;
  for (auto at = json.find('\\'); at != std::string_view::npos; at = json.find('\\', at)) {
    const auto half = escaped_half(json.substr(at));
    if (!half) {
      at += 2;  // whatever is escaped, it begins no escape itself
      continue;
    }
    const auto next = escaped_half(json.substr(at + escape_bytes));
    if (is_first(*half) && next && !is_first(*next)) {
      at += 2 * escape_bytes;
      continue;
    }
    changed += json.substr(copied, at - copied);
    append_stand_in(changed, *half);
    at += escape_bytes;
    copied = at;
  }
  changed += json.substr(copied);
  return changed;
}

std::string HalfJoiner::add(std::string_view piece) {
  std::string text;
  while (!piece.empty()) {
    if (const auto half = standing_half(piece)) {
      piece.remove_prefix(stand_in_bytes);
      if (is_waiting_ && !is_first(*half)) {
        append_pair(text, first_, *half);
        is_waiting_ = false;
        continue;
      }
      text += finish();
      if (is_first(*half)) {
        first_ = *half;
        is_waiting_ = true;
      } else {
        text += replacement;
      }
      continue;
    }
    text += finish();
    const auto next = piece.find(stand_in_start, 1);
    text += piece.substr(0, next);
    piece.remove_prefix(next == std::string_view::npos ? piece.size() : next);
  }
  return text;
}

std::string HalfJoiner::finish() {
  if (!is_waiting_) return {};
  is_waiting_ = false;
  return std::string(replacement);
}

std::string join_halves(std::string_view text) {
  HalfJoiner joiner;
  std::string joined = joiner.add(text);
  joined += joiner.finish();
  return joined;
}

}  // namespace strawberry::bridge
