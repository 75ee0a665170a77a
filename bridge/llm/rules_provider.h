/// The embedded default: no key, no network, no model. Passes a chat to the rules (bridge/rules/), makes the calls that
/// they decide on, and then reports the outcome. Its provider and model names are `rules`; it has no usage.
///
/// Deterministic; never calls a client's own tools.
/// Threading: loop only.   Errors: none.   Bounds: those of bridge/rules/understand.h; outcomes_max.
#pragma once

#include "bridge/llm/provider.h"

namespace strawberry::bridge {

class RulesProvider final : public Provider {
 public:
  const std::string& name() const override { return name_; }
  bool is_embedded() const override { return true; }
  Task<Result<ModelReply, ProviderError>> complete(ModelRequest request) override;

  /// As complete(), without a loop.
  ModelReply answer(const ModelRequest& request) const;

 private:
  std::string name_ = "rules";
};

/// Returns the outcomes in the tool messages after the last user message; nothing when there are none.
std::optional<std::string> tell_outcomes(const nlohmann::json& messages, const std::vector<Tool>& tools);

}  // namespace strawberry::bridge
