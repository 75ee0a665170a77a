#include "bridge/llm/provider_chain.h"

#include <algorithm>
#include <random>
#include <stdexcept>

#include "bridge/pipeline/request_log.h"
#include "common/runtime/asio.h"
#include "common/text/printable.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

constexpr const char* cancelled = "cancelled";

/// Who is given less cannot be blamed for taking longer: it is the client's choice, and no reason to keep others out.
constexpr std::chrono::seconds fair_time_min{5};

SteadyTime due(const ModelRequest& request) {
  return request.on_text ? std::min(request.begin_by, request.deadline) : request.deadline;
}

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
  json details = {{"attempts", std::move(list)}};
  std::string what = "no language model could answer";
  if (attempts.back().shown) {
    details["shown"] = true;
    what = "the answer broke off";
  }
  return error(code, what + " (" + printable(sentence, 1000) + ")", std::move(details));
}

ProviderError no_match(std::string provider) {
  return {std::move(provider), "no_match", 0, "nothing it knows fits the words", false};
}

bool says_nothing(const ModelReply& reply) {
  return reply.content.empty() && reply.tool_calls.empty() && reply.finish_reason == "stop";
}

void log_failure(const std::string& log_id, const ProviderError& error) {
  // The gate has said so once; with a provider down for long, each chat need not.
  const auto level = error.reason == "circuit_open" ? spdlog::level::debug : spdlog::level::warn;
  log_for(log_id).write(level, "{} failed ({}, HTTP {}): {}", error.provider, error.reason, error.status,
                        error.message);
}

std::function<double()> random_numbers() {
  return [engine = std::minstd_rand(std::random_device{}())]() mutable {
    return std::uniform_real_distribution<double>(0.0, 1.0)(engine);
  };
}

}  // namespace

ProviderChain::ProviderChain(const Clock& clock, Events& events, std::vector<std::unique_ptr<Provider>> providers,
                             Options options)
    : clock_(clock), events_(&events), options_(std::move(options)) {
  if (providers.empty()) throw std::invalid_argument("there is no language model provider");
  if (!options_.random) options_.random = random_numbers();
  for (auto& provider : providers) add(std::move(provider), {});
}

void ProviderChain::add(std::unique_ptr<Provider> provider, Limits limits) {
  auto place = members_.end();
  for (auto member = members_.begin(); member != members_.end(); ++member) {
    if ((*member)->provider->name() == provider->name())
      throw std::invalid_argument("two language model providers are called " + provider->name());
    if (place == members_.end() && !provider->is_embedded() && (*member)->provider->is_embedded()) place = member;
  }
  std::string name = provider->name();
  members_.insert(place, std::shared_ptr<Member>(
                             new Member{std::move(provider), limits.retry, {std::move(name), clock_, limits.gate}}));
}

std::vector<std::string> ProviderChain::names() const {
  std::vector<std::string> all;
  for (const auto& member : members_) all.push_back(member->provider->name());
  return all;
}

std::vector<ProviderChain::Model> ProviderChain::named_models() const {
  std::vector<Model> all;
  const auto note = [&all](const Provider& provider, const std::string& model) {
    if (!provider.is_embedded()) all.push_back({provider.name(), model.empty() ? provider.default_model() : model});
  };
  for (const auto& member : members_) note(*member->provider, {});
  for (const auto& [alias, model] : options_.aliases) {
    const Choice first = choose(alias, {}).front();
    note(*first.member->provider, first.model);
  }
  return all;
}

std::vector<ProviderChain::Health> ProviderChain::health() const {
  std::vector<Health> all;
  for (const auto& member : members_) {
    const auto& breaker = member->gate.breaker();
    all.push_back({member->provider->name(), breaker.state(), member->gate.counts(), breaker.retry_in()});
  }
  return all;
}

std::vector<ProviderChain::Choice> ProviderChain::choose(const std::string& wanted,
                                                         const std::string& start_with) const {
  const auto alias = options_.aliases.find(wanted);
  const std::string& model = alias == options_.aliases.end() ? wanted : alias->second;
  const auto slash = model.find('/');
  const std::string prefix = model.substr(0, slash);
  const auto named = std::find_if(members_.begin(), members_.end(),
                                  [&](const auto& member) { return member->provider->name() == prefix; });
  std::vector<Choice> choices;
  if (named != members_.end()) {
    choices.push_back({*named, slash == std::string::npos ? std::string() : model.substr(slash + 1)});
    if ((*named)->provider->is_embedded()) return choices;
    for (const auto& member : members_)
      if (member != *named) choices.push_back({member, {}});
  } else {
    for (const auto& member : members_) choices.push_back({member, choices.empty() ? model : std::string()});
  }
  const auto start = std::find_if(choices.begin(), choices.end(),
                                  [&](const Choice& choice) { return choice.member->provider->name() == start_with; });
  if (start != choices.end()) choices.erase(choices.begin(), start);
  return choices;
}

SteadyTime ProviderChain::share(const ModelRequest& request, const std::vector<Choice>& choices, std::size_t at) const {
  const auto now = clock_.steady_now();
  const auto deadline = request.deadline;
  const bool nobody_follows = request.is_last_try || choices[at].member->provider->is_embedded();
  if (nobody_follows || deadline <= now) return deadline;
  auto left = std::chrono::duration<double>(deadline - now);
  std::int64_t slow = 1;
  bool embedded_follows = false;
  for (std::size_t i = at + 1; i < choices.size(); ++i) {
    const Member& member = *choices[i].member;
    const bool is_embedded = member.provider->is_embedded();
    embedded_follows = embedded_follows || is_embedded;
    slow += is_embedded || member.gate.breaker().state() == CircuitBreaker::State::open ? 0 : 1;
  }
  if (embedded_follows) left *= 1.0 - options_.embedded_share;
  return now + std::chrono::duration_cast<std::chrono::nanoseconds>(left / static_cast<double>(slow));
}

