/// A provider's dialect without any I/O: what is sent, and what comes back means.
///
/// One class a dialect (openai_wire.cpp, anthropic_wire.cpp, gemini_wire.cpp, ollama_wire.cpp); http_provider.h does
/// the rest. What each leaves out knowingly is in asked_options.h. Pure. What a response says is untrusted: its size is
/// bounded by the caller, its nesting and its tool calls here. Errors: ProviderError without the provider's name, which
/// the caller fills in. Reason `unsupported`: the dialect has no way to say what was asked, and nothing may be dropped
/// silently. Messages carry at most 300 bytes of what the server said, made printable.
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

/// Reads one streamed body.   Lifetime: one response.   Bounds: what it collects is bounded by the caller.
class StreamReader {
 public:
  using OnText = std::function<void(std::string_view text)>;

  virtual ~StreamReader() = default;
  /// Bytes of the body, cut anywhere. Text of the answer in them goes to `on_text` at once. False: nothing that may
  /// still come matters, be it that the answer is complete or that it failed.
  virtual bool feed(std::string_view bytes, const OnText& on_text) = 0;
  /// How many pieces of the answer have come: of text, tool calls, thoughts. What only keeps the line open, such as
  /// pings, comments and empty events, is none.
  virtual std::size_t pieces() const = 0;
  /// What it came to, once the body has ended or feed() said false. An end in the middle is an error.
  virtual Result<ModelReply, ProviderError> finish() = 0;
};

class Wire {
 public:
  struct Sent {
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers;  // the key among them
    nlohmann::json body;
  };

  virtual ~Wire() = default;
  /// `model` is what to ask for. `request.on_text` tells whether the answer is to be streamed.
  virtual Result<Sent, ProviderError> write(const ModelRequest& request, const std::string& model) const = 0;
  /// A whole response, of any status.
  virtual Result<ModelReply, ProviderError> read(const HttpResponse& response) const = 0;
  /// For one streamed response with a 2xx status.
  virtual std::unique_ptr<StreamReader> stream() const = 0;
  /// Called with a request that was refused. True: the server refused a part that the answer can do without, requests
  /// are written without it from now on, and this one is worth sending again.
  virtual bool learn(const nlohmann::json& body, const HttpResponse& refusal) {
    static_cast<void>(body), static_cast<void>(refusal);
    return false;
  }
};

struct WireOptions {
  std::string base_url;  // empty: the provider's public one
  std::string api_key;   // empty: none is sent
};

/// Each throws std::invalid_argument when base_url is no http or https URL.
std::unique_ptr<Wire> make_openai_wire(const WireOptions& options);
std::unique_ptr<Wire> make_anthropic_wire(const WireOptions& options);
std::unique_ptr<Wire> make_gemini_wire(const WireOptions& options);
std::unique_ptr<Wire> make_ollama_wire(const WireOptions& options);

}  // namespace strawberry::bridge
