#include "bridge/chat/delta_stream.h"

#include <algorithm>

namespace strawberry::bridge {
namespace {

bool continues_a_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// How many bytes the character that begins with `c` has; 1 for what begins none.
std::size_t character_bytes(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
}

}  // namespace

void DeltaStream::add(std::string_view text) {
  const std::size_t answer_bytes = said_.size() - answer_begin_;
  said_ += text.substr(0, options_.answer_bytes_max - std::min(answer_bytes, options_.answer_bytes_max));
}

void DeltaStream::answered(std::string_view whole) {
  const auto said = std::string_view(said_).substr(answer_begin_);
  if (whole.substr(0, said.size()) == said) add(whole.substr(said.size()));
}

/// A piece may end in the middle of a character: the rest of it comes with the next one.
std::size_t DeltaStream::whole_characters_end() const {
  std::size_t begin = said_.size();
  while (begin > taken_ && said_.size() - begin < 4) {
    --begin;
    if (continues_a_character(said_[begin])) continue;
    return begin + character_bytes(said_[begin]) > said_.size() ? begin : said_.size();
  }
  return said_.size();
}

std::optional<std::string> DeltaStream::take() {
  std::size_t end = whole_characters_end();
  if (end <= taken_) return std::nullopt;
  if (end - taken_ > options_.delta_bytes_max) {
    end = taken_ + options_.delta_bytes_max;
    while (end > taken_ + 1 && continues_a_character(said_[end])) --end;
  }
  std::string text = said_.substr(taken_, end - taken_);
  taken_ = end;
  return text;
}

void DeltaStream::next_answer() {
  said_.erase(0, taken_);
  taken_ = 0;
  answer_begin_ = said_.size();
}

}  // namespace strawberry::bridge
