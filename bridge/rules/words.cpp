#include "bridge/rules/words.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>

#include "bridge/rules/numbers.h"
#include "common/contract/device_name.h"

namespace strawberry::bridge::rules {
namespace {

struct Char {
  utf8proc_int32_t code = 0;
  std::size_t bytes = 1;
};

Char char_at(std::string_view text, std::size_t at) {
  utf8proc_int32_t code = 0;
  const auto bytes = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at),
                                      static_cast<utf8proc_ssize_t>(text.size() - at), &code);
  if (bytes <= 0) return {0xFFFD, 1};
  return {code, static_cast<std::size_t>(bytes)};
}

bool is_letter_or_digit(utf8proc_int32_t code) {
  switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO: return true;
    default: return false;
  }
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_apostrophe(utf8proc_int32_t code) { return code == '\'' || code == 0x2019; }

/// The mark that closes what `code` opens; 0 when it opens nothing.
utf8proc_int32_t closing_mark(utf8proc_int32_t code) {
  switch (code) {
    case '"': return '"';
    case 0x201C: return 0x201D;  // “ ”
    case 0x201E: return 0x201C;  // „ “
    case 0x00AB: return 0x00BB;  // « »
    case 0x2018: return 0x2019;  // ‘ ’
    case '\'': return '\'';
    case '`': return '`';
    default: return 0;
  }
}

/// Where the quotation that opens at `at` ends: the closing mark's offset and size. An apostrophe closes only at a
/// word's end.
std::optional<std::pair<std::size_t, std::size_t>> find_closing(std::string_view text, std::size_t after,
                                                                utf8proc_int32_t mark) {
  for (std::size_t at = after; at < text.size();) {
    const Char c = char_at(text, at);
    if (c.code == mark && at > after) {
      const std::size_t next = at + c.bytes;
      if (!is_apostrophe(mark) || next >= text.size() || !is_letter_or_digit(char_at(text, next).code))
        return std::pair{at, c.bytes};
    }
    at += c.bytes;
  }
  return std::nullopt;
}

class Reader {
 public:
  explicit Reader(std::string_view text) { sentence_.text = text; }

  Sentence read() {
    const std::string_view text = sentence_.text;
    while (at_ < text.size() && sentence_.words.size() <= sentence_words_max) {
      const Char c = char_at(text, at_);
      const bool at_word_start = at_ == 0 || !is_letter_or_digit(previous_);
      if (is_letter_or_digit(c.code) || is_minus(c)) {
        read_word();
      } else if (closing_mark(c.code) != 0 && at_word_start && read_quoted(c)) {
        continue;
      } else {
        if (!sentence_.words.empty()) mark_break(c.code);
        if (const auto name = unit_sign(c.code); !name.empty()) add_sign(name, c);
        advance(c);
      }
    }
    if (sentence_.words.size() > sentence_words_max) sentence_.words.clear();
    return std::move(sentence_);
  }

 private:
  static bool is_break(utf8proc_int32_t code) {
    return code == ',' || code == '.' || code == ';' || code == ':' || code == '!' || code == '?' || code == 0x2014;
  }

  void mark_break(utf8proc_int32_t code) {
    Word& last = sentence_.words.back();
    last.is_break_after = last.is_break_after || is_break(code) || code == '\n';
    last.is_end_after = last.is_end_after || is_one_of_ends(code);
    last.is_asked = last.is_asked || code == '?';
  }

  static bool is_one_of_ends(utf8proc_int32_t code) {
    return code == '.' || code == '!' || code == '?' || code == ';' || code == '\n';
  }

  /// Signs that are words: a number with another unit is another number.
  static std::string_view unit_sign(utf8proc_int32_t code) {
    switch (code) {
      case '%': return "percent";
      case 0xB0: return "degree";
      case '$': return "dollar";
      case 0x20AC: return "euro";
      case 0xA3: return "pound";
      default: return {};
    }
  }

  /// Only behind a number: a title may hold any sign.
  void add_sign(std::string_view name, const Char& c) {
    if (sentence_.words.empty() || !sentence_.words.back().number || sentence_.words.back().is_break_after) return;
    Word word;
    word.begin = at_;
    word.end = at_ + c.bytes;
    word.fold = word.stem = word.name = name;
    sentence_.words.push_back(std::move(word));
  }

  bool is_minus(const Char& c) const {
    const std::string_view text = sentence_.text;
    return c.code == '-' && at_ + 1 < text.size() && is_digit(text[at_ + 1]) && (at_ == 0 || previous_ == ' ');
  }

  void advance(const Char& c) {
    previous_ = c.code;
    at_ += c.bytes;
  }

  /// `21,5` and `1,000` are one number, `1,2,3` is three.
  bool joins_digits(std::size_t begin) const {
    const std::string_view text = sentence_.text;
    const auto is_number_part = [](char c) { return is_digit(c) || c == ',' || c == '.' || c == '-'; };
    if (!std::all_of(text.begin() + static_cast<std::ptrdiff_t>(begin), text.begin() + static_cast<std::ptrdiff_t>(at_),
                     [](char c) { return is_digit(c) || c == '-'; }) ||
        !is_digit(text[at_ - 1]))
      return false;
    std::size_t end = at_ + 1;
    while (end < text.size() && is_digit(text[end])) ++end;
    const std::size_t digits = end - at_ - 1;
    const bool goes_on = end + 1 < text.size() && is_number_part(text[end]) && is_digit(text[end + 1]);
    return digits > 0 && digits <= 3 && !goes_on;
  }

