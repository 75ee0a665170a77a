#include "gateway/websocket/device_socket.h"

#include <algorithm>
#include <list>
#include <unordered_map>

#include "gateway/http/json.h"
#include "gateway/websocket/messages.h"

namespace strawberry::gateway {
namespace {

using nlohmann::json;

constexpr std::size_t calls_max = 1'000;
constexpr std::size_t answers_max = 100;
constexpr std::size_t answer_bytes_max = 64 * 1024;
constexpr std::chrono::minutes answer_memory{10};
constexpr std::uint16_t close_going_away = 1001;
constexpr std::uint16_t close_internal = 1011;

Response refusal(const Problem& why) {
  // The original answers a refused handshake in this shape.
  Response response = response_of(why, ErrorShape::spoke);
  response.status = why.status == 503 ? 503 : 403;
  return response;
}

/// The connection of one Spoke.
class DeviceSocket : public std::enable_shared_from_this<DeviceSocket> {
 public:
  explicit DeviceSocket(asio::io_context& loop) : loop_(loop) {}

  HubLink::Options options(const BrokerAddress& broker, const std::string& token, const Principal& principal) {
    HubLink::Options link;
    link.broker = broker;
    link.token = token;
    link.principal = principal;
    link.client_id = principal.id;
    link.filters = {skill_call_topic(principal.id)};
    link.on_message = [self = weak_from_this()](MqttMessage message) {
      if (const auto socket = self.lock()) socket->call(message);
    };
    link.on_ended = [self = weak_from_this()] {
      const auto socket = self.lock();
      if (socket && socket->socket_) socket->socket_->close(close_policy, "the hub ended the connection");
    };
    return link;
  }

  Task<HubLink::State> open(HubLink::Options link_options) {
    link_ = std::make_shared<HubLink>(loop_, std::move(link_options));
    link_->start();
    const auto self = shared_from_this();
    co_return co_await link_->opened(std::chrono::steady_clock::now() + socket_open_timeout);
  }

  /// `owner`: the connection of the token that acts for the device, if it is another's: when it ends, this one ends.
  Task<void> serve(std::shared_ptr<WebSocket> socket, std::shared_ptr<HubLink> owner) {
    const auto self = shared_from_this();
    socket_ = socket;
    // The hub may have ended the connection during the handshake, when there was no WebSocket to close yet.
    if (link_->state() != HubLink::State::ready) socket_->close(close_policy, "the hub ended the connection");
    const auto held = std::make_shared<HubLink::Call>();
    held->on_lost = [socket] { socket->close(close_policy, "the hub ended the connection"); };
    if (owner && !owner->hold(held)) held->on_lost();
    // Messages that arrived between the hub's welcome and this Spoke's.
    for (std::string& early : std::exchange(early_, {})) socket_->send(std::move(early));
    while (true) {
      std::optional<WebSocket::Message> message = co_await socket_->read();
      if (!message) break;
      receive(*message);
    }
    if (owner) owner->forget(held);
    link_->close();
  }

  void close() { link_->close(); }

 private:
  void call(const MqttMessage& message) {
    const json request = skill_request_of(message.payload);
    if (request.is_null()) return;
    const std::string id = text_member(request, "request_id");
    if (answer_again(id, message)) return;
    if (!open_.insert_or_assign(id, message.response_topic.value_or(skill_result_topic(link_->principal().id))).second)
      return;
    order_.push_back(id);
    if (order_.size() > calls_max) {
      open_.erase(order_.front());
      order_.pop_front();
    }
    std::string bytes = to_text(request);
    if (socket_) {
      socket_->send(std::move(bytes));
    } else if (early_.size() < calls_max) {
      early_.push_back(std::move(bytes));
    }
  }

  void receive(const WebSocket::Message& message) {
    const DeviceMessage said = read_device_message(message.payload);
    if (said.kind == DeviceMessage::Kind::ping) socket_->send(pong_message);
    if (said.kind != DeviceMessage::Kind::result) return;
    const auto call = open_.find(said.request_id);
    if (call == open_.end()) return;
    MqttMessage result;
    result.topic = call->second;
    result.payload = to_text(said.result);
    open_.erase(call);
    std::erase(order_, said.request_id);
    remember(said.request_id, result.payload);
    link_->publish(std::move(result));
  }

  /// A hub that was killed repeats a call under the same id: the skill has run, so its answer is sent again.
  bool answer_again(const std::string& id, const MqttMessage& message) {
    const auto kept = std::find_if(answers_.begin(), answers_.end(), [&](const Kept& one) { return one.id == id; });
    if (id.empty() || kept == answers_.end()) return false;
    if (std::chrono::steady_clock::now() - kept->at >= answer_memory) {
      answers_.erase(kept);
      return false;
    }
    MqttMessage again;
    again.topic = message.response_topic.value_or(skill_result_topic(link_->principal().id));
    again.payload = kept->payload;
    link_->publish(std::move(again));
    return true;
  }

  void remember(const std::string& id, const std::string& payload) {
    if (payload.size() > answer_bytes_max) return;
    answers_.push_back({id, payload, std::chrono::steady_clock::now()});
    if (answers_.size() > answers_max) answers_.pop_front();
  }

  struct Kept {
    std::string id;
    std::string payload;
    std::chrono::steady_clock::time_point at;
  };

