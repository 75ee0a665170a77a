#include "common/contract/device_name.h"

#include <utf8proc.h>

#include "common/text/utf8.h"

namespace strawberry {
namespace {

bool separates_words(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == '-' || c == '_'; }

}  // namespace

std::string normalize_device_name(std::string_view name) {
  const auto decomposed = map_utf8(name, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT);
  if (!decomposed) return {};

  std::string normalized;
  bool separated = false;
  for (char c : *decomposed) {
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
