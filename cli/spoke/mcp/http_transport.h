/// An MCP server behind HTTP (Streamable HTTP): each message is a POST, its answer a JSON body or a stream of events.
///
/// Servers of the revisions with `initialize` also get one GET, for messages of their own, as long as they keep it
/// open. Redirects are not followed. The user's headers (a token) are only sent to this URL and never appear in a
/// message.
/// Threading, lifetime, errors: McpTransport's. A server that cannot be reached, and a session that it has forgotten,
/// end the transport.
/// Bounds: message_bytes_max for a message, body_bytes_max for an answer with those before it, requests_max at once.
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

  /// `http` must outlive it.
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

/// Reads `Name: value` lines of a private file; empty lines and those that begin with `#` are skipped. Refuses a file
/// that other users can read, and headers that belong to the protocol.
Result<HttpTransport::Headers> read_header_file(const std::string& path);

}  // namespace strawberry::cli
