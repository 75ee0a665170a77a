/// Finds the texts that may contain a word, by a few bits for each text, so that searching 200 000 of them reads some
/// hundred kilobytes instead of all of it.
///
/// Each text sets one bit of 1 024 for each run of one, two or three bytes in it. A text that contains the word has all
/// the word's bits; one that has them all nearly always contains it, which the caller checks. The bits are stored by
/// bit number, those of 512 texts next to each other: a word of five letters reads a dozen cache lines for 512 texts.
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

  /// `text` must be in lower case if the words are. The number must have no text yet. Runs across white space do not
  /// count, since no word contains any.
  void add(std::uint32_t number, std::string_view text);
  void remove(std::uint32_t number);
  /// Returns all numbers whose text contains `word`, and few others. An empty word returns every number, with a text or
  /// not.
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
