#include "gateway/websocket/events_socket.h"

#include <set>

#include "common/text/ids.h"
#include "gateway/http/json.h"
#include "gateway/websocket/messages.h"

namespace strawberry::gateway {
namespace {

using nlohmann::json;

json connected() { return {{"type", "connection"}, {"status", "connected"}}; }
json refused(const std::string& why) { return {{"type", "error"}, {"message", why}}; }

class EventsSocket : public std::enable_shared_from_this<EventsSocket> {
 public:
  HubLink::Options options(const BrokerAddress& broker, const std::string& token, const Principal& principal) {
    HubLink::Options link;
    link.broker = broker;
    link.token = token;
    link.principal = principal;
    link.client_id = "quiet-" + new_id();
    link.filters = {"devices/+/status", "hub/health"};
    link.on_message = [self = weak_from_this()](const MqttMessage& message) {
      if (const auto socket = self.lock()) socket->heard(message);
    };
    link.on_ended = [self = weak_from_this()] {
      const auto socket = self.lock();
      if (socket && socket->socket_) socket->socket_->close(close_policy, "the hub ended the connection");
    };
    return link;
  }

  Task<void> serve(std::shared_ptr<WebSocket> socket, std::shared_ptr<HubLink> link) {
    const auto self = shared_from_this();
    socket_ = std::move(socket);
    // The hub may have ended the connection during the handshake, when there was no WebSocket to close yet.
    if (link->state() != HubLink::State::ready) socket_->close(close_policy, "the hub ended the connection");
    socket_->send(connected().dump());
    while (true) {
      std::optional<WebSocket::Message> message = co_await socket_->read();
      if (!message) break;
      receive(*message);
    }
    link->close();
  }

 private:
  void heard(const MqttMessage& message) {
    const json event = event_of(message.topic, message.payload);
    // Retained messages arrive before the client has subscribed.
    last_[message.topic] = event;
    constexpr std::size_t devices_max = 10'000;
    if (last_.size() > devices_max) last_.erase(last_.begin());
    if (socket_ && topics_.contains(text_member(event, "topic"))) socket_->send(to_text(event));
  }

  void receive(const WebSocket::Message& message) {
    const EventsMessage said = read_events_message(message.payload);
    if (said.kind == EventsMessage::Kind::wrong) return void(socket_->send(refused(said.problem).dump()));
    if (said.kind == EventsMessage::Kind::ping) return void(socket_->send(pong_message));
    std::set<std::string> added;
    for (const std::string& topic : said.topics) {
      if (topics_.insert(topic).second) added.insert(topic);
    }
    json answer{{"type", "subscribed"}, {"topics", topics_}};
    socket_->send(answer.dump());
    for (const auto& [name, kept] : last_) {
      if (added.contains(text_member(kept, "topic"))) socket_->send(to_text(kept));
    }
  }

  std::shared_ptr<WebSocket> socket_;
  std::set<std::string> topics_;
  std::map<std::string, json> last_;  // by MQTT topic
};

class EventsSockets {
 public:
  EventsSockets(asio::io_context& loop, Links& links, OpenSockets& sockets)
      : loop_(loop), links_(links), sockets_(sockets) {}

  Task<void> serve(Exchange& exchange) {
    Problem why;
    const auto token = websocket_token(exchange.request);
    if (!exchange.wants_websocket()) {
      Response response = websocket_required("this is a WebSocket", ErrorShape::hub);
      co_await exchange.reply(std::move(response));
      co_return;
    }
    if (!token) {
      why = token.error();
    } else {
      const std::string peer = exchange.request.peer;
      Links::Found known = co_await links_.get(*token, peer);
      if (!known) {
        why = known.error();
      } else {
        const auto events = std::make_shared<EventsSocket>();
        HubLink::Options options = events->options(links_.broker(), *token, (*known)->principal());
        const auto link = std::make_shared<HubLink>(loop_, std::move(options));
        link->start();
        const HubLink::State state = co_await link->opened(std::chrono::steady_clock::now() + socket_open_timeout);
        if (state == HubLink::State::ready) {
          std::shared_ptr<WebSocket> socket = co_await exchange.accept_websocket(WebSocket::Options());
          if (!socket) {
            link->close();
            co_return;
          }
          sockets_.add(socket);
          co_return co_await events->serve(std::move(socket), link);
        }
        link->close();
        why = problem(503, "unavailable", "the hub cannot be reached");
      }
    }
    Response response = response_of(why, ErrorShape::hub);
    co_await exchange.reply(std::move(response));
  }

 private:
  asio::io_context& loop_;
  Links& links_;
  OpenSockets& sockets_;
};

}  // namespace

Route events_socket_route(asio::io_context& loop, Links& links, OpenSockets& sockets) {
  const auto all = std::make_shared<EventsSockets>(loop, links, sockets);
  return {"GET", "/api/v1/ws", ErrorShape::hub, [all](Exchange& exchange) { return all->serve(exchange); }};
}

}  // namespace strawberry::gateway
