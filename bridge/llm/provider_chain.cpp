#include "bridge/llm/provider_chain.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "bridge/protocol/text.h"

namespace strawberry {
namespace {

using nlohmann::json;

json as_json(const ProviderError& attempt) {
  json object = {{"provider", attempt.provider}, {"reason", attempt.reason}};
  if (attempt.status != 0) object["status"] = attempt.status;
  if (!attempt.message.empty()) object["message"] = attempt.message;
  return object;
}

tl::unexpected<Error> all_failed(const std::vector<ProviderError>& attempts) {
  json list = json::array();
  std::string sentence;
  bool all_timed_out = true;
  for (const auto& attempt : attempts) {
    list.push_back(as_json(attempt));
    sentence += (sentence.empty() ? "" : "; ") + attempt.provider + ": " + attempt.message;
    all_timed_out = all_timed_out && (attempt.timed_out || attempt.reason == "no_match");
  }
  const auto code = all_timed_out ? ErrorCode::provider_timeout : ErrorCode::provider_error;
  return error(code, "no language model could answer (" + printable(sentence, 1000) + ")",
               {{"attempts", std::move(list)}});
}

}  // namespace

ProviderChain::ProviderChain(const Clock& clock, std::vector<std::unique_ptr<Provider>> providers, Options options)
    : clock_(clock), providers_(std::move(providers)), options_(options) {
  if (providers_.empty()) throw std::invalid_argument("there is no language model provider");
  std::set<std::string> seen;
  for (const auto& provider : providers_)
    if (!seen.insert(provider->name()).second)
      throw std::invalid_argument("two language model providers are called " + provider->name());
}

std::vector<std::string> ProviderChain::names() const {
  std::vector<std::string> all;
  for (const auto& provider : providers_) all.push_back(provider->name());
  return all;
}

std::vector<ProviderChain::Choice> ProviderChain::choose(const std::string& model,
                                                         const std::string& start_with) const {
  const auto slash = model.find('/');
  const std::string prefix = model.substr(0, slash);
  const auto named = std::find_if(providers_.begin(), providers_.end(),
                                  [&](const auto& provider) { return provider->name() == prefix; });
  std::vector<Choice> choices;
  if (named != providers_.end()) {
    choices.push_back({named->get(), slash == std::string::npos ? std::string() : model.substr(slash + 1)});
    if ((*named)->is_embedded()) return choices;
    for (const auto& provider : providers_)
      if (provider != *named) choices.push_back({provider.get(), {}});
  } else {
    for (const auto& provider : providers_)
      choices.push_back({provider.get(), choices.empty() ? model : std::string()});
  }
  const auto start = std::find_if(choices.begin(), choices.end(),
                                  [&](const Choice& choice) { return choice.provider->name() == start_with; });
  if (start != choices.end()) choices.erase(choices.begin(), start);
  return choices;
}

SteadyTime ProviderChain::share(SteadyTime deadline, const std::vector<Choice>& choices, std::size_t at) const {
  const auto now = clock_.steady_now();
  if (choices[at].provider->is_embedded() || deadline <= now) return deadline;
  auto left = std::chrono::duration<double>(deadline - now);
  std::int64_t slow = 0;
  bool embedded_follows = false;
  for (std::size_t i = at; i < choices.size(); ++i) {
    slow += choices[i].provider->is_embedded() ? 0 : 1;
    embedded_follows = embedded_follows || choices[i].provider->is_embedded();
  }
  if (embedded_follows) left *= 1.0 - options_.embedded_share;
  return now + std::chrono::duration_cast<std::chrono::nanoseconds>(left / static_cast<double>(slow));
}

Task<Reply<ModelReply>> ProviderChain::complete(ModelRequest request, std::string start_with) {
  const auto choices = choose(request.model, start_with);
  std::vector<ProviderError> attempts;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (clock_.steady_now() >= request.deadline) break;
    ModelRequest attempt = request;
    attempt.model = choices[i].model;
    attempt.deadline = share(request.deadline, choices, i);
    auto reply = co_await choices[i].provider->complete(std::move(attempt));
    // An embedded provider that only says it found nothing is no answer to somebody whose language model failed.
    if (reply && (reply->understood || attempts.empty())) co_return std::move(*reply);
    attempts.push_back(reply ? ProviderError{reply->provider, "no_match", 0, "nothing it knows fits the words", false}
                             : std::move(reply.error()));
    const ProviderError& failed = attempts.back();
    spdlog::warn("chat [{}]: {} failed ({}, HTTP {}): {}", printable(request.correlation_id), failed.provider,
                 failed.reason, failed.status, failed.message);
  }
  if (attempts.empty()) co_return error(ErrorCode::timeout, "the chat's deadline passed");
  co_return all_failed(attempts);
}

}  // namespace strawberry
