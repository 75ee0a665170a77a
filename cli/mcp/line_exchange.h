/// One line of MCP's stdio transport as an exchange of the web door's endpoint; the answers become lines.
///
/// The transport has messages without headers, one a line. The headers that the endpoint compares with the body are
/// made from the body, so they agree; the token is the command's own.
///
/// Threading: loop only.   Lifetime: its coroutine's.   Bounds: the reader's for a line.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "gateway/http/exchange.h"

namespace strawberry::cli {

/// Makes a POST from `line`.
gateway::Request request_of_line(const std::string& line, const std::string& token);
/// Returns the messages of an answer, one JSON text each; none for an answer without a body. An answer that is not
/// JSON-RPC (invalid token, no hub) becomes an error for each request in `asked`.
std::vector<std::string> lines_of_answer(const gateway::Response& response, const std::string& asked);
/// Returns the messages of server-sent events, without comments.
std::vector<std::string> lines_of_events(const std::string& piece);
/// Returns the id by which `notifications/cancelled` names the line's request, as JSON; empty when it has none.
std::string id_of_line(const std::string& line);
/// Returns the id that the line cancels; empty for any other message.
std::string cancelled_by_line(const std::string& line);

class LineExchange final : public gateway::Exchange {
 public:
  using Write = std::function<bool(const std::string& line)>;  // returns false when the output has been closed

  LineExchange(const std::string& line, const std::string& token, Write write);

  Task<bool> reply(gateway::Response response) override;
  void begin_stream(const std::string& content_type) override;
  Task<bool> write(std::string piece) override;
  Task<bool> end_stream(std::string last) override;
  bool wants_websocket() const override { return false; }
  Task<std::shared_ptr<gateway::WebSocket>> accept_websocket(gateway::WebSocket::Options options) override;
  bool has_begun() const override { return has_begun_; }
  void when_gone(std::function<void()> notify) override { when_gone_ = std::move(notify); }

  /// Called when the client cancels the request.
  void cancel();

 private:
  bool write_all(const std::vector<std::string>& lines);

  Write write_;
  std::function<void()> when_gone_;
  bool has_begun_ = false;
  bool is_cancelled_ = false;
};

}  // namespace strawberry::cli
