#include "bridge/llm/local_server.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "bridge/llm/wire_json.h"
#include "bridge/pipeline/request_log.h"
#include "common/contract/bounded_json.h"
#include "common/runtime/asio.h"
#include "common/text/printable.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;
using Kind = LocalLook::Kind;

const json* array_at(const json& object, const char* key) {
  const json* found = member(object, key);
  return found && found->is_array() ? found : nullptr;
}

json parse(const HttpResponse& response) { return parse_bounded_json(response.body, response.body.size()); }

bool is_model_name(const std::string& name) {
  return !name.empty() && name.size() <= local_model_bytes_max &&
         std::none_of(name.begin(), name.end(), [](unsigned char c) { return c <= 0x20 || c == 0x7f; });
}

/// False for embedding models.
bool can_chat(const json& model) {
  if (string_at(model, "name").find("embed") != std::string::npos) return false;
  const json* details = member(model, "details");
  return !details || string_at(*details, "family").find("bert") == std::string::npos;
}

/// An empty list means not ready.
LocalLook choose(LocalServer server, const std::vector<std::string>& listed, const std::string& wanted) {
  if (listed.empty()) return {Kind::not_ready, std::move(server)};
  server.model = wanted.empty() ? listed.front() : wanted;
  server.lists_model = std::any_of(listed.begin(), listed.end(), [&](const std::string& name) {
    return name == server.model || name == server.model + ":latest";
  });
  return {Kind::found, std::move(server)};
}

enum class Whom { ollama, llama_cpp };

struct Candidate {
  Whom whom;
  std::string url;
  bool was_not_ready = false;  // and this was logged
};

const char* called(Whom whom) { return whom == Whom::ollama ? "Ollama" : "llama.cpp"; }

/// Returns nullopt when no server answers.
Task<std::optional<Result<HttpResponse>>> get(HttpClient* http, std::string url, LocalOptions options) {
  HttpRequest request;
  request.method = "GET";
  request.url = std::move(url);
  request.headers.emplace_back("Accept", "application/json");
  request.connect_timeout = options.timeout;
  request.total_timeout = options.timeout;
  request.response_bytes_max = options.response_bytes_max;
  request.proxy = "";  // the server is on this machine
  auto response = co_await http->fetch(std::move(request));
  if (response) co_return std::move(*response);
  const auto kind = response.error().kind;
  if (kind == HttpError::Kind::protocol || kind == HttpError::Kind::too_large) co_return fail("no such answer");
  co_return std::nullopt;
}

Task<std::optional<LocalLook>> look(HttpClient* http, Whom whom, std::string url, LocalOptions options) {
  std::string first = url + (whom == Whom::ollama ? "/api/tags" : "/health");
  const auto answer = co_await get(http, std::move(first), options);
  if (!answer) co_return std::nullopt;
  if (!*answer) co_return LocalLook{};
  LocalLook seen = whom == Whom::ollama ? read_ollama_tags(**answer, options.model) : read_llama_cpp_health(**answer);
  if (whom == Whom::llama_cpp && seen.kind == Kind::found) {
    std::string second = url + "/v1/models";
    const auto models = co_await get(http, std::move(second), options);
    if (!models) co_return std::nullopt;
    seen = *models ? read_llama_cpp_models(**models, options.model) : LocalLook{};
  }
  seen.server.base_url = url;
  co_return seen;
}

void log_found(Whom whom, const LocalServer& server) {
  hub_log().info("found {} at {}: it is used, with the model {}", called(whom), server.base_url,
                 printable(server.model));
  if (!server.lists_model)
    hub_log().warn("{} does not say that it has the model {} (DEFAULT_MODEL)", called(whom), printable(server.model));
}

}  // namespace

LocalLook read_ollama_tags(const HttpResponse& response, const std::string& wanted) {
  if (response.status != 200) return {};
  const json body = parse(response);
  const json* models = array_at(body, "models");
  if (models == nullptr) return {};
  std::vector<std::string> names;
  for (const json& model : *models) {
    std::string name = string_at(model, "name");
    if (!is_model_name(name)) return {};
    if (can_chat(model)) names.push_back(std::move(name));
  }
  return choose({"ollama", "ollama", {}, {}}, names, wanted);
}

LocalLook read_llama_cpp_health(const HttpResponse& response) {
  const json body = parse(response);
  if (response.status == 200 && string_at(body, "status") == "ok") return {Kind::found, {}};
  const json* failure = member(body, "error");
  const bool is_loading = response.status == 503 && failure && string_at(*failure, "type") == "unavailable_error";
  return {is_loading ? Kind::not_ready : Kind::stranger, {}};
}

LocalLook read_llama_cpp_models(const HttpResponse& response, const std::string& wanted) {
  if (response.status != 200) return {};
  const json body = parse(response);
  const json* models = array_at(body, "data");
  if (models == nullptr || models->empty()) return {};
  std::vector<std::string> names;
  for (const json& model : *models) {
    std::string name = string_at(model, "id");
    if (string_at(model, "owned_by") != "llamacpp" || !is_model_name(name)) return {};
    names.push_back(std::move(name));
  }
  return choose({"llama_cpp", "openai", {}, {}}, names, wanted);
}

Task<void> look_for_local_servers(HttpClient* http, LocalOptions options,
                                  std::function<void(const LocalServer& server)> on_found) {
  const std::string here = "http://127.0.0.1:";
  std::vector<Candidate> candidates = {{Whom::ollama, here + std::to_string(options.ollama_port)},
                                       {Whom::llama_cpp, here + std::to_string(options.llama_cpp_port)}};
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (true) {
    bool is_found = false;
    for (auto candidate = candidates.begin(); candidate != candidates.end();) {
      const auto seen = co_await look(http, candidate->whom, candidate->url, options);
      if (seen && seen->kind == Kind::found) {
        log_found(candidate->whom, seen->server);
        on_found(seen->server);
        is_found = true;
      } else if (seen && seen->kind == Kind::stranger) {
        hub_log().info("who answers at {} is not {}: left alone", candidate->url, called(candidate->whom));
        candidate = candidates.erase(candidate);
        continue;
      } else if (seen && !candidate->was_not_ready) {
        hub_log().info("{} at {} has no model ready yet: asked again", called(candidate->whom), candidate->url);
        candidate->was_not_ready = true;
      }
      ++candidate;
    }
    if (is_found || candidates.empty()) co_return;
    timer.expires_after(options.interval);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

}  // namespace strawberry::bridge
