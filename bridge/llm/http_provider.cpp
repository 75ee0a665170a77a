#include "bridge/llm/http_provider.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace strawberry {
namespace {

std::string reason_word(HttpError::Kind kind) {
  switch (kind) {
    case HttpError::Kind::connect: return "connect";
    case HttpError::Kind::connect_timeout:
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

HttpProvider::HttpProvider(HttpClient& http, const Clock& clock, std::unique_ptr<Wire> wire, Options options)
    : http_(http), clock_(clock), wire_(std::move(wire)), options_(std::move(options)) {
  if (options_.name.empty()) throw std::invalid_argument("a provider without a name");
  if (has_control_character(options_.api_key) || has_control_character(options_.name))
    throw std::invalid_argument("a provider's name and key are one line each");
}

Task<Result<ModelReply, ProviderError>> HttpProvider::complete(ModelRequest request) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(request.deadline - clock_.steady_now());
  if (left.count() <= 0) co_return refuse({name(), "timeout", 0, "no time was left", true});
  const std::string model = request.model.empty() ? options_.model : request.model;
  auto sent = wire_->write(request, model);
  if (!sent) co_return refuse(std::move(sent.error()));

  HttpRequest http_request;
  http_request.url = std::move(sent->url);
  http_request.headers = std::move(sent->headers);
  http_request.body = sent->body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  http_request.total_timeout = std::min(options_.total_timeout, left);
  http_request.connect_timeout = std::min(options_.connect_timeout, http_request.total_timeout);
  http_request.response_bytes_max = options_.response_bytes_max;

  auto response = co_await http_.fetch(std::move(http_request));
  if (!response) {
    const HttpError& error = response.error();
    const std::string reason = reason_word(error.kind);
    co_return refuse({name(), reason, 0, error.message, reason == "timeout"});
  }
  auto reply = wire_->read(*response);
  if (!reply) co_return refuse(std::move(reply.error()));
  reply->provider = name();
  if (reply->model.empty()) reply->model = model;
  co_return reply;
}

tl::unexpected<ProviderError> HttpProvider::refuse(ProviderError error) const {
  error.provider = name();
  error.message = without_key(std::move(error.message));
  return tl::unexpected<ProviderError>(std::move(error));
}

/// Some servers quote the key they refuse.
std::string HttpProvider::without_key(std::string text) const {
  const std::string& key = options_.api_key;
  if (key.empty()) return text;
  for (auto at = text.find(key); at != std::string::npos; at = text.find(key, at)) text.replace(at, key.size(), "***");
  return text;
}

}  // namespace strawberry
