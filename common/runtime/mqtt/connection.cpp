#include "common/runtime/mqtt/connection.h"

#include <openssl/err.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "common/runtime/mqtt/properties.h"

namespace strawberry {
namespace {

constexpr int qos = 1;
constexpr int qos_not_kept = 0;
constexpr int receive_maximum_default = 65'535;  // MQTT 5, section 3.2.2.3.3
constexpr int port_of_sockets = 0;               // tells libmosquitto that the host is the path of a Unix socket
constexpr std::size_t filters_per_packet_max = 100;

/// Ignores SIGPIPE, so that writing to a broker that is gone returns an error. Older versions of the library do this
/// themselves.
void start_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    mosquitto_lib_init();
    struct sigaction now {};
    if (::sigaction(SIGPIPE, nullptr, &now) == 0 && now.sa_handler == SIG_DFL) ::signal(SIGPIPE, SIG_IGN);
  });
}

/// Returns how long the broker may keep a message for an absent device. MQTT uses whole seconds, and Mosquitto's clock
/// for them is up to one behind, so the time left is rounded down and reduced by one second. Nothing when there is no
/// limit.
std::optional<std::chrono::seconds> time_kept(const MqttMessage& message) {
  if (!message.not_after) return std::nullopt;
  const auto left = *message.not_after - std::chrono::steady_clock::now();
  return std::max(std::chrono::floor<std::chrono::seconds>(left) - std::chrono::seconds(1), std::chrono::seconds(0));
}

/// Returns the socket's pending error (SO_ERROR), which reading clears; 0 when there is none. Called before the
/// library, whose own error for a connection that breaks off during the handshake depends on its version.
int error_of(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  if (fd < 0 || ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return 0;
  return error;
}

/// Maps the five CONNACK codes of MQTT 3.1.1 to the reason codes of MQTT 5.
int reason_of_v311(int code) {
  switch (code) {
    case CONNACK_REFUSED_PROTOCOL_VERSION: return MQTT_RC_UNSUPPORTED_PROTOCOL_VERSION;
    case CONNACK_REFUSED_IDENTIFIER_REJECTED: return MQTT_RC_CLIENTID_NOT_VALID;
    case CONNACK_REFUSED_SERVER_UNAVAILABLE: return MQTT_RC_SERVER_UNAVAILABLE;
    case CONNACK_REFUSED_BAD_USERNAME_PASSWORD: return MQTT_RC_BAD_USERNAME_OR_PASSWORD;
    case CONNACK_REFUSED_NOT_AUTHORIZED: return MQTT_RC_NOT_AUTHORIZED;
    default: return code;
  }
}

/// Explains for people why the broker's Unix socket cannot be reached.
std::string why_no_socket(int error) {
  switch (error) {
    case ENOENT: return "there is no such socket (does a broker run, with this listener?)";
    case ECONNREFUSED: return "no broker listens on it (a broker that was killed leaves the file behind)";
    case EACCES: return "Permission denied (write access to the socket, and to enter its directory, is needed)";
    case 0:
    case EAGAIN: return "too many connections wait for the broker";
    default: return std::strerror(error);
  }
}

}  // namespace

/// The C callbacks; `self` is the Connection.
struct MosquittoClient::Connection::Callbacks {
  static void on_connect(struct mosquitto*, void* self, int reason, int, const mosquitto_property* properties) {
    auto& connection = *static_cast<Connection*>(self);
    if (connection.speaks_v311_) reason = reason_of_v311(reason);
    if (reason != MQTT_RC_SUCCESS) return connection.end(mosquitto_reason_string(reason), reason);
    std::uint16_t maximum = receive_maximum_default;
    mosquitto_property_read_int16(properties, MQTT_PROP_RECEIVE_MAXIMUM, &maximum, false);
    connection.reports_.accepted = maximum;
  }
  /// Only set while TLS may fail, since the library also logs a line for every packet.
  static void on_log(struct mosquitto*, void* self, int level, const char* line) {
    if (level == MOSQ_LOG_ERR) static_cast<Connection*>(self)->tls_error_ = line;
  }
  static void on_subscribe(struct mosquitto*, void* self, int mid, int count, const int* granted,
                           const mosquitto_property*) {
    auto& connection = *static_cast<Connection*>(self);
    const auto asked = connection.asked_for_.extract(mid);
    bool is_granted = true;
    for (int i = 0; i < count; ++i) {
      if (granted[i] <= MQTT_RC_GRANTED_QOS2) continue;
      is_granted = false;
      const auto at = static_cast<std::size_t>(i);
      if (!asked.empty() && at < asked.mapped().size())
        connection.reports_.filters_refused.push_back(asked.mapped()[at]);
    }
    connection.reports_.subscribed = connection.reports_.subscribed.value_or(true) && is_granted;
  }
  static void on_publish(struct mosquitto*, void* self, int mid, int reason, const mosquitto_property*) {
    static_cast<Connection*>(self)->reports_.acknowledged.push_back({mid, reason});
  }
  static void on_message(struct mosquitto*, void* self, const mosquitto_message* message,
                         const mosquitto_property* properties) {
    MqttMessage copy;
    copy.topic = message->topic;
    copy.payload.assign(static_cast<const char*>(message->payload), static_cast<std::size_t>(message->payloadlen));
    copy.retained = message->retain;
    read_properties(properties, copy);
    static_cast<Connection*>(self)->reports_.messages.push_back(std::move(copy));
  }
  static void on_disconnect(struct mosquitto*, void* self, int reason, const mosquitto_property*) {
    auto& connection = *static_cast<Connection*>(self);
    // The library's own errors are small numbers, the broker's reasons start at 0x80.
    if (reason >= MQTT_RC_UNSPECIFIED)
      return connection.end(std::string("the broker ended the connection: ") + mosquitto_reason_string(reason), reason);
    if (connection.shaking_hands_) return;  // the TLS error gives a better reason than this one
    // The library has no text for this one.
    if (reason == MOSQ_ERR_KEEPALIVE) return connection.end("the broker does not answer any more");
    connection.end_for(reason);
  }
};

