/// Finds Ollama and llama.cpp on this machine, for a hub that was told of no language model.
///
/// Anybody may listen on these ports. A server is used when it answers as Ollama or llama.cpp does, and only then;
/// somebody else is logged once and left alone.
///
/// Threading: loop only.   Errors: none; who is not there is looked for again.
/// Bounds: LocalOptions; a model's name local_model_bytes_max.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "bridge/ports/http.h"

namespace strawberry::bridge {

inline constexpr std::size_t local_model_bytes_max = 256;

struct LocalServer {
  std::string name;  // as the provider is to be called: ollama, llama_cpp
  std::string kind;  // its dialect: ollama, openai
  std::string base_url;
  std::string model;
  bool lists_model = true;  // false: the model that was wanted is none that it says it has
};

/// What an answer says of who gave it.
struct LocalLook {
  enum class Kind {
    found,
    not_ready,  // it is who we look for, and has no model to offer yet
    stranger,
  };
  Kind kind = Kind::stranger;
  LocalServer server;
};

/// Of `GET /api/tags`. The model is `wanted`, or the first that can chat.
LocalLook read_ollama_tags(const HttpResponse& response, const std::string& wanted);
/// Of `GET /health`, which has no model in it.
LocalLook read_llama_cpp_health(const HttpResponse& response);
/// Of `GET /v1/models`.
LocalLook read_llama_cpp_models(const HttpResponse& response, const std::string& wanted);

struct LocalOptions {
  int ollama_port = 11'434;
  int llama_cpp_port = 8'080;
  std::string model;  // wanted; empty: whatever there is
  std::chrono::milliseconds timeout{300};
  std::chrono::milliseconds interval{30'000};
  std::size_t response_bytes_max = 1024 * 1024;
};

/// Looks now and every interval, until something was found or only strangers are left. `http` outlives it.
Task<void> look_for_local_servers(HttpClient* http, LocalOptions options,
                                  std::function<void(const LocalServer& server)> on_found);

}  // namespace strawberry::bridge
