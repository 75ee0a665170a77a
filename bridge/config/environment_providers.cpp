#include "bridge/config/environment_providers.h"

#include <algorithm>

#include "bridge/config/key_table.h"

namespace strawberry::bridge {
namespace {

struct Known {
  std::string_view name;  // of the provider, and of its kind
  std::string_view model;
  std::string_view key;        // variables
  std::string_view other_key;  // when the first is not set
  std::string_view url;
  std::string_view home;  // where its public service is, and its key may go unasked
};
constexpr Known known_providers[] = {
    {"openai", "gpt-4o-mini", "OPENAI_API_KEY", "", "OPENAI_BASE_URL", "https://api.openai.com"},
    {"anthropic", "claude-haiku-4-5", "ANTHROPIC_API_KEY", "", "", "https://api.anthropic.com"},
    {"gemini", "gemini-flash-latest", "GEMINI_API_KEY", "GOOGLE_API_KEY", "",
     "https://generativelanguage.googleapis.com"},
};
constexpr std::string_view ollama_model = "llama3.2";

bool is_at(std::string_view url, std::string_view home) {
  return url.empty() || url == home || (url.starts_with(home) && url[home.size()] == '/');
}

/// As Ollama's own client reads it: `host`, `host:port` or a URL. A server's own "every address" means this machine.
std::string ollama_url(std::string_view host) {
  constexpr std::string_view separator = "://";
  std::string scheme = "http";
  bool has_scheme = false;
  if (const auto at = host.find(separator); at != std::string_view::npos) {
    scheme = host.substr(0, at);
    host.remove_prefix(at + separator.size());
    has_scheme = true;
  }
  const auto slash = std::min(host.find('/'), host.size());
  std::string path(host.substr(slash));
  host = host.substr(0, slash);
  const auto bracket = host.rfind(']');
  const bool is_bare_ipv6 = bracket == std::string_view::npos && std::count(host.begin(), host.end(), ':') > 1;
  const auto colon =
      is_bare_ipv6 ? std::string_view::npos : host.find(':', bracket == std::string_view::npos ? 0 : bracket);
  std::string port(colon == std::string_view::npos ? "" : host.substr(colon));
  std::string name(host.substr(0, colon));
  if (is_bare_ipv6) name = "[" + name + "]";
  if (name.empty() || name == "0.0.0.0" || name == "[::]") name = "127.0.0.1";
  if (port.empty() && !has_scheme) port = ":11434";
  return scheme + "://" + name + port + path;
}

tl::unexpected<Failure> refuse(std::string_view name, const std::string& expected) {
  return fail("environment variable " + std::string(name) + " must be " + expected);
}

LlmProviderConfig made(std::string_view name, std::string_view model) {
  LlmProviderConfig provider;
  provider.name = name;
  provider.kind = name;
  provider.model = model;
  return provider;
}

}  // namespace

const std::string* variable(const Environment& environment, std::string_view name) {
  const auto found = environment.find(std::string(name));
  return found == environment.end() || found->second.empty() ? nullptr : &found->second;
}

std::string key_variable_of(std::string_view provider) {
  for (const Known& known : known_providers) {
    if (known.name == provider) return std::string(known.key);
  }
  return {};
}

Result<void> read_provider_environment(const Environment& environment, Config& config) {
  auto& providers = config.llm.providers;
  const bool is_configured = !providers.empty();
  const Text url_text{TextKind::url};
  for (const Known& known : known_providers) {
    const auto key_name = variable(environment, known.key) != nullptr ? known.key : known.other_key;
    const bool has_key = variable(environment, key_name) != nullptr;
    const std::string* url = variable(environment, known.url);
    if (url != nullptr && !is_allowed(url_text, *url)) return refuse(known.url, describe_allowed(url_text));
    if (!is_configured && (has_key || url != nullptr)) providers.push_back(made(known.name, known.model));
    for (auto& provider : providers) {
      if (provider.name != known.name || provider.kind != known.name) continue;
      const bool chose_key = !provider.api_key_env.empty() || !provider.api_key_file.empty();
      if (has_key && !chose_key && (url != nullptr || is_at(provider.base_url, known.home)))
        provider.api_key_env = key_name;
      if (url != nullptr) provider.base_url = *url;
    }
  }
  if (const std::string* host = variable(environment, "OLLAMA_HOST"); host != nullptr && !is_configured) {
    providers.push_back(made("ollama", ollama_model));
    providers.back().base_url = ollama_url(*host);
    if (!is_allowed(url_text, providers.back().base_url)) return refuse("OLLAMA_HOST", "a host, host:port or URL");
  }
  if (const std::string* model = variable(environment, "DEFAULT_MODEL"); model != nullptr) {
    if (!is_allowed(Text{}, *model)) return refuse("DEFAULT_MODEL", describe_allowed(Text{}));
    config.llm.default_model = *model;
    if (!providers.empty()) providers.front().model = *model;
  }
  return {};
}

}  // namespace strawberry::bridge