  /// `70f`, `10min`: a unit that is glued to its number.
  bool begins_unit(std::size_t begin) const {
    const std::string_view text = sentence_.text;
    if (!is_digit(text[at_ - 1]) || is_digit(text[at_]) || !is_digit(text[begin + (text[begin] == '-' ? 1 : 0)]))
      return false;
    std::size_t end = at_;
    while (end < text.size() && is_letter_or_digit(char_at(text, end).code)) end += char_at(text, end).bytes;
    return is_one_of(fold(text.substr(at_, end - at_)),
                     {"c", "f", "k", "s", "sec", "secs", "m", "min", "mins", "h", "hr", "hrs", "x"});
  }

  void read_word() {
    const std::string_view text = sentence_.text;
    Word word;
    word.begin = at_;
    advance(char_at(text, at_));
    while (at_ < text.size()) {
      const Char c = char_at(text, at_);
      const std::size_t next = at_ + c.bytes;
      const bool next_joins = next < text.size() && is_letter_or_digit(char_at(text, next).code);
      const bool is_decimal_point =
          c.code == '.' && is_digit(text[at_ - 1]) && next < text.size() && is_digit(text[next]);
      const bool is_decimal_comma = c.code == ',' && joins_digits(word.begin);
      if (!is_letter_or_digit(c.code) && !(is_apostrophe(c.code) && next_joins) && !is_decimal_point &&
          !is_decimal_comma)
        break;
      if (begins_unit(word.begin)) break;
      advance(c);
    }
    word.end = at_;
    const auto written = text.substr(word.begin, word.end - word.begin);
    for (const char c : fold(written))
      if (c != '\'') word.fold += c;
    for (std::size_t curly; (curly = word.fold.find("\u2019")) != std::string::npos;) word.fold.erase(curly, 3);
    word.stem = stem(word.fold);
    word.name = normalize_device_name(written);
    if (written.ends_with("'s") || written.ends_with("\u2019s")) word.owner = word.name.substr(0, word.name.size() - 1);
    word.number = number_of(written, word.fold);
    sentence_.words.push_back(std::move(word));
  }

  bool read_quoted(const Char& open) {
    const std::string_view text = sentence_.text;
    const auto close = find_closing(text, at_ + open.bytes, closing_mark(open.code));
    if (!close) return false;
    Word word;
    word.begin = at_ + open.bytes;
    word.end = close->first;
    word.fold = fold(text.substr(word.begin, word.end - word.begin));
    word.stem = word.fold;
    word.name = normalize_device_name(text.substr(word.begin, word.end - word.begin));
    word.is_quoted = true;
    sentence_.words.push_back(std::move(word));
    at_ = close->first + close->second;
    previous_ = ' ';
    return true;
  }

  Sentence sentence_;
  std::size_t at_ = 0;
  utf8proc_int32_t previous_ = ' ';
};

}  // namespace

std::string Sentence::slice(std::size_t from, std::size_t to) const {
  if (from >= to || to > words.size()) return {};
  std::size_t end = words[to - 1].end;
  std::size_t begin = words[from].begin;
  // Quotation marks inside a longer stretch belong to it.
  if (to - from > 1) {
    if (words[to - 1].is_quoted) end += char_at(text, end).bytes;
    if (words[from].is_quoted) do
        --begin;
      while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80);
  }
  // `Believin'`
  if (end < text.size() && text[end] == '\'' && !words[to - 1].is_quoted) ++end;
  std::string out = text.substr(begin, end - begin);
  if (out.find('(') != std::string::npos && out.find(')') == std::string::npos && end < text.size() && text[end] == ')')
    out += ')';
  return out;
}

Sentence read_sentence(std::string_view text) {
  if (text.size() > sentence_bytes_max) return {};
  return Reader(text).read();
}

std::string fold(std::string_view text) {
  utf8proc_uint8_t* mapped = nullptr;
  const auto size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                 static_cast<utf8proc_ssize_t>(text.size()), &mapped,
                                 static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT |
                                                                UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(mapped, &std::free);
  if (size < 0) return {};
  return {reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(size)};
}

std::string stem(std::string_view folded) {
  const auto ends = [&folded](std::string_view tail) { return folded.ends_with(tail); };
  const auto without = [&folded](std::size_t bytes) { return std::string(folded.substr(0, folded.size() - bytes)); };
  if (folded.size() > 4 && ends("ies")) return without(3) + "y";
  if (folded.size() > 5 && ends("ing")) return without(3);
  if (folded.size() > 3 && ends("s") && !ends("ss") && !ends("us") && !ends("is")) return without(1);
  return std::string(folded);
}

std::vector<std::string> name_parts(std::string_view name) {
  std::vector<std::string> parts;
  std::string part;
  const auto flush = [&] {
    if (!part.empty()) parts.push_back(fold(part));
    part.clear();
  };
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (c == '_' || c == '.' || c == '-' || c == ' ') {
      flush();
      continue;
    }
    const bool starts_word =
        is_upper(c) && i > 0 &&
        (!is_upper(name[i - 1]) || (i + 1 < name.size() && name[i + 1] >= 'a' && name[i + 1] <= 'z'));
    if (starts_word || (i > 0 && is_digit(c) != is_digit(name[i - 1]) && !part.empty())) flush();
    part += c;
  }
  flush();
  return parts;
}

std::vector<std::string> split_name(std::string_view name) {
  auto parts = name_parts(name);
  for (auto& part : parts) part = stem(part);
  return parts;
}

bool contains(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace strawberry::bridge::rules
