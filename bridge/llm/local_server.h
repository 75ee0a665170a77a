/// Finds Ollama and llama.cpp on this machine, when no language model is configured.
///
/// Any program may listen on these ports. A server is only used when it answers as Ollama or llama.cpp does; another
/// program is logged once and ignored.
///
/// Threading: loop only.   Errors: none; a missing server is looked for again.
/// Bounds: LocalOptions; a model's name local_model_bytes_max.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "bridge/ports/http.h"

namespace strawberry::bridge {

inline constexpr std::size_t local_model_bytes_max = 256;

struct LocalServer {
  std::string name;  // the provider's name: ollama, llama_cpp
  std::string kind;  // its dialect: ollama, openai
  std::string base_url;
  std::string model;
  bool lists_model = true;  // false: the server does not list the wanted model
};

/// The result of reading a server's answer.
struct LocalLook {
  enum class Kind {
    found,
    not_ready,  // the right server, without a model yet
    stranger,
  };
  Kind kind = Kind::stranger;
  LocalServer server;
};

/// Reads `GET /api/tags`. The model is `wanted`, or the first that can chat.
LocalLook read_ollama_tags(const HttpResponse& response, const std::string& wanted);
/// Reads `GET /health`, which contains no model.
LocalLook read_llama_cpp_health(const HttpResponse& response);
/// Reads `GET /v1/models`.
LocalLook read_llama_cpp_models(const HttpResponse& response, const std::string& wanted);

struct LocalOptions {
  int ollama_port = 11'434;
  int llama_cpp_port = 8'080;
  std::string model;  // wanted; empty: any
  std::chrono::milliseconds timeout{300};
  std::chrono::milliseconds interval{30'000};
  std::size_t response_bytes_max = 1024 * 1024;
};

/// Searches now and at every interval, until a server was found or all ports belong to other programs. `http` outlives
/// it.
Task<void> look_for_local_servers(HttpClient* http, LocalOptions options,
                                  std::function<void(const LocalServer& server)> on_found);

}  // namespace strawberry::bridge