Task<Result<ModelReply, ProviderError>> ProviderChain::ask(std::shared_ptr<Member> member, ModelRequest request) {
  const auto log_id = request.log_id;
  const auto model = request.model.empty() ? member->provider->default_model() : request.model;
  const auto begun_at = clock_.steady_now();
  auto reply = co_await ask_once(member, std::move(request));
  const auto took = clock_.steady_now() - begun_at;
  announce(*member->provider, model, reply, took);
  if (reply) {
    log_for(log_id).debug("{} answered with {} tool calls in {:.1f} ms", member->provider->name(),
                          reply->tool_calls.size(), std::chrono::duration<double, std::milli>(took).count());
  }
  co_return reply;
}

void ProviderChain::announce(const Provider& provider, const std::string& model,
                             const Result<ModelReply, ProviderError>& outcome, std::chrono::nanoseconds took) const {
  ModelAsked asked;
  asked.provider = provider.name();
  asked.model = model;
  asked.is_embedded = provider.is_embedded();
  asked.took = took;
  if (outcome) {
    asked.outcome = !outcome->understood ? "no_match" : says_nothing(*outcome) ? "empty" : "ok";
    asked.input_tokens = outcome->usage.prompt_tokens;
    asked.output_tokens = outcome->usage.completion_tokens;
    asked.began_after = outcome->began_after;
  } else {
    asked.outcome = outcome.error().reason;
  }
  events_->publish(asked);
}

Task<Result<ModelReply, ProviderError>> ProviderChain::ask_once(std::shared_ptr<Member> member, ModelRequest request) {
  auto pass = member->gate.enter(request.is_last_try, request.user);
  if (!pass) co_return tl::unexpected<ProviderError>(std::move(pass.error()));
  const bool is_fair = due(request) - clock_.steady_now() >= fair_time_min;
  auto reply = co_await member->provider->complete(std::move(request));
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) {
    co_return tl::unexpected<ProviderError>(ProviderError{member->provider->name(), cancelled, 0, "cancelled", false});
  }
  if (reply) {
    pass->succeeded();
  } else if (reply.error().timed_out && !is_fair) {
    pass->failed_blameless();
  } else {
    pass->failed(reply.error());
  }
  co_return reply;
}

Task<void> ProviderChain::pause(std::chrono::milliseconds delay) {
  if (options_.pause) co_return co_await options_.pause(delay);
  asio::steady_timer timer(co_await asio::this_coro::executor, delay);
  co_await timer.async_wait(asio::use_awaitable);
}

Task<Reply<ModelReply>> ProviderChain::complete(ModelRequest request, std::string start_with) {
  const auto choices = choose(request.model, start_with);
  std::vector<ProviderError> attempts;
  std::optional<ModelReply> empty_answer;
  Situation situation;
  situation.is_last_try = request.is_last_try;
  for (auto choice = choices.begin(); choice != choices.end();) {
    if (clock_.steady_now() >= request.deadline) break;
    if (situation.retries == 0)
      situation.deadline = share(request, choices, static_cast<std::size_t>(choice - choices.begin()));
    ModelRequest attempt = request;
    attempt.model = choice->model;
    // Nobody takes over an answer that has begun to be shown: it need not leave time for that.
    if (!request.on_text) attempt.deadline = situation.deadline;
    attempt.begin_by = situation.deadline;
    auto member = choice->member;
    auto reply = co_await ask(std::move(member), std::move(attempt));
    if (reply && says_nothing(*reply) && !request.is_last_try && std::next(choice) != choices.end()) {
      attempts.push_back({reply->provider, "bad_reply", 0, "it answered with nothing", false});
      log_failure(request.log_id, attempts.back());
      if (!empty_answer) empty_answer = std::move(*reply);
      situation.retries = 0;
      ++choice;
      continue;
    }
    // An embedded provider that only says it found nothing is no answer to somebody whose language model failed.
    if (reply && (reply->understood || attempts.empty())) co_return std::move(*reply);
    attempts.push_back(reply ? no_match(reply->provider) : std::move(reply.error()));
    const ProviderError& failed = attempts.back();
    if (failed.reason == cancelled) co_return error(ErrorCode::cancelled, "the chat was cancelled");
    log_failure(request.log_id, failed);

    situation.now = clock_.steady_now();
    situation.random = options_.random();
    const auto next = after_failure(failed, situation, choice->member->retry);
    if (next.kind == NextStep::Kind::give_up) break;
    // A retry that would find the circuit open is none.
    const bool is_shut_then = choice->member->gate.breaker().retry_in() > next.delay;
    if (next.kind == NextStep::Kind::retry && !is_shut_then) {
      ++situation.retries;
      co_await pause(next.delay);
    } else {
      situation.retries = 0;
      ++choice;
    }
  }
  if (attempts.empty()) co_return error(ErrorCode::timeout, "the chat's deadline passed");
  if (empty_answer && !attempts.back().shown) co_return std::move(*empty_answer);
  co_return all_failed(attempts);
}

}  // namespace strawberry::bridge
