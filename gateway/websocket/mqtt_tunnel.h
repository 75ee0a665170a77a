/// `/mqtt`: MQTT over WebSocket (subprotocol `mqtt`), byte for byte to the broker, which applies permissions, limits
/// and presence.
///
/// Threading: loop only.   Bounds: a message of at most WebSocket::Options::message_bytes_max; for a client that does
/// not read, the tunnel stops reading from the broker, whose own limits then apply.
#pragma once

#include "gateway/http/router.h"
#include "gateway/hub/hub_link.h"
#include "gateway/websocket/device_socket.h"

namespace strawberry::gateway {

Route mqtt_tunnel_route(asio::io_context& loop, const BrokerAddress& broker, OpenSockets& sockets);

}  // namespace strawberry::gateway
