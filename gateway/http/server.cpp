#include "gateway/http/server.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "bridge/protocol/request_log.h"
#include "gateway/http/beast.h"
#include "gateway/http/beast_websocket.h"
#include "gateway/http/errors.h"
#include "gateway/http/origin.h"

namespace strawberry::gateway {
namespace {

using Clock = std::chrono::steady_clock;
using Tcp = asio::ip::tcp;

const char* reason_of(unsigned status) {
  const auto reason = http::obsolete_reason(static_cast<http::status>(status));
  return reason.empty() ? (status == 499 ? "Client Closed Request" : "Unknown") : reason.data();
}

std::string head_of(unsigned status, const std::string& content_type, const Fields& fields, bool keep_alive) {
  std::string head = "HTTP/1.1 " + std::to_string(status) + " " + reason_of(status) + "\r\n";
  if (!content_type.empty()) head += "Content-Type: " + content_type + "\r\n";
  for (const auto& [name, value] : fields) {
    for (const std::string_view piece : {std::string_view(name), std::string_view(": "), std::string_view(value)}) {
      head += piece;
    }
    head += "\r\n";
  }
  head += "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n";
  head += keep_alive ? "Connection: keep-alive\r\n" : "Connection: close\r\n";
  return head;
}

}  // namespace

struct Server::Core : std::enable_shared_from_this<Server::Core> {
  Core(asio::io_context& io, const Router& routes, Limits bounds, Origins allowed, Log to)
      : loop(io), router(routes), limits(bounds), origins(std::move(allowed)), log(std::move(to)), acceptor(io) {}

  class Connection;

  Task<void> accept_all();
  Task<void> serve(std::shared_ptr<Connection> connection);
  /// False when the connection is to end.
  Task<bool> serve_one(Connection& connection);
  Task<void> answer(Exchange& exchange, Router::Found found);

