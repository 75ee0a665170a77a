#include "common/text/utf8.h"

#include <utf8proc.h>

namespace strawberry {

std::size_t decode_utf8(std::string_view text, std::int32_t& code_point) {
  const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                       static_cast<utf8proc_ssize_t>(text.size()), &code_point);
  return length > 0 ? static_cast<std::size_t>(length) : 0;
}

bool is_utf8(std::string_view text) {
  std::int32_t ignored = 0;
  while (!text.empty()) {
    const std::size_t length = decode_utf8(text, ignored);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace strawberry
