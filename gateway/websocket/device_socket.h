/// `/ws/device`: a Spoke of the Python hub, connected as its device. Calls come as `skill_request`, their results go
/// back as `skill_response`; presence, and being taken over by a second connection, are the broker's as for any MQTT
/// client.
///
/// Threading: loop only.   Errors: a handshake without a good token is answered 403.
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
  /// 1001.
  void close_all();

 private:
  std::vector<std::weak_ptr<WebSocket>> sockets_;
};

/// 426, for a request that does not ask for a WebSocket as RFC 6455 says.
Response websocket_required(const char* message, ErrorShape shape);

/// `Authorization: Bearer`, or `?token=`, which a browser can send; never logged.
tl::expected<std::string, Problem> websocket_token(const Request& request);

Route device_socket_route(asio::io_context& loop, Links& links, DeviceTokens& tokens, OpenSockets& sockets);

}  // namespace strawberry::gateway
