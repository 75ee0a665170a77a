/// An MCP server behind HTTP (Streamable HTTP): each message is a POST, its answer a JSON body or a stream of events.
///
/// Servers of the revisions with `initialize` also get one GET, for what they say unasked, as long as they keep it
/// open. Redirects are not followed. Headers of the user's (a token) go to this URL alone and never into a message.
/// Threading, lifetime, errors: McpTransport's. A server that cannot be reached, and a session that it has forgotten,
/// are the end of the transport.
/// Bounds: message_bytes_max a message, body_bytes_max an answer with what comes before it, requests_max at once.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bridge/ports/http.h"
#include "cli/spoke/mcp/transport.h"
#include "common/runtime/asio.h"

namespace strawberry::cli {

class HttpTransport final : public McpTransport {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;
  static constexpr std::size_t body_bytes_max = 16 * 1024 * 1024;
  static constexpr std::size_t requests_max = 256;

  struct Options {
    std::string url;
    Headers headers;
  };

  /// `http` outlives it.
  HttpTransport(asio::io_context& loop, bridge::HttpClient& http, Options options);
  ~HttpTransport() override;
  HttpTransport(const HttpTransport&) = delete;
  HttpTransport& operator=(const HttpTransport&) = delete;

  Result<void> start(Events events) override;
  Result<void> send(const nlohmann::json& message) override;
  void cancel(std::int64_t id) override;
  void agreed(const std::string& revision, bool is_modern) override;
  void stop() override;

 private:
  class Exchanges;
  asio::io_context& loop_;
  bridge::HttpClient& http_;
  const Options options_;
  std::shared_ptr<Exchanges> exchanges_;
};

/// `Name: value` lines of a private file; empty lines and those that begin with `#` are passed over. Refuses a file
/// that others can read, and headers that are the protocol's own.
Result<HttpTransport::Headers> read_header_file(const std::string& path);

}  // namespace strawberry::cli
