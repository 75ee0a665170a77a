/// `/ws/device`: a Spoke of the Python hub, connected as its device. Calls arrive as `skill_request`, results are sent
/// as `skill_response`. The broker handles presence, and the takeover by a second connection, as for any MQTT client.
///
/// Threading: loop only.   Errors: a handshake without a valid token is answered 403.
/// Bounds: calls_max unanswered calls are remembered, then the oldest is forgotten.
#pragma once

#include <memory>
#include <vector>

#include "gateway/http/router.h"
#include "gateway/hub/device_tokens.h"
#include "gateway/hub/links.h"

namespace strawberry::gateway {

inline constexpr std::chrono::seconds socket_open_timeout{5};
inline constexpr std::uint16_t close_policy = 1008;

/// The WebSockets that are open, so that a stopping gateway can close them.
class OpenSockets {
 public:
  void add(const std::shared_ptr<WebSocket>& socket);
  /// Closes all with 1001.
  void close_all();

 private:
  std::vector<std::weak_ptr<WebSocket>> sockets_;
};

/// Makes the answer 426 to a request without an upgrade to WebSocket (RFC 6455).
Response websocket_required(const char* message, ErrorShape shape);

/// Reads `Authorization: Bearer`, or `?token=`, which a browser can send; never logged.
tl::expected<std::string, Problem> websocket_token(const Request& request);

Route device_socket_route(asio::io_context& loop, Links& links, DeviceTokens& tokens, OpenSockets& sockets);

}  // namespace strawberry::gateway
