/// The embedded default: no key, no network, no model. Puts a chat before the rules (bridge/rules/), makes the calls
/// they decide on, and says afterwards what came of them. Names itself: provider and model `rules`, no usage.
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

  /// The same without a loop.
  ModelReply answer(const ModelRequest& request) const;

 private:
  std::string name_ = "rules";
};

/// What the tool messages after the last user message say; nothing when there are none.
std::optional<std::string> tell_outcomes(const nlohmann::json& messages, const std::vector<Tool>& tools);

}  // namespace strawberry::bridge
