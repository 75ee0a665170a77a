/// Bytes as hexadecimal digits. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace strawberry {

inline constexpr std::string_view lower_hex_digits = "0123456789abcdef";
inline constexpr std::string_view upper_hex_digits = "0123456789ABCDEF";

/// Appends the two digits of one byte.
inline void append_hex(std::string& out, char c, std::string_view digits = lower_hex_digits) {
  const auto byte = static_cast<unsigned char>(c);
  out += digits[byte >> 4];
  out += digits[byte & 0x0f];
}

inline std::string to_hex(std::string_view bytes) {
  std::string out;
  out.reserve(2 * bytes.size());
  for (const char c : bytes) append_hex(out, c);
  return out;
}

}  // namespace strawberry
