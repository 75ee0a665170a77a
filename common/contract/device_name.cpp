#include "common/contract/device_name.h"

#include <utf8proc.h>

#include <cstdlib>
#include <memory>

namespace strawberry {
namespace {

struct FreeWithFree {
  void operator()(utf8proc_uint8_t* text) const { std::free(text); }
};

bool separates_words(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == '-' || c == '_'; }

}  // namespace

std::string normalize_device_name(std::string_view name) {
  utf8proc_uint8_t* decomposed = nullptr;
  const auto options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT);
  const utf8proc_ssize_t size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(name.data()),
                                             static_cast<utf8proc_ssize_t>(name.size()), &decomposed, options);
  const std::unique_ptr<utf8proc_uint8_t, FreeWithFree> owned(decomposed);
  if (size < 0) return {};

  std::string normalized;
  bool separated = false;
  for (utf8proc_ssize_t i = 0; i < size; ++i) {
    char c = static_cast<char>(owned.get()[i]);
    if (separates_words(c)) {
      separated = true;
      continue;
    }
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) continue;
    if (separated && !normalized.empty()) normalized += '_';
    separated = false;
    normalized += c;
  }
  return normalized;
}

}  // namespace strawberry