  asio::io_context& loop_;
  std::shared_ptr<HubLink> link_;
  std::shared_ptr<WebSocket> socket_;
  // A list, since an empty one allocates nothing, and most Spokes are idle.
  std::list<Kept> answers_;
  std::vector<std::string> early_;
  std::unordered_map<std::string, std::string> open_;  // calls by id, with their result's topic
  std::list<std::string> order_;
};

class DeviceSockets {
 public:
  DeviceSockets(asio::io_context& loop, Links& links, DeviceTokens& tokens, OpenSockets& sockets)
      : loop_(loop), links_(links), tokens_(tokens), sockets_(sockets) {}

  Task<void> serve(Exchange& exchange) {
    Problem wrong;
    if (!exchange.wants_websocket()) {
      Response response = websocket_required("this is a WebSocket", ErrorShape::spoke);
      co_await exchange.reply(std::move(response));
      co_return;
    }
    const auto bearer = websocket_token(exchange.request);
    if (!bearer) {
      wrong = bearer.error();
    } else {
      const std::string named =
          exchange.request.parameter("device_id").value_or(std::string(exchange.request.header("x-device-id")));
      const std::string peer = exchange.request.peer;
      for (int attempt = 0; attempt < 2; ++attempt) {
        const auto own = read_token_claims(*bearer);
        const bool is_its_own =
            own && own->principal.type == PrincipalType::device && (named.empty() || named == own->principal.id);
        tl::expected<std::string, Problem> token = *bearer;
        if (!is_its_own) {
          token = co_await tokens_.token_for(*bearer, named, peer);
        } else if (auto admitted = links_.admit(*bearer, peer); !admitted) {
          // The device's own connection shows whether the token is valid: no other one is needed.
          token = tl::unexpected(admitted.error());
        }
        const auto claims = token ? read_token_claims(*token) : std::nullopt;
        if (!token) {
          wrong = token.error();
          break;
        }
        if (!claims || claims->principal.type != PrincipalType::device) {
          wrong = problem(403, "forbidden", "say which device this is: ?device_id=");
          break;
        }
        const auto device = std::make_shared<DeviceSocket>(loop_);
        HubLink::Options link = device->options(links_.broker(), *token, claims->principal);
        const HubLink::State state = co_await device->open(std::move(link));
        if (state == HubLink::State::ready) {
          // With another's token the WebSocket ends when that does. Asked for again, since it may have ended meanwhile,
          // or its connection may have given way to another's.
          Links::Found owner = nullptr;
          if (*token != *bearer) owner = co_await links_.get(*bearer, peer);
          if (owner) co_return co_await serve_device(exchange, device, std::move(*owner));
          device->close();
          wrong = owner.error();
          break;
        }
        device->close();
        if (is_its_own && state == HubLink::State::refused) links_.refused(*token, peer);
        wrong = state == HubLink::State::refused ? problem(403, "forbidden", "the hub refused the device's token")
                                                 : problem(503, "unavailable", "the hub cannot be reached");
        if (state != HubLink::State::refused || *token == *bearer) break;
        tokens_.forget(*bearer, named);  // the device may have been revoked and registered again
      }
    }
    Response response = refusal(wrong);
    co_await exchange.reply(std::move(response));
  }

 private:
  Task<void> serve_device(Exchange& exchange, std::shared_ptr<DeviceSocket> device, std::shared_ptr<HubLink> owner) {
    std::shared_ptr<WebSocket> socket = co_await exchange.accept_websocket(WebSocket::Options());
    if (!socket) {
      device->close();
      co_return;
    }
    sockets_.add(socket);
    // A separate coroutine: the request's memory is freed although the connection may be idle for days.
    const auto end = [device, socket](const std::exception_ptr& thrown) {
      if (!thrown) return;
      device->close();
      socket->close(close_internal, "the gateway failed");
    };
    asio::co_spawn(
        loop_, [device, socket, owner = std::move(owner)] { return device->serve(socket, owner); }, end);
  }

  asio::io_context& loop_;
  Links& links_;
  DeviceTokens& tokens_;
  OpenSockets& sockets_;
};

}  // namespace

void OpenSockets::add(const std::shared_ptr<WebSocket>& socket) {
  if (sockets_.size() >= 64 && (sockets_.size() & (sockets_.size() - 1)) == 0) {
    std::erase_if(sockets_, [](const auto& one) { return one.expired(); });
  }
  sockets_.push_back(socket);
}

void OpenSockets::close_all() {
  for (const auto& one : std::exchange(sockets_, {})) {
    if (const auto socket = one.lock()) socket->close(close_going_away, "Server shutdown");
  }
}

Response websocket_required(const char* message, ErrorShape shape) {
  Response response = response_of(problem(426, "bad_request", message), shape);
  response.headers.emplace_back("Upgrade", "websocket");
  response.headers.emplace_back("Sec-WebSocket-Version", "13");
  return response;
}

tl::expected<std::string, Problem> websocket_token(const Request& request) {
  if (!request.header("authorization").empty()) return Links::token_of(request);
  const auto token = request.parameter("token");
  if (!token || token->empty()) return tl::unexpected(problem(401, "unauthorized", "there is no token"));
  return *token;
}

Route device_socket_route(asio::io_context& loop, Links& links, DeviceTokens& tokens, OpenSockets& sockets) {
  const auto all = std::make_shared<DeviceSockets>(loop, links, tokens, sockets);
  return {"GET", "/ws/device", ErrorShape::spoke, [all](Exchange& exchange) { return all->serve(exchange); }};
}

}  // namespace strawberry::gateway
