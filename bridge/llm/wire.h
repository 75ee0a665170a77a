/// A provider's dialect without I/O: the form of requests, and the meaning of responses.
///
/// One class per dialect (openai_wire.cpp, anthropic_wire.cpp, gemini_wire.cpp, ollama_wire.cpp); http_provider.h does
/// the rest. Options that are ignored on purpose are listed in asked_options.h. Pure. Responses are untrusted: the
/// caller limits their size; nesting and tool calls are limited here. Errors: ProviderError without the provider's
/// name, which the caller adds. Reason `unsupported`: the dialect cannot express what was requested, and nothing may be
/// dropped silently. Messages quote at most 300 bytes of the server, made printable.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bridge/llm/provider.h"
#include "bridge/ports/http.h"

namespace strawberry::bridge {

inline constexpr std::size_t reply_tool_calls_max = 128;

/// Reads one streamed body.   Lifetime: one response.   Bounds: the caller limits what is collected.
class StreamReader {
 public:
  using OnText = std::function<void(std::string_view text)>;

  virtual ~StreamReader() = default;
  /// Takes bytes of the body, cut anywhere. Text of the answer goes to `on_text` at once. Returns false when the rest
  /// does not matter: the answer is complete, or has failed.
  virtual bool feed(std::string_view bytes, const OnText& on_text) = 0;
  /// Returns how many pieces of the answer have come: of text, tool calls, thoughts. Pings, comments and empty events,
  /// which only keep the connection open, do not count.
  virtual std::size_t pieces() const = 0;
  /// Returns the result, once the body has ended or feed() returned false. An unexpected end is an error.
  virtual Result<ModelReply, ProviderError> finish() = 0;
};

class Wire {
 public:
  struct Sent {
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers;  // including the key
    nlohmann::json body;
  };

  virtual ~Wire() = default;
  /// `model` is the model to request. The answer is streamed when `request.on_text` is set.
  virtual Result<Sent, ProviderError> write(const ModelRequest& request, const std::string& model) const = 0;
  /// Reads a whole response, of any status.
  virtual Result<ModelReply, ProviderError> read(const HttpResponse& response) const = 0;
  /// Returns a reader for one streamed response with a 2xx status.
  virtual std::unique_ptr<StreamReader> stream() const = 0;
  /// Called with a request that was refused. Returns true when the server refused an optional part: further requests
  /// are written without it, and this one should be sent again.
  virtual bool learn(const nlohmann::json& body, const HttpResponse& refusal) {
    static_cast<void>(body), static_cast<void>(refusal);
    return false;
  }
};

struct WireOptions {
  std::string base_url;  // empty: the provider's public one
  std::string api_key;   // empty: none is sent
};

/// Each throws std::invalid_argument when base_url is not an http or https URL.
std::unique_ptr<Wire> make_openai_wire(const WireOptions& options);
std::unique_ptr<Wire> make_anthropic_wire(const WireOptions& options);
std::unique_ptr<Wire> make_gemini_wire(const WireOptions& options);
std::unique_ptr<Wire> make_ollama_wire(const WireOptions& options);

}  // namespace strawberry::bridge
