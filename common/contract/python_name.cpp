#include "common/contract/python_name.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <optional>

#include "common/text/utf8.h"

namespace strawberry {
namespace {

constexpr std::array<std::string_view, 36> keywords = {
    "False", "None",  "True",     "__debug__", "and",    "as",   "assert", "async",  "await",
    "break", "class", "continue", "def",       "del",    "elif", "else",   "except", "finally",
    "for",   "from",  "global",   "if",        "import", "in",   "is",     "lambda", "nonlocal",
    "not",   "or",    "pass",     "raise",     "return", "try",  "while",  "with",   "yield"};

// Unicode's Other_ID_Start and Other_ID_Continue: no longer letters, but still allowed in identifiers.
constexpr std::array<utf8proc_int32_t, 6> other_starts = {0x1885, 0x1886, 0x2118, 0x212E, 0x309B, 0x309C};
constexpr std::array<utf8proc_int32_t, 12> other_parts = {0xB7,   0x387,  0x1369, 0x136A, 0x136B, 0x136C,
                                                          0x136D, 0x136E, 0x136F, 0x1370, 0x1371, 0x19DA};

bool starts_name(utf8proc_int32_t letter) {
  switch (utf8proc_category(letter)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_NL: return true;
    default: break;
  }
  return letter == '_' || std::find(other_starts.begin(), other_starts.end(), letter) != other_starts.end();
}

bool continues_name(utf8proc_int32_t letter) {
  switch (utf8proc_category(letter)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_PC: return true;
    default: break;
  }
  return starts_name(letter) || std::find(other_parts.begin(), other_parts.end(), letter) != other_parts.end();
}

bool is_ascii_identifier(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

bool is_identifier(std::string_view name) {
  bool is_first = true;
  for (std::size_t at = 0; at < name.size();) {
    utf8proc_int32_t letter = 0;
    const std::size_t bytes = decode_utf8(name.substr(at), letter);
    if (bytes == 0 || !(is_first ? starts_name(letter) : continues_name(letter))) return false;
    at += bytes;
    is_first = false;
  }
  return !is_first;
}

}  // namespace

std::string python_identifier(std::string_view name) {
  if (is_ascii(name)) return is_ascii_identifier(name) ? std::string(name) : std::string();
  if (!is_identifier(name)) return {};
  auto normalized = map_utf8(name, UTF8PROC_COMPOSE | UTF8PROC_COMPAT);
  return normalized && is_identifier(*normalized) ? std::move(*normalized) : std::string();
}

bool is_python_keyword(std::string_view name) {
  return std::find(keywords.begin(), keywords.end(), name) != keywords.end();
}

std::string ascii_name(std::string_view name) {
  if (is_ascii(name)) return std::string(name);
  const auto decomposed = map_utf8(name, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_STRIPMARK);
  std::string out;
  for (const char c : decomposed.value_or(std::string(name))) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else if (byte >= 0xC0) {
      out += '_';
    }
  }
  return out;
}

}  // namespace strawberry
