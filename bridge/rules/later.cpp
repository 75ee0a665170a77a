#include "bridge/rules/later.h"

#include "bridge/rules/lexicon.h"

namespace strawberry::bridge::rules {
namespace {

bool is_day(std::string_view word) {
  return is_one_of(word, {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "weekday",
                          "weekend", "montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag"});
}

bool is_moment(std::string_view word) {
  return is_one_of(word, {"noon", "midnight", "night", "sunset", "sunrise", "dawn", "dusk", "lunchtime", "bedtime"});
}

class LaterFinder {
 public:
  LaterFinder(const Sentence& sentence, std::size_t to, bool is_text)
      : sentence_(sentence), words_(sentence.words), to_(to), is_text_(is_text) {}

  bool begins_at(std::size_t at) const {
    if (words_[at].is_quoted || (is_text_ && is_capital(at))) return false;
    const auto word = fold(at);
    if (is_one_of(word, {"if", "when", "whenever", "unless", "until", "till", "while", "after", "before", "provided",
                         "tomorrow", "tonight", "later", "soon", "everyday", "daily"}))
      return true;
    if (word == "once") return fold(at + 1) != "more" && at + 1 < to_;
    if (is_one_of(word, {"in", "within", "for"})) return is_duration(at + 1);
    if (word == "as") return fold(at + 1) == "soon" || fold(at + 1) == "long";
    if (word == "at" || word == "by" || word == "around") return is_time_of_day(at + 1);
    if (word == "on" || word == "next" || word == "every")
      return is_day(words_at(at + 1)) ||
             is_one_of(fold(at + 1), {"day", "week", "morning", "evening", "hour", "night"});
    if (word == "this") return is_one_of(fold(at + 1), {"evening", "afternoon", "morning", "weekend"});
    return word == "today" && at + 1 == to_;
  }

 private:
  std::string_view fold(std::size_t at) const {
    return at < to_ && !words_[at].is_quoted ? std::string_view(words_[at].fold) : std::string_view();
  }
  std::string_view words_at(std::size_t at) const {
    return at < to_ ? std::string_view(words_[at].stem) : std::string_view();
  }
  bool is_capital(std::size_t at) const {
    const char c = sentence_.text[words_[at].begin];
    return c >= 'A' && c <= 'Z';
  }

  bool is_duration(std::size_t at) const {
    if (fold(at) == "about") ++at;
    if (is_one_of(fold(at), {"a", "an"}))
      return seconds_in(words_at(at + 1)) != 0 || is_one_of(fold(at + 1), {"moment", "while", "bit", "few"});
    if (is_one_of(fold(at), {"few", "some", "couple"})) return seconds_in(words_at(at + 1)) != 0;
    return at < to_ && words_[at].number && seconds_in(words_at(at + 1)) != 0;
  }

  /// `7 pm`, `7:30`, `noon`; in front of a text's end a number alone as well.
  bool is_time_of_day(std::size_t at) const {
    if (at >= to_) return false;
    if (is_moment(fold(at))) return true;
    if (!words_[at].number) {
      const auto word = fold(at);
      return word.size() > 2 && word.front() >= '0' && word.front() <= '9' &&
             (word.ends_with("am") || word.ends_with("pm"));
    }
    if (is_one_of(fold(at + 1), {"am", "pm", "oclock", "uhr", "o", "a", "p"})) return true;
    const bool has_colon = at + 1 < to_ && words_[at + 1].number && words_[at + 1].begin == words_[at].end + 1 &&
                           sentence_.text[words_[at].end] == ':';
    return has_colon || (is_text_ && at + 1 == to_);
  }

  const Sentence& sentence_;
  const std::vector<Word>& words_;
  std::size_t to_;
  bool is_text_;
};

}  // namespace

std::optional<std::size_t> find_later(const Sentence& sentence, std::size_t from, std::size_t to, bool is_text) {
  const LaterFinder finder(sentence, to, is_text);
  for (std::size_t at = from; at < to; ++at)
    if (finder.begins_at(at)) return at;
  return std::nullopt;
}

}  // namespace strawberry::bridge::rules