MosquittoClient::Connection::Connection(const Options& options, bool speaks_v311)
    : options_(options), speaks_v311_(speaks_v311) {
  start_library();
  buffer_.set_packet_bytes_max(options.incoming_packet_bytes_max);
  const SocketBuffer::NoPair without_pair;
  handle_.reset(mosquitto_new(options.client_id.c_str(), options.clean_start, this));
  if (!handle_) throw std::runtime_error("libmosquitto: no handle");
  auto* handle = handle_.get();
  mosquitto_int_option(handle, MOSQ_OPT_PROTOCOL_VERSION, speaks_v311 ? MQTT_PROTOCOL_V311 : MQTT_PROTOCOL_V5);
  mosquitto_int_option(handle, MOSQ_OPT_SEND_MAXIMUM, receive_maximum_default);
  mosquitto_int_option(handle, MOSQ_OPT_RECEIVE_MAXIMUM, receive_maximum_default);
  mosquitto_connect_v5_callback_set(handle, &Callbacks::on_connect);
  mosquitto_subscribe_v5_callback_set(handle, &Callbacks::on_subscribe);
  mosquitto_publish_v5_callback_set(handle, &Callbacks::on_publish);
  mosquitto_message_v5_callback_set(handle, &Callbacks::on_message);
  mosquitto_disconnect_v5_callback_set(handle, &Callbacks::on_disconnect);
}

Result<void> MosquittoClient::Connection::open(const Route& route) {
  auto* handle = handle_.get();
  const auto [user_name, password] =
      options_.login ? options_.login()
                     : std::pair(options_.user_name, options_.password ? options_.password() : std::string());
  int error = mosquitto_username_pw_set(handle, user_name.empty() ? nullptr : user_name.c_str(),
                                        password.empty() ? nullptr : password.c_str());
  if (error == MOSQ_ERR_SUCCESS && options_.will) {
    const auto& will = *options_.will;
    error = mosquitto_will_set_v5(handle, will.topic.c_str(), static_cast<int>(will.payload.size()),
                                  will.payload.data(), qos, will.retained, nullptr);
  }
  mosquitto_property* list = nullptr;
  if (error == MOSQ_ERR_SUCCESS && !speaks_v311_)
    error = mosquitto_property_add_int32(&list, MQTT_PROP_SESSION_EXPIRY_INTERVAL, options_.session_expiry_s);
  if (error == MOSQ_ERR_SUCCESS && !speaks_v311_ && options_.incoming_packet_bytes_max > 0)
    error = mosquitto_property_add_int32(&list, MQTT_PROP_MAXIMUM_PACKET_SIZE, options_.incoming_packet_bytes_max);
  const Properties properties(list);
  if (error != MOSQ_ERR_SUCCESS) return fail(mosquitto_strerror(error));
  if (!route.is_socket) {
    mosquitto_int_option(handle, MOSQ_OPT_TCP_NODELAY, 1);
    if (auto used = options_.tls ? use_tls() : Result<void>(); !used) return used;
  }
  if (route.is_socket && route.address.size() > broker_socket_bytes_max)
    return fail("the path of a socket has at most " + std::to_string(broker_socket_bytes_max) + " bytes");
  const auto keepalive_s = static_cast<int>(options_.keepalive.count());
  const int port = route.is_socket ? port_of_sockets : options_.port;
  // The library's variant that takes properties blocks, and the one that does not block takes none. But a blocking call
  // without a host fails at once and has stored the properties.
  mosquitto_connect_bind_v5(handle, nullptr, port, keepalive_s, nullptr, properties.get());
  errno = 0;
  error = mosquitto_connect_async(handle_for_io(), route.address.c_str(), port, keepalive_s);
  const int socket_error = errno;
  if (error == MOSQ_ERR_TLS) {
    tls_trouble_ = tls_->trouble();
    return fail(tls_->why_failed(tls_error_));
  }
  if (error == MOSQ_ERR_ERRNO && route.is_socket) {
    // Since 2.1 the library closes its socket before it returns, so errno is that of close().
    const int reason = socket_error == EAGAIN ? EAGAIN : errno_of_broker_socket(route.address);
    queue_full_ = reason == EAGAIN || reason == 0;
    return fail(why_no_socket(reason));
  }
  if (error != MOSQ_ERR_SUCCESS) return fail(mosquitto_strerror(error));
  if (tls_) {
    look_at_handshake(socket_error);
  } else {
    buffer_.attach(socket());
  }
  if (reports_.ended) return fail(*reports_.ended);
  return {};
}

