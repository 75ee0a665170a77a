/// What the build knows and the web door serves: its files, and the operations of the contract (write_pages.cpp writes
/// the definitions).
#pragma once

#include <span>
#include <string_view>

namespace strawberry::gateway {

struct EmbeddedPage {
  std::string_view name;  // openapi.json, index.html
  std::string_view bytes;
};

std::span<const EmbeddedPage> embedded_pages();
/// `skills/call` and so on.
std::span<const std::string_view> operation_names();

}  // namespace strawberry::gateway
