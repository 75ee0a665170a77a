/// A sentence as words: what was written, where it stood, and a form that compares (case, accents and plural folded
/// away).
///
/// Pure functions. Bounds: sentence_bytes_max, sentence_words_max; a longer sentence has no words.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace strawberry::bridge::rules {

inline constexpr std::size_t sentence_bytes_max = 1024;
inline constexpr std::size_t sentence_words_max = 80;

struct Word {
  std::size_t begin = 0;  // bytes in Sentence::text, without quotation marks
  std::size_t end = 0;
  std::string fold;              // lower case, no accents, no apostrophes
  std::string stem;              // fold without plural or -ing
  std::optional<double> number;  // digits, or a number word
  std::string name;              // as a device name has it: common/contract/device_name.h
  std::string owner;             // the same without a possessive s; empty when there is none
  bool is_quoted = false;        // one word whatever was between the quotation marks
  bool is_break_after = false;   // punctuation follows
  bool is_end_after = false;     // of these a full stop, or a question or exclamation mark, a semicolon or a new line
  bool is_asked = false;         // of these a question mark
};

enum class Language { english, german };

struct Sentence {
  std::string text;
  Language language = Language::english;
  std::vector<Word> words;

  /// What was written from word `from` to before word `to`.
  std::string slice(std::size_t from, std::size_t to) const;
};

Sentence read_sentence(std::string_view text);

/// Lower case without accents (NFKD, case folded).
std::string fold(std::string_view text);
/// `lights` → `light`, `playing` → `play`, `batteries` → `battery`.
std::string stem(std::string_view folded);
/// `MusicControlSkill` → music, control, skill; `set_volume2` → set, volume, 2. Folded.
std::vector<std::string> name_parts(std::string_view name);
/// The same, stemmed.
std::vector<std::string> split_name(std::string_view name);

bool contains(const std::vector<std::string>& words, std::string_view word);
bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words);

}  // namespace strawberry::bridge::rules
