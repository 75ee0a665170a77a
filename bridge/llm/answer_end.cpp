#include "bridge/llm/answer_end.h"

#include "bridge/llm/wire_json.h"

namespace strawberry::bridge {

bool was_broken_off(std::string_view finish_reason) {
  return finish_reason == "length" || finish_reason == "content_filter";
}

Result<ModelReply, ProviderError> settle_calls(ModelReply reply) {
  if (reply.tool_calls.empty()) return reply;
  if (!was_broken_off(reply.finish_reason)) {
    reply.finish_reason = "tool_calls";
    return reply;
  }
  reply.tool_calls.clear();
  if (!reply.content.empty()) return reply;
  if (reply.finish_reason == "length")
    return wire_error("length", 200, "reached its token limit within a tool call, which was not run");
  return wire_error("blocked", 200, "the server filtered the answer within a tool call, which was not run");
}

}  // namespace strawberry::bridge
