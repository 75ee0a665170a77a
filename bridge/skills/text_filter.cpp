#include "bridge/skills/text_filter.h"

#include <algorithm>
#include <cstddef>

namespace strawberry::bridge {
namespace {

constexpr unsigned hash_shift = 32 - 10;  // ten bits remain: 1 024

std::uint32_t bit_of(std::uint32_t run, std::uint32_t length) {
  return ((run | length << 24) * 0x9E3779B1U) >> hash_shift;
}

bool is_space(std::uint32_t byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

/// Calls `use` with the bit of each run of one to three bytes without white space.
template <class Use>
void for_each_bit(std::string_view text, Use use) {
  std::uint32_t run = 0;
  std::uint32_t length = 0;  // of the word so far, at most 3
  for (const char c : text) {
    const std::uint32_t byte = static_cast<unsigned char>(c);
    if (is_space(byte)) {
      length = 0;
      continue;
    }
    run = (run << 8 | byte) & 0xFFFFFF;
    length = std::min(length + 1, 3U);
    use(bit_of(byte, 1));
    if (length >= 2) use(bit_of(run & 0xFFFF, 2));
    if (length >= 3) use(bit_of(run, 3));
  }
}

}  // namespace

void TextFilter::add(std::uint32_t number, std::string_view text) {
  const std::size_t block = number / texts_per_block;
  while (blocks_.size() <= block) blocks_.push_back(std::make_unique<Block>());
  auto& rows = blocks_[block]->rows;
  const std::size_t word = number % texts_per_block / 64;
  const std::uint64_t mask = std::uint64_t{1} << (number % 64);
  for_each_bit(text, [&](std::uint32_t bit) { rows[bit][word] |= mask; });
}

void TextFilter::remove(std::uint32_t number) {
  const std::size_t word = number % texts_per_block / 64;
  const std::uint64_t others = ~(std::uint64_t{1} << (number % 64));
  for (auto& row : blocks_.at(number / texts_per_block)->rows) row[word] &= others;
}

TextFilter::Numbers TextFilter::candidates(std::string_view word) const {
  std::vector<std::uint32_t> wanted;
  for_each_bit(word, [&](std::uint32_t bit) { wanted.push_back(bit); });
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  Numbers numbers;
  numbers.reserve(blocks_.size() * words_per_row);
  for (const auto& block : blocks_) {
    std::array<std::uint64_t, words_per_row> row{};
    row.fill(~std::uint64_t{0});
    for (const std::uint32_t bit : wanted) {
      for (std::size_t i = 0; i < words_per_row; ++i) row[i] &= block->rows[bit][i];
    }
    numbers.insert(numbers.end(), row.begin(), row.end());
  }
  return numbers;
}

}  // namespace strawberry::bridge