  asio::io_context& loop;
  const Router& router;
  const Limits limits;
  const Origins origins;
  const Log log;
  Tcp::acceptor acceptor;
  std::set<Connection*> open;
  Counters counters;
  bool stopping = false;
};

/// One client's connection; one request at a time.
class Server::Core::Connection : public std::enable_shared_from_this<Server::Core::Connection> {
 public:
  Connection(Core& core, Tcp::socket socket)
      : alive_core_(core.shared_from_this()),
        core_(core),
        stream_(std::move(socket)),
        deadline_(stream_.get_executor()) {
    boost::system::error_code ignored;
    stream_.socket().set_option(Tcp::no_delay(true), ignored);
    stream_.socket().non_blocking(true, ignored);  // for write_now()
    const auto peer = stream_.socket().remote_endpoint(ignored);
    peer_ = peer.address().to_string();
    core_.open.insert(this);
  }
  ~Connection() { core_.open.erase(this); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  beast::tcp_stream& stream() { return stream_; }
  beast::flat_buffer& buffer() { return buffer_; }
  const std::string& peer() const { return peer_; }
  bool is_idle() const { return idle_; }
  void set_idle(bool idle) { idle_ = idle; }
  /// Its socket is another's now.
  void give_away() {
    given_away_ = true;
    buffer_ = {};
    --core_.counters.answering;
    unlimited();
  }
  bool is_given_away() const { return given_away_; }
  void close() {
    if (given_away_) return;
    boost::system::error_code ignored;
    stream_.socket().shutdown(Tcp::socket::shutdown_both, ignored);
    stream_.close();
  }
  /// What is read or written next ends with operation_aborted after this long, and has_timed_out() is true; the socket
  /// stays open, so that the client can be told.
  void limit(std::chrono::milliseconds time) {
    timed_out_ = false;
    deadline_.expires_after(time);
    // A wait that ended just before it was replaced comes without an error.
    const std::uint64_t number = ++limits_set_;
    deadline_.async_wait(
        [this, number, alive = std::weak_ptr<bool>(alive_)](const boost::system::error_code& cancelled) {
          if (cancelled || alive.expired() || number != limits_set_) return;
          timed_out_ = true;
          boost::system::error_code ignored;
          stream_.socket().cancel(ignored);
        });
  }
  void unlimited() {
    ++limits_set_;
    deadline_.cancel();
  }
  bool has_timed_out() const { return timed_out_; }
  /// How many bytes of it the socket takes without waiting.
  std::size_t write_now(std::string_view bytes) {
    boost::system::error_code ignored;  // the next write that waits says it
    return stream_.socket().write_some(asio::buffer(bytes), ignored);
  }
  Task<bool> send(std::string bytes, std::chrono::milliseconds time) {
    // Nearly always all of it: no timer and no other round of the loop then.
    const std::size_t written = write_now(bytes);
    if (written == bytes.size()) co_return true;
    limit(time);
    const auto [error, count] = co_await asio::async_write(stream_, asio::buffer(bytes) + written, as_tuple);
    unlimited();
    co_return !error;
  }

 private:
  const std::shared_ptr<Core> alive_core_;  // a WebSocket's connection may be the last that is left
  Core& core_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  asio::steady_timer deadline_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::string peer_;
  std::uint64_t limits_set_ = 0;
  bool timed_out_ = false;
  bool given_away_ = false;
  bool idle_ = true;
};

namespace {

/// Tells once when the client closes its side, and keeps what it sends ahead for the next request.
class Watch : public std::enable_shared_from_this<Watch> {
 public:
  explicit Watch(Tcp::socket& socket) : socket_(socket) {}
  void start() {
    socket_.async_wait(Tcp::socket::wait_read, [self = shared_from_this()](const boost::system::error_code& error) {
      if (error || self->ended_) return;
      char byte = 0;
      const ssize_t count = ::recv(self->socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
      // With bytes of a next request behind this one, its closing cannot be seen, and need not be.
      if (count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR))) return;
      if (self->notify_) std::exchange(self->notify_, nullptr)();
    });
  }
  void notify(std::function<void()> gone) { notify_ = std::move(gone); }
  void end() {
    ended_ = true;
    notify_ = nullptr;
  }

 private:
  Tcp::socket& socket_;
  std::function<void()> notify_;
  bool ended_ = false;
};

}  // namespace

namespace {

/// Of one request on a connection.
template <class Connection>
class HttpExchange final : public Exchange {
 public:
  HttpExchange(Request about, Connection& connection, std::chrono::milliseconds write_timeout, bool keep_alive,
               http::request<http::string_body> message = {})
      : Exchange(std::move(about)),
        message_(std::move(message)),
        connection_(connection),
        write_timeout_(write_timeout),
        keep_alive_(keep_alive),
        watch_(std::make_shared<Watch>(connection.stream().socket())) {}
  ~HttpExchange() override { watch_->end(); }