Result<void> MosquittoClient::Connection::use_tls() {
  const auto& wanted = *options_.tls;
  auto context = TlsContext::make(wanted.ca_file, wanted.server_name.empty() ? options_.host : wanted.server_name);
  if (!context) {
    tls_trouble_ = TlsTrouble::ca_file;
    return tl::unexpected(context.error());
  }
  tls_ = std::move(*context);
  auto* handle = handle_.get();
  mosquitto_void_option(handle, MOSQ_OPT_SSL_CTX, tls_->get());
  mosquitto_int_option(handle, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 0);
  mosquitto_log_callback_set(handle, &Callbacks::on_log);
  return {};
}

/// OpenSSL keeps errors per thread, not per connection, and would attribute an old one to this connection: an error of
/// HTTPS on the same loop must not end it.
MosquittoClient::Connection::HandleForIo::HandleForIo(Connection& connection)
    : handle_(connection.handle_.get()), use_(connection.buffer_) {
  if (connection.tls_) ERR_clear_error();
}

/// Until CONNECT is sent, the library always has something to write; during the handshake only OpenSSL knows what it
/// waits for.
bool MosquittoClient::Connection::wants_to_write() const {
  if (!shaking_hands_) return buffer_.is_blocked() || mosquitto_want_write(handle_.get());
  const auto* connection = ssl();
  return connection != nullptr && SSL_want_write(connection);
}

bool MosquittoClient::Connection::has_buffered() const {
  const auto* connection = ssl();
  return buffer_.has_input() || (connection != nullptr && SSL_pending(connection) > 0);
}

bool MosquittoClient::Connection::has_more_to_read() const {
  if (buffer_.fd() >= 0) return buffer_.has_input();
  int bytes = 0;
  const int fd = socket();
  return fd >= 0 && (has_buffered() || (ioctl(fd, FIONREAD, &bytes) == 0 && bytes > 0));
}

void MosquittoClient::Connection::go_on_shaking_hands() {
  if (const int error = error_of(socket()); error != 0) return end_of_tls(error);
  errno = 0;
  const int error = mosquitto_loop_read(handle_for_io(), 1);
  const int socket_error = errno;
  if (error != MOSQ_ERR_SUCCESS) return end_of_tls(0);
  look_at_handshake(socket_error);
}

/// The library reports a connection that breaks off during the handshake as one that has not begun.
void MosquittoClient::Connection::look_at_handshake(int socket_error) {
  const auto* connection = ssl();
  if (connection == nullptr) return end_of_tls(0);
  shaking_hands_ = !SSL_is_init_finished(connection);
  if (!shaking_hands_) return mosquitto_log_callback_set(handle_.get(), nullptr);
  if (SSL_get_error(connection, -1) != SSL_ERROR_SYSCALL) return;
  end_of_tls(socket_error);
}

void MosquittoClient::Connection::subscribe(const std::vector<std::string>& filters) {
  const bool may_be_refused = static_cast<bool>(options_.on_filter_refused);
  const std::size_t at_once = may_be_refused ? filters_per_packet_max : filters.size();
  for (std::size_t begin = 0; begin < filters.size(); begin += at_once) {
    const auto from = filters.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto count = std::min(at_once, filters.size() - begin);
    std::vector<std::string> copies(from, from + static_cast<std::ptrdiff_t>(count));
    std::vector<char*> names;  // the library takes them without const
    for (auto& filter : copies) names.push_back(filter.data());
    int mid = 0;
    const int error =
        mosquitto_subscribe_multiple(handle_for_io(), &mid, static_cast<int>(count), names.data(), qos, 0, nullptr);
    if (error != MOSQ_ERR_SUCCESS) return end(mosquitto_strerror(error));
    if (may_be_refused) asked_for_.emplace(mid, std::move(copies));
  }
}

