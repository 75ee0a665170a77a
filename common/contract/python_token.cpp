// The tokenizer for Python expressions (https://docs.python.org/3.11/reference/lexical_analysis.html).
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "common/contract/python_expression.h"
#include "common/contract/python_name.h"

namespace strawberry::python {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 10> long_signs = {"...", "**", "//", "<<", ">>", "<=", ">=", "==", "!=", "->"};
constexpr std::string_view signs = "+-*/%@&|^~<>()[]{},:.=";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
int digit_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
}
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Returns false for a surrogate, which UTF-8 and JSON cannot represent.
bool append_utf8(std::string& out, std::uint32_t letter) {
  if (letter < 0x80) {
    out += static_cast<char>(letter);
  } else if (letter < 0x800) {
    out += {static_cast<char>(0xC0 | (letter >> 6)), static_cast<char>(0x80 | (letter & 0x3F))};
  } else if (letter < 0x10000) {
    if (letter >= 0xD800 && letter < 0xE000) return false;
    out += {static_cast<char>(0xE0 | (letter >> 12)), static_cast<char>(0x80 | ((letter >> 6) & 0x3F)),
            static_cast<char>(0x80 | (letter & 0x3F))};
  } else {
    out += {static_cast<char>(0xF0 | (letter >> 18)), static_cast<char>(0x80 | ((letter >> 12) & 0x3F)),
            static_cast<char>(0x80 | ((letter >> 6) & 0x3F)), static_cast<char>(0x80 | (letter & 0x3F))};
  }
  return true;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> run() {
    for (;;) {
      while (peek() == ' ' || peek() == '\t') ++at_;
      Token token;
      token.at = at_;
      if (at_ < text_.size() && !read(token)) return fail("expected " + expected_ + " at byte " + std::to_string(at_));
      token.source = text_.substr(token.at, at_ - token.at);
      tokens_.push_back(std::move(token));
      if (tokens_.back().kind == Token::Kind::end) return std::move(tokens_);
    }
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool starts_with(std::string_view word) const { return text_.substr(at_).starts_with(word); }
  bool expect(std::string what) {
    expected_ = std::move(what);
    return false;
  }

  bool read(Token& token) {
    const char c = peek();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return read_number(token);
    if (c == '\'' || c == '"') return read_text(token, "");
    if (is_letter(c)) return read_word(token);
    if (c == '<' && wants_operand()) return read_object(token);
    return read_sign(token);
  }

  bool read_sign(Token& token) {
    token.kind = Token::Kind::sign;
    if (starts_with(":=")) return at_ += 2, true;
    for (const auto sign : long_signs)
      if (starts_with(sign)) return at_ += sign.size(), true;
    if (signs.find(peek()) == std::string_view::npos) return expect("a name, a value or a sign that Python has");
    return ++at_, true;
  }

  // --- objects as inspect prints them: <object object at 0x7f…> ---

  /// True where an operand must follow: a `<` there is not a comparison.
  bool wants_operand() const {
    if (tokens_.empty()) return true;
    const Token& last = tokens_.back();
    if (last.kind == Token::Kind::sign)
      return last.source != ")" && last.source != "]" && last.source != "}" && last.source != "...";
    return last.kind == Token::Kind::keyword && last.source != "None" && last.source != "True" &&
           last.source != "False";
  }
  bool read_object(Token& token) {
    token.kind = Token::Kind::object;
    // An apostrophe in it may begin a quoted text or stand for itself.
    for (const bool minds_quotes : {true, false})
      if (const auto size = object_size(minds_quotes)) return at_ += *size, true;
    return expect("'>'");
  }
  std::optional<std::size_t> object_size(bool minds_quotes) const {
    std::size_t open = 0;
    char quote = '\0';
    for (std::size_t i = 0; at_ + i < text_.size(); ++i) {
      const char c = peek(i);
      if (quote != '\0') {
        if (c == '\\') ++i;
        if (c == quote) quote = '\0';
      } else if (minds_quotes && (c == '\'' || c == '"')) {
        quote = c;
      } else if (c == '<') {
        ++open;
      } else if (c == '>' && --open == 0) {
        return i + 1;
      }
    }
    return std::nullopt;
  }

  // --- names and texts ---

  bool read_word(Token& token) {
    const auto start = at_;
    while (is_letter(peek()) || is_digit(peek())) ++at_;
    const auto word = text_.substr(start, at_ - start);
    if (peek() == '\'' || peek() == '"') {
      std::string prefix(word);
      std::transform(prefix.begin(), prefix.end(), prefix.begin(), lower);
      constexpr std::array<std::string_view, 8> prefixes = {"r", "u", "b", "f", "br", "rb", "fr", "rf"};
      if (std::find(prefixes.begin(), prefixes.end(), prefix) != prefixes.end()) return read_text(token, prefix);
    }
    if (is_python_keyword(word) && word != "__debug__") {
      token.kind = Token::Kind::keyword;
      return true;
    }
    token.kind = Token::Kind::name;
    token.name = python_identifier(word);
    if (!token.name.empty()) return true;
    at_ = start;
    return expect("a name");
  }

  bool read_text(Token& token, const std::string& prefix) {
    const auto has = [&](char c) { return prefix.find(c) != std::string::npos; };
    token.kind = Token::Kind::text;
    token.is_bytes = has('b');
    const auto start = at_;
    const char quote = peek();
    const std::string marks(peek(1) == quote && peek(2) == quote ? 3 : 1, quote);
    at_ += marks.size();
    std::string value;
    bool has_value = !token.is_bytes && !has('f');
    std::size_t open_fields = 0;
    while (!starts_with(marks)) {
      if (at_ >= text_.size()) return at_ = start, expect("a text that ends");
      const char c = text_[at_++];
      if (token.is_bytes && static_cast<unsigned char>(c) >= 0x80) return expect("ASCII in bytes");
      if (has('f') && !count_field(c, open_fields)) return expect("a brace that has its partner");
      if (c != '\\') {
        value += c;
      } else if (at_ >= text_.size()) {
        return at_ = start, expect("a text that ends");
      } else if (has('r')) {
        value += {c, text_[at_++]};
      } else if (!read_escape(token.is_bytes, value, has_value)) {
        return false;
      }
    }
    at_ += marks.size();
    if (has('f') && open_fields != 0) return expect("'}'");
    token.value.reset();
    if (has_value) token.value = std::move(value);
    return true;
  }

  bool count_field(char c, std::size_t& open) {
    if (c == '{' && open == 0 && peek() == '{') return ++at_, true;
    if (c == '}' && open == 0) return peek() == '}' ? (++at_, true) : false;
    if (c == '{') ++open;
    if (c == '}') --open;
    return true;
  }

  bool read_escape(bool is_bytes, std::string& value, bool& has_value) {
    const char c = text_[at_++];
    constexpr std::string_view plain = "\\'\"abfnrtv";
    constexpr std::string_view meant = "\\'\"\a\b\f\n\r\t\v";
    if (const auto index = plain.find(c); index != std::string_view::npos) return value += meant[index], true;
    if (c >= '0' && c <= '7') {
      std::uint32_t letter = static_cast<std::uint32_t>(c - '0');
      for (int more = 0; more < 2 && peek() >= '0' && peek() <= '7'; ++more)
        letter = letter * 8 + static_cast<std::uint32_t>(text_[at_++] - '0');
      return has_value = append_utf8(value, letter) && has_value, true;
    }
    if (c == 'x') return read_hex(2, value, has_value);
    if (!is_bytes && c == 'u') return read_hex(4, value, has_value);
    if (!is_bytes && c == 'U') return read_hex(8, value, has_value);
    if (!is_bytes && c == 'N') {
      const auto end = text_.find('}', at_);
      if (peek() != '{' || end == std::string_view::npos || end == at_ + 1) return expect("{a character's name}");
      at_ = end + 1;
      return has_value = false, true;
    }
    return value += {'\\', c}, true;
  }
  bool read_hex(int digits, std::string& value, bool& has_value) {
    std::uint32_t letter = 0;
    for (int i = 0; i < digits; ++i, ++at_) {
      const int digit = digit_value(peek());
      if (digit == 16) return expect(std::to_string(digits) + " hexadecimal digits");
      letter = letter * 16 + static_cast<std::uint32_t>(digit);
    }
    if (letter > 0x10FFFF) return expect("a character that Unicode has");
    return has_value = append_utf8(value, letter) && has_value, true;
  }

  // --- numbers ---

  /// Reads digits with single `_` between them; false when there are none, or a `_` is misplaced.
  bool read_digits(int base, std::string& digits, bool may_begin_with_underscore = false) {
    bool after_digit = may_begin_with_underscore;
    std::size_t count = 0;
    for (;; ++at_) {
      if (peek() == '_' && after_digit && digit_value(peek(1)) < base) {
        after_digit = false;
      } else if (digit_value(peek()) < base) {
        digits += peek();
        after_digit = true;
        ++count;
      } else {
        return count > 0;
      }
    }
  }

  bool read_number(Token& token) {
    token.kind = Token::Kind::number;
    token.value.reset();
    std::string digits;
    const char kind = lower(peek(1));
    const int base = peek() != '0' ? 10 : kind == 'x' ? 16 : kind == 'o' ? 8 : kind == 'b' ? 2 : 10;
    if (base != 10) {
      at_ += 2;
      if (!read_digits(base, digits, true)) return expect("digits");
      token.value = whole(digits, base);
      return ends_number();
    }
    bool is_whole = true;
    if (peek() != '.') read_digits(10, digits);
    if (peek() == '.') {
      is_whole = false;
      ++at_;
      digits += '.';
      read_digits(10, digits);
    }
    const bool has_sign = peek(1) == '+' || peek(1) == '-';
    if (lower(peek()) == 'e' && is_digit(peek(has_sign ? 2 : 1))) {
      is_whole = false;
      digits += 'e';
      ++at_;
      if (has_sign) digits += text_[at_++];
      read_digits(10, digits);
    }
    if (lower(peek()) == 'j') return ++at_, ends_number();  // JSON has no such number
    if (!is_whole) {
      const double number = std::strtod(digits.c_str(), nullptr);
      if (std::isfinite(number)) token.value = number;
      return ends_number();
    }
    if (digits.size() > 1 && digits[0] == '0' && digits.find_first_not_of('0') != std::string::npos)
      return expect("a number without a zero in front");
    token.value = whole(digits, 10);
    return ends_number();
  }
  static std::optional<json> whole(const std::string& digits, int base) {
    std::uint64_t number = 0;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
    if (problem != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    return json(number);
  }
  bool ends_number() {
    if (!is_letter(peek()) && !is_digit(peek())) return true;
    for (const auto word : {"and", "else", "for", "if", "in", "is", "or", "not"})
      if (starts_with(word)) return true;
    return expect("the end of the number");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string expected_;
  std::vector<Token> tokens_;
};

}  // namespace

Result<std::vector<Token>> tokenize(std::string_view text) { return Lexer(text).run(); }

}  // namespace strawberry::python