  Task<bool> reply(Response response) override {
    status_ = response.status;
    const bool has_body = response.status >= 200 && response.status != 204 && response.status != 304;
    std::string head = head_of(response.status, has_body ? response.content_type : "", response.headers, keep_alive_);
    if (has_body) head += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
    head += "\r\n";
    if (has_body && request.method != "HEAD") head += response.body;
    co_return co_await send(std::move(head));
  }
  Task<bool> begin_stream(std::string content_type) override {
    status_ = 200;
    streams_ = true;
    Fields fields;
    fields.emplace_back("X-Accel-Buffering", "no");
    // HTTP/1.0 has no chunks: there a stream ends with its connection.
    if (!is_chunked()) keep_alive_ = false;
    head_ = std::make_shared<std::string>(head_of(200, content_type, fields, keep_alive_));
    *head_ += is_chunked() ? "Transfer-Encoding: chunked\r\n\r\n" : "\r\n";
    // Leaves with the first piece when that is there already; otherwise by itself, once the loop has nothing else to
    // do.
    asio::post(connection_.stream().get_executor(), [&connection = connection_, waiting = std::weak_ptr(head_)] {
      if (const auto head = waiting.lock()) head->erase(0, connection.write_now(*head));
    });
    co_return true;
  }
  Task<bool> write(std::string piece) override {
    if (piece.empty()) co_return !broken_;
    make_chunk(piece);
    co_return co_await send(std::move(piece));
  }
  Task<bool> end_stream(std::string last) override {
    ended_ = true;
    make_chunk(last);
    if (is_chunked()) last += "0\r\n\r\n";
    if (last.empty() && !head_) co_return !broken_;
    co_return co_await send(std::move(last));
  }
  bool wants_websocket() const override { return beast::websocket::is_upgrade(message_); }
  Task<std::shared_ptr<WebSocket>> accept_websocket(WebSocket::Options options) override {
    watch_->end();
    status_ = 101;
    broken_ = true;  // as far as HTTP goes
    connection_.give_away();
    auto socket = std::make_shared<BeastWebSocket>(std::move(connection_.stream()), std::move(options),
                                                   connection_.shared_from_this());
    const bool accepted = co_await socket->accept(message_);
    std::shared_ptr<WebSocket> result;
    if (accepted) result = std::move(socket);
    co_return result;
  }
  bool has_begun() const override { return status_ != 0; }
  void when_gone(std::function<void()> notify) override {
    const bool starts = notify && !watching_;
    watch_->notify(std::move(notify));
    if (starts) {
      watching_ = true;
      watch_->start();
    }
  }

  unsigned status() const { return status_; }
  /// The next request may come: this one's answer is whole.
  bool is_whole() const { return status_ != 0 && !broken_ && (!streams_ || ended_); }
  bool keeps_alive() const { return keep_alive_; }

 private:
  bool is_chunked() const { return message_.version() >= 11; }
  void make_chunk(std::string& piece) const {
    if (piece.empty() || !is_chunked()) return;
    std::array<char, 20> size{};
    const int digits = std::snprintf(size.data(), size.size(), "%zx\r\n", piece.size());
    piece.insert(0, size.data(), static_cast<std::size_t>(digits));
    piece += "\r\n";
  }
  Task<bool> send(std::string bytes) {
    if (broken_) co_return false;
    if (head_) bytes.insert(0, *std::exchange(head_, nullptr));
    broken_ = !co_await connection_.send(std::move(bytes), write_timeout_);
    co_return !broken_;
  }

