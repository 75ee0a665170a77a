#include "common/text/printable.h"

#include <algorithm>

#include "common/text/hex.h"
#include "common/text/json_text.h"

namespace strawberry {

std::string printable(std::string_view text, std::size_t bytes_max) {
  const bool cut = text.size() > bytes_max;
  const auto is_plain_ascii = [](char c) { return c >= 0x20 && c < 0x7f; };
  if (!cut && std::all_of(text.begin(), text.end(), is_plain_ascii)) return std::string(text);
  std::string out;
  for (const char c : text.substr(0, bytes_max)) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte >= 0x20 && byte != 0x7f;
    if (plain) {
      out += c;
    } else {
      out += "\\x";
      append_hex(out, c);
    }
  }
  // Bytes that are not UTF-8, such as a character that was cut in half, become U+FFFD.
  const auto quoted = to_text(nlohmann::json(out));
  out = nlohmann::json::parse(quoted).get<std::string>();
  if (cut) out += "…";
  return out;
}

std::string as_data(std::string_view text, std::size_t bytes_max) {
  std::string clean;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool is_c1 = c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (is_c1) {
      ++i;
      continue;
    }
    if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f) continue;
    clean += text[i];
  }
  if (clean.size() <= bytes_max) return clean;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(clean[end]) & 0xC0) == 0x80) --end;
  clean.resize(end);
  return clean;
}

}  // namespace strawberry
