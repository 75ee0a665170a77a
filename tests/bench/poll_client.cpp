#include "tests/bench/poll_client.h"

#include <poll.h>

#include <algorithm>
#include <stdexcept>

#include "common/runtime/libmosquitto.h"

namespace strawberry::bench {
namespace {

using std::chrono::steady_clock;

constexpr int keepalive_s = 60;
constexpr std::chrono::seconds patience{5};

void check(int code, const char* what) {
  if (code != MOSQ_ERR_SUCCESS) throw std::runtime_error(std::string(what) + ": " + mosquitto_strerror(code));
}

}  // namespace

struct PollClient::Callbacks {
  static void connected(mosquitto*, void* self, int code, int, const mosquitto_property*) {
    auto* client = static_cast<PollClient*>(self);
    client->connected_ = code == 0;
    if (code != 0) client->refusal_ = mosquitto_reason_string(code);
  }
  static void subscribed(mosquitto*, void* self, int, int count, const int* granted, const mosquitto_property*) {
    auto* client = static_cast<PollClient*>(self);
    client->subscribed_ = std::all_of(granted, granted + count, [](int qos) { return qos == 1; });
    if (!client->subscribed_) client->refusal_ = "subscription denied";
  }
  static void received(mosquitto*, void* self, const mosquitto_message* message, const mosquitto_property*) {
    static_cast<PollClient*>(self)->inbox_.emplace_back(
        message->topic,
        std::string(static_cast<const char*>(message->payload), static_cast<std::size_t>(message->payloadlen)));
  }
};

PollClient::PollClient(const Options& options, const std::vector<std::string>& filters) {
  client_ = mosquitto_new(options.client_id.c_str(), /*clean_session=*/true, this);
  if (client_ == nullptr) throw std::runtime_error("no memory for an MQTT client");
  check(mosquitto_int_option(client_, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5), "MQTT 5");
  check(mosquitto_int_option(client_, MOSQ_OPT_TCP_NODELAY, 1), "TCP_NODELAY");
  check(mosquitto_int_option(client_, MOSQ_OPT_RECEIVE_MAXIMUM, in_flight_max), "receive maximum");
  check(mosquitto_int_option(client_, MOSQ_OPT_SEND_MAXIMUM, in_flight_max), "send maximum");
  if (!options.password.empty()) {
    check(mosquitto_username_pw_set(client_, "", options.password.c_str()), "password");
  }
  mosquitto_connect_v5_callback_set(client_, &Callbacks::connected);
  mosquitto_subscribe_v5_callback_set(client_, &Callbacks::subscribed);
  mosquitto_message_v5_callback_set(client_, &Callbacks::received);
  check(mosquitto_connect(client_, "127.0.0.1", options.port, keepalive_s), "connect");
  wait_until(connected_, "connect");
  if (filters.empty()) return;
  std::vector<char*> names;
  for (const std::string& filter : filters) names.push_back(const_cast<char*>(filter.c_str()));
  check(mosquitto_subscribe_multiple(client_, nullptr, static_cast<int>(names.size()), names.data(), 1, 0, nullptr),
        "subscribe");
  wait_until(subscribed_, "subscribe");
}

PollClient::~PollClient() {
  mosquitto_disconnect(client_);
  mosquitto_destroy(client_);
}

void PollClient::wait_until(const bool& condition, const char* what) {
  const auto deadline = steady_clock::now() + patience;
  while (!condition) {
    if (!refusal_.empty()) throw std::runtime_error(std::string(what) + ": " + refusal_);
    if (steady_clock::now() > deadline) throw std::runtime_error(std::string(what) + ": no answer from the broker");
    poll({this}, std::chrono::milliseconds(100));
  }
}

void PollClient::publish(const std::string& topic, std::string_view payload) {
  check(mosquitto_publish(client_, nullptr, topic.c_str(), static_cast<int>(payload.size()), payload.data(), 1, false),
        "publish");
}

void PollClient::read() {
  check(mosquitto_loop_read(client_, in_flight_max), "read");
  // Acknowledgements are queued while a callback runs.
  if (mosquitto_want_write(client_)) check(mosquitto_loop_write(client_, in_flight_max), "write");
  std::vector<std::pair<std::string, std::string>> messages;
  messages.swap(inbox_);
  for (const auto& [topic, payload] : messages) {
    if (handler_) handler_(topic, payload);
  }
}

void PollClient::poll(const std::vector<PollClient*>& clients, std::chrono::milliseconds timeout) {
  std::vector<pollfd> sockets;
  for (PollClient* client : clients) {
    const short wanted = mosquitto_want_write(client->client_) ? POLLIN | POLLOUT : POLLIN;
    sockets.push_back({mosquitto_socket(client->client_), wanted, 0});
  }
  if (::poll(sockets.data(), sockets.size(), static_cast<int>(timeout.count())) < 0) return;
  for (std::size_t i = 0; i < clients.size(); ++i) {
    if (sockets[i].revents & POLLOUT) check(mosquitto_loop_write(clients[i]->client_, in_flight_max), "write");
    if (sockets[i].revents & (POLLIN | POLLHUP | POLLERR)) clients[i]->read();
    check(mosquitto_loop_misc(clients[i]->client_), "keep alive");
  }
}

}  // namespace strawberry::bench