void MosquittoClient::Connection::unsubscribe(const std::vector<std::string>& filters) {
  for (const std::string& filter : filters) {
    const int error = mosquitto_unsubscribe(handle_for_io(), nullptr, filter.c_str());
    if (error != MOSQ_ERR_SUCCESS) return end(mosquitto_strerror(error));
  }
}

void MosquittoClient::Connection::read(std::size_t packets_max) {
  if (shaking_hands_) return go_on_shaking_hands();
  const auto packets = [this] { return reports_.messages.size() + reports_.acknowledged.size(); };
  for (std::size_t i = 0; i < packets_max && packets() < packets_max && !reports_.ended; ++i) {
    const int error = mosquitto_loop_read(handle_for_io(), 1);
    if (error != MOSQ_ERR_SUCCESS) return end_for(error);
    if (!has_more_to_read()) return;
  }
}

void MosquittoClient::Connection::write() {
  if (shaking_hands_) return go_on_shaking_hands();
  flush();
  if (reports_.ended) return;
  const int error = mosquitto_loop_write(handle_for_io(), 1);
  if (error != MOSQ_ERR_SUCCESS) return end_for(error);
  flush();
}

void MosquittoClient::Connection::flush() {
  if (socket() != buffer_.fd()) buffer_.attach(-1);  // the library has closed the socket
  const int error = buffer_.flush();
  if (error == 0) return;
  was_broken_off_ = was_broken_off_ || error == EPIPE || error == ECONNRESET;
  end(std::strerror(error));
}

void MosquittoClient::Connection::keep_alive() {
  const int error = mosquitto_loop_misc(handle_for_io());
  if (error != MOSQ_ERR_SUCCESS) end(mosquitto_strerror(error));
  buffer_.shrink();
}

void MosquittoClient::Connection::disconnect() { mosquitto_disconnect_v5(handle_for_io(), 0, nullptr); }

int MosquittoClient::Connection::publish(const MqttMessage& message, int& mid) {
  const auto kept = time_kept(message);
  const bool is_kept = !kept || kept->count() > 0;
  auto expiry_s = message.expiry_s;
  if (kept && is_kept) expiry_s = static_cast<std::uint32_t>(kept->count());
  const auto properties = to_properties(message, expiry_s);
  if (!properties) return MOSQ_ERR_MALFORMED_UTF8;
  return mosquitto_publish_v5(handle_for_io(), is_kept ? &mid : nullptr, message.topic.c_str(),
                              static_cast<int>(message.payload.size()), message.payload.data(),
                              is_kept ? qos : qos_not_kept, message.retained, properties->get());
}

int MosquittoClient::Connection::publish(const MqttMessage& message, int qos, int& mid) {
  return mosquitto_publish_v5(handle_for_io(), &mid, message.topic.c_str(), static_cast<int>(message.payload.size()),
                              message.payload.data(), qos, message.retained, nullptr);
}

MosquittoClient::Connection::Reports MosquittoClient::Connection::take_reports() { return std::exchange(reports_, {}); }

/// Keeps the first reason, which is the most specific.
void MosquittoClient::Connection::end(const std::string& why, int code) {
  if (reports_.ended) return;
  reports_.ended = why;
  reports_.ended_code = code;
}

void MosquittoClient::Connection::end_for(int library_error) {
  if (buffer_.is_too_large())
    return end("a packet of more than " + std::to_string(options_.incoming_packet_bytes_max) + " bytes came");
  was_broken_off_ = was_broken_off_ || library_error == MOSQ_ERR_CONN_LOST;
  not_mqtt_ = not_mqtt_ || library_error == MOSQ_ERR_PROTOCOL || library_error == MOSQ_ERR_MALFORMED_PACKET;
  end(mosquitto_strerror(library_error));
}

/// When the connection was refused, TLS had not begun.
void MosquittoClient::Connection::end_of_tls(int socket_error) {
  const bool is_refused = socket_error == ECONNREFUSED || socket_error == EHOSTUNREACH || socket_error == ENETUNREACH ||
                          socket_error == ETIMEDOUT;
  if (!is_refused) tls_trouble_ = tls_->trouble();
  end(socket_error != 0 ? std::strerror(socket_error) : tls_->why_failed(tls_error_));
}

}  // namespace strawberry
