/// The embedded default: no key, no network, no model. It matches the user's last sentence to the skills at hand, makes
/// the call, and says afterwards what came of it; when nothing fits, or two fit equally, it says so and lists what it
/// can do. It understands plain English commands, one to four at a time, and names itself: provider and model `rules`,
/// no usage.
///
/// Deterministic; never calls a client's own tools.
/// Threading: loop only.   Errors: none.   Bounds: the sentence (rules/words.h), skills_listed_max.
#pragma once

#include "bridge/llm/provider.h"

namespace strawberry {

class RulesProvider final : public Provider {
 public:
  struct Options {
    std::size_t skills_listed_max = 10;
  };
  RulesProvider() : RulesProvider(Options{}) {}
  explicit RulesProvider(Options options) : options_(options) {}

  const std::string& name() const override { return name_; }
  bool is_embedded() const override { return true; }
  Task<Result<ModelReply, ProviderError>> complete(ModelRequest request) override;

  /// The same without a loop.
  ModelReply answer(const ModelRequest& request) const;

 private:
  Options options_;
  std::string name_ = "rules";
};

}  // namespace strawberry
