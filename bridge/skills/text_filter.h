/// Which of many texts can contain a word: a few bits for each text, so that looking through 200 000 of them reads some
/// hundred kilobytes instead of all of it.
///
/// Each text sets one bit of 1 024 for each run of one, two or three bytes in it. A text that contains the word has all
/// the word's bits; one that has them all nearly always contains it, and whoever asks looks. The bits stand by their
/// number, those of 512 texts next to each other: a word of five letters takes a dozen cache lines for 512 texts.
///
/// Threading: none of its own.   Bounds: 128 bytes a text, in blocks of 512.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace strawberry::bridge {

class TextFilter {
 public:
  /// One bit for each number, 64 of them in an element.
  using Numbers = std::vector<std::uint64_t>;

  /// `text` is in lower case if the words will be. The number has no text now. Runs across white space do not count,
  /// since no word contains any.
  void add(std::uint32_t number, std::string_view text);
  void remove(std::uint32_t number);
  /// All numbers whose text contains `word`, and few others. Empty words are in all texts, and in none.
  Numbers candidates(std::string_view word) const;

 private:
  static constexpr std::size_t bits = 1024;
  static constexpr std::size_t texts_per_block = 512;
  static constexpr std::size_t words_per_row = texts_per_block / 64;
  struct Block {
    alignas(64) std::array<std::array<std::uint64_t, words_per_row>, bits> rows{};
  };

  std::vector<std::unique_ptr<Block>> blocks_;
};

}  // namespace strawberry::bridge