  const http::request<http::string_body> message_;
  Connection& connection_;
  const std::chrono::milliseconds write_timeout_;
  bool keep_alive_;
  std::shared_ptr<Watch> watch_;
  std::shared_ptr<std::string> head_;  // of a stream: what has not been sent of it
  unsigned status_ = 0;
  bool streams_ = false;
  bool ended_ = false;
  bool broken_ = false;
  bool watching_ = false;
};

Request taken_over(http::request<http::string_body>& message, const std::string& peer) {
  Request request;
  request.method = std::string(message.method_string());
  request.peer = peer;
  for (const auto& field : message) {
    std::string name(field.name_string());
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    request.headers.emplace_back(std::move(name), std::string(field.value()));
  }
  return request;
}

Problem problem_of(const boost::system::error_code& error) {
  if (error == http::error::header_limit) return {431, "too_large", "the request's headers are too large"};
  if (error == http::error::body_limit) return {413, "too_large", "the request's body is too large"};
  if (error == beast::error::timeout) return {408, "timeout", "the request did not arrive in time"};
  return {400, "bad_request", "not an HTTP/1.1 request: " + error.message()};
}

/// Whether another server on the way could read another length: what Beast leaves to its user.
bool is_ambiguous_in_length(const http::request<http::string_body>& request) {
  const auto transfer = request.equal_range(http::field::transfer_encoding);
  if (transfer.first == transfer.second) return false;
  return std::next(transfer.first) != transfer.second || request.count(http::field::content_length) > 0 ||
         !beast::iequals(transfer.first->value(), "chunked");
}

bool is_silent_end(const boost::system::error_code& error) {
  return error == http::error::end_of_stream || error == asio::error::eof || error == asio::error::connection_reset ||
         error == asio::error::operation_aborted || error == asio::error::bad_descriptor;
}

}  // namespace

Task<bool> Server::Core::serve_one(Connection& connection) {
  http::request_parser<http::string_body> parser;
  parser.header_limit(static_cast<std::uint32_t>(limits.header_bytes_max));
  parser.body_limit(limits.body_bytes_max);
  const auto refuse = [&](Problem why, ErrorShape shape) -> Task<bool> {
    Request nobody;
    nobody.peer = connection.peer();
    HttpExchange<Connection> exchange(std::move(nobody), connection, limits.write_timeout, false);
    Response response = response_of(why, shape);
    co_await exchange.reply(std::move(response));
    co_return false;
  };

  const auto refuse_unread = [&](boost::system::error_code error) -> Task<bool> {
    if (connection.has_timed_out()) error = beast::error::timeout;
    if (is_silent_end(error)) co_return false;
    Request about = taken_over(parser.get(), connection.peer());
    ErrorShape shape = ErrorShape::hub;
    if (read_target(parser.get().target(), about)) shape = router.find(about).errors;
    Problem why = problem_of(error);
    co_return co_await refuse(std::move(why), shape);
  };

  // Idle until the first byte, then the headers have their own time.
  if (connection.buffer().size() == 0) {
    connection.set_idle(true);
    connection.limit(limits.idle_timeout);
    const auto [error, count] =
        co_await connection.stream().async_read_some(connection.buffer().prepare(4096), as_tuple);
    if (error) co_return false;
    connection.buffer().commit(count);
  }
  connection.set_idle(false);
  connection.limit(limits.header_timeout);
  if (const auto [error, count] =
          co_await http::async_read_header(connection.stream(), connection.buffer(), parser, as_tuple);
      error) {
    co_return co_await refuse_unread(error);
  }
  const auto started = Clock::now();
  if (is_ambiguous_in_length(parser.get())) {
    Problem why = problem(400, "bad_request", "the length of the body is ambiguous");
    co_return co_await refuse(std::move(why), ErrorShape::hub);
  }
  if (beast::iequals(parser.get()[http::field::expect], "100-continue") && parser.get().version() >= 11) {
    if (!co_await connection.send("HTTP/1.1 100 Continue\r\n\r\n", limits.write_timeout)) co_return false;
  }
  connection.limit(limits.body_timeout);
  if (const auto [error, count] = co_await http::async_read(connection.stream(), connection.buffer(), parser, as_tuple);
      error) {
    co_return co_await refuse_unread(error);
  }

  auto message = parser.release();
  const bool keep_alive = message.keep_alive() && !stopping;
  Request request = taken_over(message, connection.peer());
  request.body = std::move(message.body());
  if (!read_target(message.target(), request)) {
    Problem why = problem(400, "bad_request", "the request's target is not a plain path");
    co_return co_await refuse(std::move(why), ErrorShape::hub);
  }
  const auto found = router.find(request);
  HttpExchange<Connection> exchange(std::move(request), connection, limits.write_timeout, keep_alive,
                                    std::move(message));
  connection.unlimited();
  ++counters.requests;
  ++counters.answering;
  co_await answer(exchange, found);
  if (!connection.is_given_away()) --counters.answering;
  if (log) {
    log(exchange.request, exchange.status(),
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - started));
  }
  co_return exchange.keeps_alive() && exchange.is_whole();
}

