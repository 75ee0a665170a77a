#include "bridge/rules/numbers.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>

#include "bridge/rules/lexicon.h"

namespace strawberry::bridge::rules {
namespace {

using NumberWord = std::pair<std::string_view, int>;

constexpr std::array<NumberWord, 20> small_english = {
    {{"zero", 0},     {"one", 1},      {"two", 2},        {"three", 3},     {"four", 4},
     {"five", 5},     {"six", 6},      {"seven", 7},      {"eight", 8},     {"nine", 9},
     {"ten", 10},     {"eleven", 11},  {"twelve", 12},    {"thirteen", 13}, {"fourteen", 14},
     {"fifteen", 15}, {"sixteen", 16}, {"seventeen", 17}, {"eighteen", 18}, {"nineteen", 19}}};
constexpr std::array<NumberWord, 9> tens_english = {{{"twenty", 20},
                                                     {"thirty", 30},
                                                     {"forty", 40},
                                                     {"fourty", 40},
                                                     {"fifty", 50},
                                                     {"sixty", 60},
                                                     {"seventy", 70},
                                                     {"eighty", 80},
                                                     {"ninety", 90}}};
/// Folded: `fünf` is `funf`. `ein` is an article more often.
constexpr std::array<NumberWord, 21> small_german = {
    {{"null", 0},      {"eins", 1},      {"zwei", 2},      {"zwo", 2},       {"drei", 3},      {"vier", 4},
     {"funf", 5},      {"sechs", 6},     {"sieben", 7},    {"acht", 8},      {"neun", 9},      {"zehn", 10},
     {"elf", 11},      {"zwolf", 12},    {"dreizehn", 13}, {"vierzehn", 14}, {"funfzehn", 15}, {"sechzehn", 16},
     {"siebzehn", 17}, {"achtzehn", 18}, {"neunzehn", 19}}};
constexpr std::array<NumberWord, 8> tens_german = {{{"zwanzig", 20},
                                                    {"dreissig", 30},
                                                    {"vierzig", 40},
                                                    {"funfzig", 50},
                                                    {"sechzig", 60},
                                                    {"siebzig", 70},
                                                    {"achtzig", 80},
                                                    {"neunzig", 90}}};

bool is_ascii_digit(char c) { return c >= '0' && c <= '9'; }

template <class Table>
std::optional<int> find_number(const Table& table, std::string_view word) {
  for (const auto& [name, number] : table)
    if (name == word) return number;
  return std::nullopt;
}

/// `einundzwanzig`, `hundert`, `hundertfünfzig`.
std::optional<int> german_number(std::string_view word) {
  if (const auto number = find_number(small_german, word)) return number;
  if (const auto number = find_number(tens_german, word)) return number;
  for (const std::string_view hundred : {"einhundert", "hundert"}) {
    if (word == hundred) return 100;
    if (word.starts_with(hundred))
      if (const auto rest = german_number(word.substr(hundred.size()))) return 100 + *rest;
  }
  const auto und = word.find("und");
  if (und == std::string_view::npos) return std::nullopt;
  const auto tens = find_number(tens_german, word.substr(und + 3));
  auto units = find_number(small_german, word.substr(0, und));
  if (word.substr(0, und) == "ein") units = 1;
  if (!tens || !units || *units < 1 || *units > 9) return std::nullopt;
  return *tens + *units;
}

std::optional<int> number_in_word(std::string_view word) {
  if (word == "hundred") return 100;
  if (const auto number = find_number(small_english, word)) return number;
  if (const auto number = find_number(tens_english, word)) return number;
  // `twentyfive`
  for (const auto& [name, tens] : tens_english)
    if (word.starts_with(name))
      if (const auto units = find_number(small_english, word.substr(name.size())); units && *units >= 1 && *units <= 9)
        return tens + *units;
  return german_number(word);
}

/// A comma in front of three digits parts thousands, else it is a decimal comma.
std::string with_decimal_point(std::string_view written) {
  std::string text(written);
  if (const auto comma = text.find(','); comma != std::string::npos) {
    if (text.size() - comma == 4) {
      text.erase(comma, 1);
    } else {
      text[comma] = '.';
    }
  }
  return text;
}

class Joiner {
 public:
  explicit Joiner(Sentence sentence) : sentence_(std::move(sentence)) {}

  Sentence join() {
    auto& words = sentence_.words;
    for (std::size_t at = 0; at < words.size(); ++at) {
      if (is_spelled(at)) {
        join_spelled(at);
      } else if (begins_fraction(at)) {
        merge(at, 2, 0.5);
      } else if (is_article_of_time(at)) {
        words[at].number = 1;
      }
    }
    return std::move(sentence_);
  }

