#include "bridge/llm/usage_estimate.h"

#include "common/text/json_text.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

/// Of all strings in it; names of members and punctuation hardly cost anything.
std::size_t text_bytes(const json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>().size();
  std::size_t bytes = 0;
  if (value.is_structured())
    for (const auto& element : value) bytes += text_bytes(element);
  return bytes;
}

/// Here the names are what there is to say.
std::size_t schema_bytes(const json& schema) { return schema.is_null() ? 0 : to_text(schema).size(); }

std::int64_t tokens(std::size_t bytes) {
  return static_cast<std::int64_t>((bytes + estimated_bytes_per_token - 1) / estimated_bytes_per_token);
}

}  // namespace

Usage estimate_usage(const ModelRequest& request, const ModelReply& reply) {
  std::size_t asked = text_bytes(request.messages);
  for (const auto& tool : request.tools)
    asked += tool.name.size() + tool.description.size() + schema_bytes(tool.parameters);
  std::size_t answered = reply.content.size();
  for (const auto& call : reply.tool_calls) answered += call.name.size() + call.arguments.size();
  return {tokens(asked), tokens(answered), true};
}

}  // namespace strawberry::bridge
