/// The files that the web door serves itself, as the build found or made them (write_pages.cpp writes the definition).
#pragma once

#include <span>
#include <string_view>

namespace strawberry::gateway {

struct EmbeddedPage {
  std::string_view name;  // openapi.json, index.html
  std::string_view bytes;
};

std::span<const EmbeddedPage> embedded_pages();

}  // namespace strawberry::gateway
