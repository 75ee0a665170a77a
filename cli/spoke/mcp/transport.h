/// Carries JSON-RPC messages to an MCP server and back: over a process's pipes (process_transport.h) or HTTP
/// (http_transport.h).
///
/// Threading: loop only; events too, and never from inside a call of the transport.   Lifetime: no events come after
/// stop() or destruction.   Errors: Failure, one sentence; on_failed for one request, on_end for all.
/// Bounds: message_bytes_max for an incoming message; each transport's own.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/spoke/mcp/json_rpc.h"
#include "common/text/result.h"

namespace strawberry::cli {

inline constexpr std::size_t message_bytes_max = 4 * 1024 * 1024;

class McpTransport {
 public:
  struct Events {
    std::function<void(RpcMessage message)> on_message;
    /// Called when this request will have no answer, with the reason; `status` is that of HTTP, or 0.
    std::function<void(std::int64_t id, int status, const std::string& why)> on_failed;
    /// Called when the server is gone, with the reason.
    std::function<void(const std::string& why)> on_end;
    /// Called with a line for people.
    std::function<void(const std::string& line)> on_remark;
  };

  virtual ~McpTransport() = default;
  virtual Result<void> start(Events events) = 0;
  /// Sends a request, a notification, or an answer to the server's own request.
  virtual Result<void> send(const nlohmann::json& message) = 0;
  /// Called when nothing waits for this request's answer any more.
  virtual void cancel(std::int64_t id) = 0;
  /// Sets the protocol's revision from now on; `is_modern`: the one without `initialize`.
  virtual void agreed(const std::string& revision, bool is_modern) = 0;
  virtual void stop() = 0;
};

}  // namespace strawberry::cli
