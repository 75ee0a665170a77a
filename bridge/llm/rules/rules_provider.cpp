#include "bridge/llm/rules/rules_provider.h"

#include "bridge/llm/rules/tell_outcome.h"
#include "bridge/llm/rules/understand.h"

namespace strawberry {

Task<Result<ModelReply, ProviderError>> RulesProvider::complete(ModelRequest request) { co_return answer(request); }

ModelReply RulesProvider::answer(const ModelRequest& request) const {
  ModelReply reply;
  reply.provider = reply.model = name_;
  reply.finish_reason = "stop";
  if (auto told = rules::tell_outcomes(request.messages)) {
    reply.content = std::move(*told);
    return reply;
  }
  auto decision = rules::understand(rules::last_user_text(request.messages), request.tools, options_.skills_listed_max);
  reply.understood = decision.understood;
  reply.content = std::move(decision.words);
  for (const auto& call : decision.calls) {
    const std::string id =
        "rules_" + std::to_string(request.messages.size()) + "_" + std::to_string(reply.tool_calls.size());
    reply.tool_calls.push_back({id, call.tool->name, call.arguments.dump()});
  }
  if (!reply.tool_calls.empty()) reply.finish_reason = "tool_calls";
  return reply;
}

}  // namespace strawberry