 private:
  bool is_word(std::size_t at) const { return at < sentence_.words.size() && !sentence_.words[at].is_quoted; }
  bool is_spelled(std::size_t at) const {
    return is_word(at) && sentence_.words[at].number && !is_ascii_digit(sentence_.text[sentence_.words[at].begin]) &&
           sentence_.text[sentence_.words[at].begin] != '-';
  }
  std::string_view fold_at(std::size_t at) const {
    return is_word(at) ? std::string_view(sentence_.words[at].fold) : std::string_view();
  }
  bool is_joined(std::size_t at) const { return is_word(at) && at > 0 && !sentence_.words[at - 1].is_break_after; }

  void merge(std::size_t at, std::size_t count, double number) {
    auto& words = sentence_.words;
    Word& first = words[at];
    const Word& last = words[at + count - 1];
    first.end = last.end;
    first.number = number;
    first.is_break_after = last.is_break_after;
    first.is_end_after = last.is_end_after;
    first.is_asked = last.is_asked;
    words.erase(words.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                words.begin() + static_cast<std::ptrdiff_t>(at + count));
  }

  /// `twenty five`, `two hundred and ten`, `twenty one point five`.
  void join_spelled(std::size_t at) {
    const auto value_at = [this](std::size_t i) { return *sentence_.words[i].number; };
    double value = value_at(at);
    std::size_t end = at + 1;
    if (is_joined(end) && fold_at(end) == "hundred" && value >= 1 && value <= 9) {
      value *= 100;
      ++end;
    }
    std::size_t next = fold_at(end) == "and" ? end + 1 : end;
    if (value >= 100 && value < 1000 && is_joined(end) && is_spelled(next) && value_at(next) < 100) {
      value += value_at(next);
      end = next + 1;
    }
    const bool is_tens = value >= 20 && static_cast<int>(value) % 10 == 0 && static_cast<int>(value) % 100 != 0;
    if (is_tens && is_joined(end) && is_spelled(end) && value_at(end) >= 1 && value_at(end) <= 9) {
      value += value_at(end);
      ++end;
    }
    const bool is_point = fold_at(end) == "point" || fold_at(end) == "komma";
    if (is_point && is_joined(end) && is_joined(end + 1) && is_spelled(end + 1) && value_at(end + 1) < 10) {
      value += value_at(end + 1) / 10;
      end += 2;
    }
    if (end > at + 1) merge(at, end - at, value);
  }

  /// `half an hour`, `eine halbe Stunde`.
  bool begins_fraction(std::size_t at) const {
    const auto is_time = [this](std::size_t i) { return is_word(i) && seconds_in(sentence_.words[i].stem) != 0; };
    if (fold_at(at) == "half" && (fold_at(at + 1) == "an" || fold_at(at + 1) == "a") && is_time(at + 2)) return true;
    return fold_at(at) == "eine" && is_one_of(fold_at(at + 1), {"halbe", "halben"}) && fold_at(at + 2) == "stunde";
  }

  /// `for a minute`, `in an hour`, `für eine Minute`.
  bool is_article_of_time(std::size_t at) const {
    if (!is_one_of(fold_at(at), {"a", "an", "eine", "einer"}) || at == 0) return false;
    if (!is_one_of(fold_at(at - 1), {"for", "in", "to", "fur", "auf", "of"})) return false;
    const auto unit = is_joined(at + 1) ? std::string_view(sentence_.words[at + 1].stem) : std::string_view();
    return unit.size() > 2 && (seconds_in(unit) != 0 || unit == "stunde" || unit == "sekunde");
  }

  Sentence sentence_;
};

}  // namespace

std::optional<double> number_of(std::string_view as_written, std::string_view folded) {
  const std::string written = with_decimal_point(as_written);
  double value = 0;
  const auto [end, failure] =
      std::from_chars(written.data(), written.data() + written.size(), value, std::chars_format::fixed);
  const bool starts_right = !written.empty() && (is_ascii_digit(written.front()) || written.front() == '-');
  if (starts_right && failure == std::errc() && end == written.data() + written.size()) return value;
  if (const auto number = number_in_word(folded)) return *number;
  return std::nullopt;
}

Sentence join_numbers(Sentence sentence) { return Joiner(std::move(sentence)).join(); }

}  // namespace strawberry::bridge::rules
