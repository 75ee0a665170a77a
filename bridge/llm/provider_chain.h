/// The configured language models, in order: the first that answers does; the embedded one comes last.
///
/// A request's `model` may name a provider in front (`openai/gpt-4o-mini`, or `openai` alone for its default): that one
/// is asked first. Any other name is meant for the first provider. Those after it are asked for their own default
/// model.
///
/// The request's deadline is shared out: as long as others follow, one provider gets an equal share of what is left, so
/// that one that hangs does not use up everybody's time; what it does not use goes to the next.
///
/// Threading: loop only.   Lifetime: outlives its requests.
/// Errors: provider_timeout when all that failed were too slow, else provider_error, with details.attempts.
/// Bounds: each provider is asked at most once a request.
#pragma once

#include <memory>
#include <vector>

#include "bridge/llm/provider.h"
#include "bridge/protocol/error.h"

namespace strawberry {

class ProviderChain {
 public:
  struct Options {
    /// Kept from the last slow provider when an embedded one follows: time to act on what that decides.
    double embedded_share = 0.2;
  };

  /// Throws std::invalid_argument when there is no provider, or two have one name.
  ProviderChain(const Clock& clock, std::vector<std::unique_ptr<Provider>> providers, Options options);

  /// `start_with` names the provider that answered an earlier step of the same turn: those before it are not asked
  /// again.
  Task<Reply<ModelReply>> complete(ModelRequest request, std::string start_with = {});

  std::vector<std::string> names() const;

 private:
  struct Choice {
    Provider* provider;
    std::string model;
  };
  std::vector<Choice> choose(const std::string& model, const std::string& start_with) const;
  SteadyTime share(SteadyTime deadline, const std::vector<Choice>& choices, std::size_t at) const;

  const Clock& clock_;
  std::vector<std::unique_ptr<Provider>> providers_;
  Options options_;
};

}  // namespace strawberry
