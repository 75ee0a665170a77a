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
  // Whatever is not UTF-8 (also a character cut in half) becomes U+FFFD.
  const auto quoted = to_text(nlohmann::json(out));
  out = nlohmann::json::parse(quoted).get<std::string>();
  if (cut) out += "…";
  return out;
}

}  // namespace strawberry
