#include "bridge/llm/http_provider.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "bridge/llm/streamed_answer.h"
#include "bridge/llm/usage_estimate.h"
#include "bridge/pipeline/request_log.h"
#include "common/runtime/asio.h"
#include "common/text/json_text.h"

namespace strawberry::bridge {
namespace {

using std::chrono::milliseconds;

ProviderError timed_out(std::string message) { return {{}, "timeout", 0, std::move(message), true}; }

ProviderError explain(const HttpError& error, milliseconds connect_timeout, milliseconds total_timeout) {
  switch (error.kind) {
    case HttpError::Kind::connect: return {{}, "connect", 0, error.message};
    case HttpError::Kind::connect_timeout:
      return timed_out("no connection within " + std::to_string(connect_timeout.count()) + " ms");
    case HttpError::Kind::timeout:
      return timed_out("no whole answer within " + std::to_string(total_timeout.count()) + " ms");
    case HttpError::Kind::too_large: return {{}, "too_large", 0, error.message};
    // The hub's own bound: the provider was not asked.
    case HttpError::Kind::request_too_large: return {{}, "unsupported", 0, error.message};
    case HttpError::Kind::protocol: break;
  }
  return {{}, "protocol", 0, error.message};
}

bool has_control_character(const std::string& text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

}  // namespace

HttpProvider::HttpProvider(HttpClient& http, const Clock& clock, std::unique_ptr<Wire> wire, Options options)
    : http_(http), clock_(clock), wire_(std::move(wire)), options_(std::move(options)) {
  if (options_.name.empty()) throw std::invalid_argument("a provider without a name");
  if (has_control_character(options_.api_key) || has_control_character(options_.name))
    throw std::invalid_argument("a provider's name and key are one line each");
}

Task<Result<ModelReply, ProviderError>> HttpProvider::complete(ModelRequest request) {
  const std::string model = request.model.empty() ? options_.model : request.model;
  for (bool is_repeated = false;; is_repeated = true) {
    const auto left = std::chrono::duration_cast<milliseconds>(request.deadline - clock_.steady_now());
    if (left.count() <= 0) co_return refuse(timed_out("no time was left"));
    auto sent = wire_->write(request, model);
    if (!sent) co_return refuse(std::move(sent.error()));
    HttpRequest asked = http_request(*sent, left);
    HttpResponse refusal;
    auto asking = request.on_text
                      ? fetch_streamed(std::move(asked), request.on_text, first_token_limit(request), &refusal)
                      : fetch_whole(std::move(asked), &refusal);
    auto reply = co_await std::move(asking);
    if (!reply && !is_repeated && wire_->learn(sent->body, refusal)) {
      log_for(request.log_id).info("{} refused an option: it is asked without it from now on", name());
      continue;
    }
    if (!reply) co_return refuse(std::move(reply.error()));
    reply->provider = name();
    if (reply->model.empty()) reply->model = model;
    if (reply->usage.prompt_tokens == 0 && reply->usage.completion_tokens == 0)
      reply->usage = estimate_usage(request, *reply);
    co_return reply;
  }
}

HttpRequest HttpProvider::http_request(const Wire::Sent& sent, milliseconds left) const {
  HttpRequest asked;
  asked.url = sent.url;
  asked.headers = sent.headers;
  asked.body = to_text(sent.body);
  asked.total_timeout = std::min(options_.total_timeout, left);
  asked.connect_timeout = std::min(options_.connect_timeout, asked.total_timeout);
  asked.response_bytes_max = options_.response_bytes_max;
  asked.proxy = options_.proxy;
  return asked;
}

/// Its own, or less when another provider is to have its turn should this one not begin.
milliseconds HttpProvider::first_token_limit(const ModelRequest& request) const {
  if (request.begin_by == SteadyTime::max()) return options_.first_token_timeout;
  const auto left = std::chrono::duration_cast<milliseconds>(request.begin_by - clock_.steady_now());
  return std::clamp(left, milliseconds(0), options_.first_token_timeout);
}

Task<HttpProvider::Outcome> HttpProvider::fetch_whole(HttpRequest asked, HttpResponse* refusal) {
  const auto connect_timeout = asked.connect_timeout, total_timeout = asked.total_timeout;
  const auto response = co_await http_.fetch(std::move(asked));
  if (!response) co_return tl::unexpected(explain(response.error(), connect_timeout, total_timeout));
  auto reply = wire_->read(*response);
  if (!reply) *refusal = *response;
  co_return reply;
}

Task<HttpProvider::Outcome> HttpProvider::fetch_streamed(HttpRequest asked, StreamReader::OnText on_text,
                                                         milliseconds first_token_timeout, HttpResponse* refusal) {
  using namespace asio::experimental::awaitable_operators;
  const auto connect_timeout = asked.connect_timeout, total_timeout = asked.total_timeout;
  const StreamedAnswer::Limits limits{first_token_timeout, options_.idle_timeout};
  const auto executor = co_await asio::this_coro::executor;
  const auto answer = std::make_shared<StreamedAnswer>(executor, wire_->stream(), on_text, limits);
  asked.on_body = [answer](std::string_view bytes) { return answer->take(bytes); };
  auto fetching = http_.fetch(std::move(asked));
  auto watching = answer->watch();
  const auto ended = co_await (std::move(fetching) || std::move(watching));

  const auto* response = std::get_if<0>(&ended);
  if (response && *response && ((*response)->status < 200 || (*response)->status > 299)) {
    *refusal = **response;
    co_return wire_->read(**response);
  }
  auto reply = answer->finish();
  if (reply) {
    // It came as one whole, or its end lacked what ends an event.
    if (answer->shown_bytes() < reply->content.size())
      on_text(std::string_view(reply->content).substr(answer->shown_bytes()));
    reply->began_after = answer->began_after();
    co_return reply;
  }
  // Of a transfer that did not get to its end, only what the server itself said of the failure is better to know.
  const bool server_said = reply.error().reason == "error";
  if (!response && !server_said) reply = tl::unexpected(timed_out(std::get<1>(ended)));
  if (response && !*response && !server_said)
    reply = tl::unexpected(explain(response->error(), connect_timeout, total_timeout));
  reply.error().shown = answer->shown_bytes() > 0;
  co_return reply;
}

tl::unexpected<ProviderError> HttpProvider::refuse(ProviderError error) const {
  error.provider = name();
  error.message = without_key(std::move(error.message));
  return tl::unexpected<ProviderError>(std::move(error));
}

/// Some servers quote the key they refuse. A message that was cut may end in its first half.
std::string HttpProvider::without_key(std::string text) const {
  const std::string& key = options_.api_key;
  if (key.empty()) return text;
  for (auto at = text.find(key); at != std::string::npos; at = text.find(key, at)) text.replace(at, key.size(), "***");
  constexpr std::string_view cut = "…";
  if (!text.ends_with(cut)) return text;
  for (std::size_t half = key.size() - 1; half > 0; --half) {
    const auto at = text.size() - cut.size() - std::min(half, text.size() - cut.size());
    if (text.compare(at, half, key, 0, half) == 0) return text.replace(at, half, "***");
  }
  return text;
}

}  // namespace strawberry::bridge
