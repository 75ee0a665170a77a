/// `GET /api/v1/ws`: one WebSocket for changes of presence and of the hub's state.
///
/// {"type":"connection","status":"connected"} first; then the client sends {"type":"subscribe","topics":["presence",
/// "hub"]} and gets {"type":"subscribed","topics":[…]} and {"type":"event","topic","data"}; {"type":"ping"} is answered
/// {"type":"pong"}.
///
/// Threading: loop only.   Errors: a handshake without a valid token is answered 401; {"type":"error"} for messages
/// that cannot be parsed.
#pragma once

#include "gateway/http/router.h"
#include "gateway/hub/links.h"
#include "gateway/websocket/device_socket.h"

namespace strawberry::gateway {

Route events_socket_route(asio::io_context& loop, Links& links, OpenSockets& sockets);

}  // namespace strawberry::gateway
