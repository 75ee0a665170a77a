#include "bridge/llm/openai_provider.h"

#include <algorithm>
#include <stdexcept>

#include "bridge/llm/openai_wire.h"

namespace strawberry {
namespace {

std::string reason_word(HttpError::Kind kind) {
  switch (kind) {
    case HttpError::Kind::connect: return "connect";
    case HttpError::Kind::timeout: return "timeout";
    case HttpError::Kind::too_large: return "too_large";
    case HttpError::Kind::protocol: return "protocol";
  }
  return "protocol";
}

bool has_control_character(const std::string& text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

}  // namespace

OpenAiProvider::OpenAiProvider(HttpClient& http, const Clock& clock, Options options)
    : http_(http), clock_(clock), options_(std::move(options)) {
  auto url = chat_completions_url(options_.base_url);
  if (!url) throw std::invalid_argument(options_.name + ": " + url.error().message);
  if (has_control_character(options_.api_key) || has_control_character(options_.name))
    throw std::invalid_argument("a provider's name and key are one line each");
  url_ = std::move(*url);
}

Task<Result<ModelReply, ProviderError>> OpenAiProvider::complete(ModelRequest request) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(request.deadline - clock_.steady_now());
  if (left.count() <= 0) {
    co_return tl::unexpected<ProviderError>(ProviderError{name(), "timeout", 0, "no time was left", true});
  }
  HttpRequest http_request;
  http_request.url = url_;
  http_request.headers.emplace_back("Content-Type", "application/json");
  http_request.headers.emplace_back("Accept", "application/json");
  if (!options_.api_key.empty()) http_request.headers.emplace_back("Authorization", "Bearer " + options_.api_key);
  http_request.body =
      openai_request_body(request, options_.model).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  http_request.total_timeout = std::min(options_.total_timeout, left);
  http_request.connect_timeout = std::min(options_.connect_timeout, http_request.total_timeout);
  http_request.response_bytes_max = options_.response_bytes_max;

  auto response = co_await http_.fetch(std::move(http_request));
  if (!response) {
    const HttpError& error = response.error();
    co_return tl::unexpected<ProviderError>(ProviderError{
        name(), reason_word(error.kind), 0, without_key(error.message), error.kind == HttpError::Kind::timeout});
  }
  auto reply = read_openai_response(name(), *response);
  if (!reply) {
    reply.error().message = without_key(std::move(reply.error().message));
    co_return reply;
  }
  if (reply->model.empty()) reply->model = request.model.empty() ? options_.model : request.model;
  co_return reply;
}

/// Some servers quote the key they refuse.
std::string OpenAiProvider::without_key(std::string text) const {
  const std::string& key = options_.api_key;
  if (key.empty()) return text;
  for (auto at = text.find(key); at != std::string::npos; at = text.find(key, at)) text.replace(at, key.size(), "***");
  return text;
}

}  // namespace strawberry
