/// The files that the web door serves and the operations of the contract, embedded by the build (write_pages.cpp writes
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
/// Returns `skills/call` and so on.
std::span<const std::string_view> operation_names();

}  // namespace strawberry::gateway
