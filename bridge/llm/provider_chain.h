/// The configured language models, in order: the first that answers does; the embedded one comes last.
///
/// A request's `model` may be an alias, or name a provider in front (`openai/gpt-4o-mini`, or `openai` alone for its
/// default): that one is asked first. Any other name is meant for the first provider. Those after it are asked for
/// their own default model.
///
/// The request's deadline is shared out: as long as others follow, one provider gets an equal share of what is left, so
/// that one that hangs does not use up everybody's time; what it does not use goes to the next. Its retries happen
/// within its share; a streamed answer must begin within it and may then go on.
///
/// Who answers with nothing at all, neither words nor calls, lets the next one try, unless a tool has run: then nothing
/// may be all there is to say. When nobody else answers, that empty answer is better than none.
///
/// Publishes ModelAsked of every attempt, and of what a gate kept from being one.
///
/// Threading: loop only.   Lifetime: requests under way may be destroyed after it, as the loop does when it ends, but
/// not continue. Cancelling a request ends it at once, and counts against nobody.
/// Errors: provider_timeout when all that failed were too slow, else provider_error, with details.attempts; and with
/// details.shown when some of the answer had been given away before it broke off.
/// Bounds: each provider is asked at most 1 + retries_max times a request (failure_policy.h), and not at all while its
/// gate is shut (provider_gate.h).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "bridge/llm/failure_policy.h"
#include "bridge/llm/provider.h"
#include "bridge/llm/provider_gate.h"
#include "bridge/ports/model_asked.h"
#include "common/contract/error.h"
#include "common/runtime/events.h"

namespace strawberry::bridge {

class ProviderChain {
 public:
  struct Options {
    /// Kept from the last slow provider when an embedded one follows: time to act on what that decides.
    double embedded_share = 0.2;
    /// Other names for a `model`.
    std::map<std::string, std::string> aliases;
    /// Numbers from 0 to 1, without 1. Empty: random ones.
    std::function<double()> random = nullptr;
    /// How the time before a retry passes. Empty: on a timer.
    std::function<Task<void>(std::chrono::milliseconds)> pause = nullptr;
  };
  struct Limits {
    RetryOptions retry;
    ProviderGate::Options gate;
  };
  struct Health {
    std::string name;
    CircuitBreaker::State state = CircuitBreaker::State::closed;
    ProviderGate::Counts counts;
    std::optional<std::chrono::milliseconds> retry_in;  // while open
  };

  /// Throws std::invalid_argument when there is no provider, or two have one name.
  ProviderChain(const Clock& clock, Events& events, std::vector<std::unique_ptr<Provider>> providers, Options options);

  /// One more, at any time: after those that are there, before the embedded ones. Throws std::invalid_argument when its
  /// name is taken.
  void add(std::unique_ptr<Provider> provider, Limits limits);

  /// `start_with` names the provider that answered an earlier step of the same turn: those before it are not asked
  /// again.
  Task<Reply<ModelReply>> complete(ModelRequest request, std::string start_with = {});

  std::vector<std::string> names() const;
  struct Model {
    std::string provider;
    std::string model;
    bool operator==(const Model&) const = default;
  };
  /// Those that the operator named: each provider's default, then what each alias now leads to. No embedded ones.
  std::vector<Model> named_models() const;
  std::vector<Health> health() const;

 private:
  struct Member {
    std::unique_ptr<Provider> provider;
    RetryOptions retry;
    ProviderGate gate;
  };
  struct Choice {
    std::shared_ptr<Member> member;
    std::string model;
  };
  std::vector<Choice> choose(const std::string& model, const std::string& start_with) const;
  SteadyTime share(const ModelRequest& request, const std::vector<Choice>& choices, std::size_t at) const;
  Task<Result<ModelReply, ProviderError>> ask(std::shared_ptr<Member> member, ModelRequest request);
  Task<Result<ModelReply, ProviderError>> ask_once(std::shared_ptr<Member> member, ModelRequest request);
  void announce(const Provider& provider, const std::string& model, const Result<ModelReply, ProviderError>& outcome,
                std::chrono::nanoseconds took) const;
  Task<void> pause(std::chrono::milliseconds delay);

  const Clock& clock_;
  Events* events_;
  std::vector<std::shared_ptr<Member>> members_;  // shared with the requests under way, which give back their passes
  Options options_;
};

}  // namespace strawberry::bridge
