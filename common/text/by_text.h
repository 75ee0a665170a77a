/// A map with text keys that is searched with a view, without copying it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace strawberry {

struct TextHash {
  using is_transparent = void;
  /// Half of what std::hash costs for an id. Like that one it is no secret: who chooses texts can choose their hashes.
  std::size_t operator()(std::string_view text) const {
    constexpr std::size_t word = sizeof(std::uint64_t);
    const std::size_t size = text.size();
    std::uint64_t hash = size * 0x9E37'79B9'7F4A'7C15;
    if (size < word) {
      std::uint64_t rest = 0;
      for (const char c : text) rest = rest << 8 | static_cast<unsigned char>(c);
      return static_cast<std::size_t>(mixed(hash, rest));
    }
    for (std::size_t at = 0; at + word < size; at += word) hash = mixed(hash, word_at(text, at));
    return static_cast<std::size_t>(mixed(hash, word_at(text, size - word)));
  }

 private:
  static std::uint64_t word_at(std::string_view text, std::size_t at) {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, text.data() + at, sizeof bytes);
    return bytes;
  }
  static std::uint64_t mixed(std::uint64_t hash, std::uint64_t bytes) {
    hash = (hash ^ bytes) * 0xD6E8'FEB8'6659'FD93;
    return hash ^ hash >> 32;
  }
};

template <class T>
using ByText = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

}  // namespace strawberry
