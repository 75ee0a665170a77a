/// The request schemas as the build found them in schemas/ (embed.cmake writes the definition).
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace strawberry {

struct EmbeddedSchema {
  std::string_view name;  // skills/register
  std::string_view json;
};

std::span<const EmbeddedSchema> embedded_schemas();

}  // namespace strawberry
