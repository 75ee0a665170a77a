#include "cli/spoke/discovery/template/token.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "cli/text.h"

namespace strawberry::cli::discovery {
namespace {

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool begins_name(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool is_in_name(char c) { return begins_name(c) || is_digit(c); }

class TokenReader {
 public:
  explicit TokenReader(std::string_view text) : text_(text) {
    // Jinja drops one line end at the end.
    if (!text_.empty() && text_.back() == '\n') text_.remove_suffix(1);
  }

  Result<std::vector<Token>> read() {
    while (at_ < text_.size()) {
      const std::size_t open = next_tag();
      add_text(text_.substr(at_, open - at_), has_minus(open + 2));
      if (open == text_.size()) break;
      at_ = open;
      auto good = text_[open + 1] == '#' ? pass_comment() : read_tag();
      if (!good) return tl::unexpected(good.error());
    }
    tokens_.push_back({Token::Kind::end, ""});
    return std::move(tokens_);
  }

 private:
  std::size_t next_tag() const {
    for (std::size_t i = at_; i + 1 < text_.size(); ++i) {
      if (text_[i] == '{' && (text_[i + 1] == '{' || text_[i + 1] == '%' || text_[i + 1] == '#')) return i;
    }
    return text_.size();
  }

  bool has_minus(std::size_t at) const { return at < text_.size() && text_[at] == '-'; }

  /// `is_cut`: the next tag removes the white space before it.
  void add_text(std::string_view text, bool is_cut) {
    if (cuts_next_) {
      while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    }
    if (is_cut) {
      while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    }
    cuts_next_ = false;
    if (!text.empty()) tokens_.push_back({Token::Kind::text, std::string(text)});
  }

  Result<void> pass_comment() {
    const std::size_t close = text_.find("#}", at_ + 2);
    if (close == std::string_view::npos) return fail("a comment does not end: {#");
    cuts_next_ = text_[close - 1] == '-';
    at_ = close + 2;
    return {};
  }

  Result<void> read_tag() {
    const bool is_print = text_[at_ + 1] == '{';
    at_ += 2;
    if (at_ < text_.size() && (text_[at_] == '-' || text_[at_] == '+')) ++at_;
    const std::size_t first = tokens_.size();
    tokens_.push_back({is_print ? Token::Kind::print_begin : Token::Kind::block_begin, ""});
    const std::string_view close = is_print ? "}}" : "%}";
    int brackets = 0;
    while (true) {
      while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
      if (at_ >= text_.size()) return fail(std::string("a tag does not end: ") + (is_print ? "{{" : "{%"));
      const auto rest = text_.substr(at_);
      if (brackets == 0 && (rest.substr(0, 2) == close || (rest[0] == '-' && rest.substr(1, 2) == close))) {
        cuts_next_ = rest[0] == '-';
        at_ += rest[0] == '-' ? 3 : 2;
        break;
      }
      if (auto good = read_one(brackets); !good) return good;
    }
    tokens_.push_back({is_print ? Token::Kind::print_end : Token::Kind::block_end, ""});
    const bool is_raw = !is_print && tokens_.size() == first + 3 && tokens_[first + 1].text == "raw";
    return is_raw ? pass_raw(first) : Result<void>{};
  }

  /// Text up to `{% endraw %}` is not parsed.
  Result<void> pass_raw(std::size_t first) {
    tokens_.resize(first);
    for (std::size_t open = text_.find("{%", at_); open != std::string_view::npos; open = text_.find("{%", open + 1)) {
      std::size_t i = open + 2;
      if (has_minus(i)) ++i;
      while (i < text_.size() && is_blank(text_[i])) ++i;
      if (text_.substr(i, 6) != "endraw") continue;
      const std::size_t close = text_.find("%}", i);
      if (close == std::string_view::npos) break;
      add_text(text_.substr(at_, open - at_), has_minus(open + 2));
      cuts_next_ = text_[close - 1] == '-';
      at_ = close + 2;
      return {};
    }
    return fail("a block does not end: raw");
  }

  Result<void> read_one(int& brackets) {
    const char c = text_[at_];
    if (begins_name(c)) return take_while(Token::Kind::name, is_in_name), Result<void>{};
    if (is_digit(c)) return read_number(), Result<void>{};
    if (c == '\'' || c == '"') return read_string(c);
    constexpr std::array<std::string_view, 6> pairs = {"==", "!=", "<=", ">=", "//", "**"};
    const auto two = text_.substr(at_, 2);
    if (std::find(pairs.begin(), pairs.end(), two) != pairs.end()) {
      at_ += 2;
      tokens_.push_back({Token::Kind::sign, std::string(two)});
      return {};
    }
    if (std::string_view("+-*/%~<>=()[]{}.,:|").find(c) == std::string_view::npos)
      return fail("a character that has no meaning in a tag: " + in_quotes(text_.substr(at_, 1), 10));
    if (c == '(' || c == '[' || c == '{') ++brackets;
    if ((c == ')' || c == ']' || c == '}') && brackets > 0) --brackets;
    ++at_;
    tokens_.push_back({Token::Kind::sign, std::string(1, c)});
    return {};
  }

  template <class Fits>
  void take_while(Token::Kind kind, Fits fits) {
    std::size_t end = at_;
    while (end < text_.size() && fits(text_[end])) ++end;
    tokens_.push_back({kind, std::string(text_.substr(at_, end - at_))});
    at_ = end;
  }

  void read_number() {
    std::size_t end = at_;
    const auto digits = [&] {
      while (end < text_.size() && (is_digit(text_[end]) || text_[end] == '_')) ++end;
    };
    const auto is_digit_at = [&](std::size_t at) { return at < text_.size() && is_digit(text_[at]); };
    digits();
    // After a dot a number is an index (`a.0`), never `0.5`.
    const bool is_index = !tokens_.empty() && tokens_.back().kind == Token::Kind::sign && tokens_.back().text == ".";
    if (!is_index && end < text_.size() && text_[end] == '.' && is_digit_at(end + 1)) {
      ++end;
      digits();
    }
    if (!is_index && end < text_.size() && (text_[end] == 'e' || text_[end] == 'E')) {
      const std::size_t sign = end + 1 < text_.size() && (text_[end + 1] == '-' || text_[end + 1] == '+') ? 1 : 0;
      if (is_digit_at(end + 1 + sign)) {
        end += 1 + sign;
        digits();
      }
    }
    std::string number(text_.substr(at_, end - at_));
    number.erase(std::remove(number.begin(), number.end(), '_'), number.end());
    tokens_.push_back({Token::Kind::number, std::move(number)});
    at_ = end;
  }

  Result<void> read_string(char quote) {
    std::string out;
    for (std::size_t i = at_ + 1; i < text_.size(); ++i) {
      const char c = text_[i];
      if (c == quote) {
        at_ = i + 1;
        tokens_.push_back({Token::Kind::string, std::move(out)});
        return {};
      }
      if (c != '\\' || i + 1 == text_.size()) {
        out += c;
        continue;
      }
      ++i;
      switch (text_[i]) {
        case 'n': out += '\n'; break;
        case 't': out += '\t'; break;
        case 'r': out += '\r'; break;
        case '\\':
        case '\'':
        case '"': out += text_[i]; break;
        default: (out += '\\') += text_[i];
      }
    }
    return fail("a string does not end");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool cuts_next_ = false;
  std::vector<Token> tokens_;
};

}  // namespace

Result<std::vector<Token>> read_tokens(std::string_view text) { return TokenReader(text).read(); }

}  // namespace strawberry::cli::discovery