Task<void> Server::Core::answer(Exchange& exchange, Router::Found found) {
  Response response;
  if (!may_ask(exchange.request, origins)) {
    response = response_of(problem(403, "forbidden", "a web page of another origin, or another host name, may not ask"),
                           found.errors);
  } else if (found.route != nullptr) {
    std::string thrown;
    try {
      co_await found.route->handler(exchange);
    } catch (const std::exception& error) {
      thrown = error.what();
    }
    if (thrown.empty()) co_return;
    hub_log().error("{} {} failed: {}", exchange.request.method, exchange.request.path, thrown);
    if (exchange.has_begun()) co_return;
    response = response_of(problem(500, "internal", "the gateway failed; its log says how"), found.errors);
  } else if (found.allowed.empty()) {
    response = response_of(problem(404, "not_found", "there is no such path"), found.errors);
  } else {
    std::string allowed;
    for (const std::string& method : found.allowed) allowed += (allowed.empty() ? "" : ", ") + method;
    response = response_of(problem(405, "method_not_allowed", "this path takes " + allowed), found.errors);
    response.headers.emplace_back("Allow", allowed);
  }
  co_await exchange.reply(std::move(response));
}

Task<void> Server::Core::serve(std::shared_ptr<Connection> connection) {
  while (!stopping && co_await serve_one(*connection)) {
  }
  if (connection->is_given_away()) co_return;
  // The other side may still be sending what will not be read: let it see the answer first.
  boost::system::error_code ignored;
  connection->stream().socket().shutdown(Tcp::socket::shutdown_send, ignored);
  std::array<char, 4096> rest{};
  connection->limit(std::chrono::milliseconds(500));
  for (int i = 0; i < 64; ++i) {
    const auto [error, count] = co_await connection->stream().async_read_some(asio::buffer(rest), as_tuple);
    if (error) break;
  }
  connection->close();
}

Task<void> Server::Core::accept_all() {
  const auto self = shared_from_this();
  asio::steady_timer pause(loop);
  while (!stopping) {
    auto [error, socket] = co_await acceptor.async_accept(as_tuple);
    if (stopping) co_return;
    if (error) {
      // Out of files, most likely: what is open now will end.
      pause.expires_after(std::chrono::milliseconds(50));
      co_await pause.async_wait(as_tuple);
      continue;
    }
    ++counters.connections;
    if (open.size() >= limits.connections_max) {
      ++counters.refused_connections;
      static constexpr std::string_view full =
          "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n";
      boost::system::error_code ignored;
      socket.non_blocking(true, ignored);
      socket.write_some(asio::buffer(full), ignored);
      continue;
    }
    const auto connection = std::make_shared<Connection>(*this, std::move(socket));
    asio::co_spawn(
        loop, [self, connection] { return self->serve(connection); },
        [self, connection](std::exception_ptr thrown) {
          if (thrown) connection->close();
        });
  }
}

Server::Server(asio::io_context& loop, const Router& router, Limits limits, Origins origins, Log log)
    : core_(std::make_shared<Core>(loop, router, limits, std::move(origins), std::move(log))) {}

Server::~Server() = default;

std::string Server::listen(const std::string& address, std::uint16_t port) {
  boost::system::error_code error;
  const auto where = asio::ip::make_address(address, error);
  if (error) return address + " is no address";
  const Tcp::endpoint endpoint(where, port);
  auto& acceptor = core_->acceptor;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    boost::system::error_code ignored;
    acceptor.close(ignored);
    return "cannot listen on " + address + ":" + std::to_string(port) + ": " + error.message();
  }
  asio::co_spawn(
      core_->loop, [core = core_] { return core->accept_all(); }, asio::detached);
  return {};
}

std::uint16_t Server::port() const {
  boost::system::error_code unknown;
  return core_->acceptor.local_endpoint(unknown).port();
}

void Server::stop() {
  core_->stopping = true;
  boost::system::error_code ignored;
  core_->acceptor.close(ignored);
  for (auto* connection : std::vector<Core::Connection*>(core_->open.begin(), core_->open.end())) {
    if (connection->is_idle()) connection->close();
  }
}

Server::Counters Server::counters() const {
  Counters now = core_->counters;
  now.open = core_->open.size();
  return now;
}

}  // namespace strawberry::gateway
