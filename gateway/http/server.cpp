#include "gateway/http/server.h"

#include <algorithm>

#include "common/runtime/request_log.h"
#include "gateway/http/beast.h"
#include "gateway/http/connection.h"
#include "gateway/http/errors.h"
#include "gateway/http/http_exchange.h"
#include "gateway/http/origin.h"

namespace strawberry::gateway {
namespace {

using Clock = std::chrono::steady_clock;

/// Limit for what the parser holds in addition to a request's headers: a chunk's extension, or all trailers.
constexpr std::size_t read_ahead_bytes_max = 64 * 1024;

using Message = http::request<http::string_body>;

Request taken_over(const Message& message) {
  Request request;
  request.method = std::string(message.method_string());
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
  if (error == http::error::body_limit || error == http::error::buffer_overflow)
    return {413, "too_large", "the request's body is too large"};
  if (error == beast::error::timeout) return {408, "timeout", "the request did not arrive in time"};
  return {400, "bad_request", "not an HTTP/1.1 request: " + error.message()};
}

/// Returns whether another server on the way could read another length (request smuggling). Beast does not check it.
bool is_ambiguous_in_length(const Message& request) {
  const auto transfer = request.equal_range(http::field::transfer_encoding);
  if (transfer.first == transfer.second) return false;
  return request.version() < 11 || std::next(transfer.first) != transfer.second ||
         request.count(http::field::content_length) > 0 || !beast::iequals(transfer.first->value(), "chunked");
}

bool is_silent_end(const boost::system::error_code& error) {
  return error == http::error::end_of_stream || error == asio::error::eof || error == asio::error::connection_reset ||
         error == asio::error::operation_aborted || error == asio::error::bad_descriptor ||
         error == asio::ssl::error::stream_truncated;
}

}  // namespace

struct Server::Core : std::enable_shared_from_this<Server::Core> {
  Core(asio::io_context& io, const Router& routes, Options with)
      : loop(io), router(routes), options(std::move(with)), limits(options.limits), acceptor(io) {}

  Task<void> accept_all();
  Task<void> serve(std::shared_ptr<Connection> connection);
  /// Returns false when the connection must end.
  Task<bool> serve_one(Connection& connection);
  // Answers without a route, and returns false. `about`: the part of the request that was read.
  Task<bool> refuse_request(Connection& connection, Problem why, ErrorShape shape, Request about);
  Task<bool> refuse_as_its_route(Connection& connection, const Message& message, Problem why);
  Task<bool> refuse_unread(Connection& connection, const Message& message, boost::system::error_code error);
  Task<void> answer(Exchange& exchange, Router::Found found);
  HttpExchange::Options exchange_options(const Request& request, bool keep_alive) const;
  void refuse(Tcp::socket socket);

  asio::io_context& loop;
  const Router& router;
  const Options options;
  const Limits& limits;
  Tcp::acceptor acceptor;
  const std::shared_ptr<Connections> connections = std::make_shared<Connections>();
  Traffic counters;
  bool stopping = false;
};

Task<bool> Server::Core::refuse_request(Connection& connection, Problem why, ErrorShape shape, Request about) {
  HttpExchange::Options with = exchange_options(about, false);
  HttpExchange exchange(std::move(about), connection, std::move(with));
  Response response = response_of(why, shape);
  co_await exchange.reply(std::move(response));
  co_return false;
}

Task<bool> Server::Core::refuse_as_its_route(Connection& connection, const Message& message, Problem why) {
  Request about = taken_over(message);
  read_target(message.target(), about);
  const ErrorShape shape = router.find(about).errors;
  co_return co_await refuse_request(connection, std::move(why), shape, std::move(about));
}

Task<bool> Server::Core::refuse_unread(Connection& connection, const Message& message,
                                       boost::system::error_code error) {
  if (connection.has_timed_out()) error = beast::error::timeout;
  if (is_silent_end(error)) co_return false;
  Problem why = problem_of(error);
  co_return co_await refuse_as_its_route(connection, message, std::move(why));
}

Task<bool> Server::Core::serve_one(Connection& connection) {
  http::request_parser<http::string_body> parser;
  parser.header_limit(static_cast<std::uint32_t>(limits.header_bytes_max));
  parser.body_limit(limits.body_bytes_max);
  // The connection is idle until the first byte; then the headers have their own time limit.
  if (connection.buffer().size() == 0) {
    connection.set_idle(true);
    if (!co_await connection.fill(limits.idle_timeout)) co_return false;
  }
  connection.set_idle(false);
  connection.limit(limits.header_timeout);
  if (const auto [error, count] =
          co_await http::async_read_header(connection.stream(), connection.buffer(), parser, as_tuple);
      error) {
    co_return co_await refuse_unread(connection, parser.get(), error);
  }
  const auto started = Clock::now();
  if (is_ambiguous_in_length(parser.get())) {
    Problem why = problem(400, "bad_request", "the length of the body is ambiguous");
    co_return co_await refuse_as_its_route(connection, parser.get(), std::move(why));
  }
  if (parser.get().version() >= 11 && parser.get().count(http::field::host) != 1) {
    Problem why = problem(400, "bad_request", "there must be one Host");
    co_return co_await refuse_as_its_route(connection, parser.get(), std::move(why));
  }
  // Taken before the body is read, since trailers after it must not count as headers.
  Request request = taken_over(parser.get());
  if (beast::iequals(parser.get()[http::field::expect], "100-continue") && parser.get().version() >= 11) {
    if (!co_await connection.send("HTTP/1.1 100 Continue\r\n\r\n", limits.write_timeout)) co_return false;
  }
  connection.limit(limits.body_timeout);
  if (const auto [error, count] = co_await http::async_read(connection.stream(), connection.buffer(), parser, as_tuple);
      error) {
    co_return co_await refuse_unread(connection, parser.get(), error);
  }

  auto message = parser.release();
  const bool keep_alive = message.keep_alive() && !stopping;
  request.peer = client_address(connection.peer(), request.headers, options.origins.proxies);
  request.body = std::move(message.body());
  if (!read_target(message.target(), request)) {
    Problem why = problem(400, "bad_request", "the request's target is not a plain path");
    const ErrorShape shape = router.find(request).errors;
    Request unread;
    co_return co_await refuse_request(connection, std::move(why), shape, std::move(unread));
  }
  const auto found = router.find(request);
  HttpExchange::Options with = exchange_options(request, keep_alive);
  HttpExchange exchange(std::move(request), connection, std::move(with), std::move(message));
  connection.unlimited();
  ++counters.requests;
  connection.begin_answer();
  co_await answer(exchange, found);
  connection.end_answer();
  if (options.log) {
    options.log(exchange.request, exchange.status(),
                std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - started));
  }
  co_return exchange.keeps_alive() && exchange.is_whole();
}

Task<void> Server::Core::answer(Exchange& exchange, Router::Found found) {
  Response response;
  if (!may_ask(exchange.request, options.origins)) {
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
  } else if (auto permitted = preflight_answer(exchange.request, found.allowed, options.origins)) {
    response = std::move(*permitted);
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

HttpExchange::Options Server::Core::exchange_options(const Request& request, bool keep_alive) const {
  HttpExchange::Options with;
  with.write_timeout = limits.write_timeout;
  with.keep_alive = keep_alive;
  with.fields = cors_fields(request, options.origins);
  return with;
}

Task<void> Server::Core::serve(std::shared_ptr<Connection> connection) {
  if (options.tls_context) {
    auto context = options.tls_context();
    if (!co_await connection->secure(std::move(context), limits.header_timeout))
      co_return co_await connection->finish();
  }
  while (!stopping && co_await serve_one(*connection)) {
  }
  co_await connection->finish();
}

/// Refuses a connection beyond the limit.
void Server::Core::refuse(Tcp::socket socket) {
  ++counters.refused_connections;
  if (options.tls_context) return;  // a TLS handshake just to answer would use what is scarce
  static constexpr std::string_view full =
      "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n";
  boost::system::error_code ignored;
  socket.non_blocking(true, ignored);
  socket.write_some(asio::buffer(full), ignored);
}

Task<void> Server::Core::accept_all() {
  const auto self = shared_from_this();
  asio::steady_timer pause(loop);
  while (!stopping) {
    auto [error, socket] = co_await acceptor.async_accept(as_tuple);
    if (stopping) co_return;
    if (error) {
      // Most likely out of file descriptors: retries after some connections may have ended.
      pause.expires_after(std::chrono::milliseconds(50));
      co_await pause.async_wait(as_tuple);
      continue;
    }
    ++counters.connections;
    if (connections->open.size() >= limits.connections_max) {
      refuse(std::move(socket));
      continue;
    }
    const auto connection =
        std::make_shared<Connection>(std::move(socket), connections, limits.header_bytes_max + read_ahead_bytes_max);
    asio::co_spawn(
        loop, [self, connection] { return self->serve(connection); },
        [self, connection](std::exception_ptr thrown) {
          if (thrown) connection->close();
        });
  }
}

Server::Server(asio::io_context& loop, const Router& router, Options options)
    : core_(std::make_shared<Core>(loop, router, std::move(options))) {}

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
  for (auto* connection : std::vector<Connection*>(core_->connections->open.begin(), core_->connections->open.end())) {
    if (connection->is_idle()) connection->close();
  }
}

Traffic Server::counters() const {
  Traffic now = core_->counters;
  now.open = core_->connections->open.size();
  now.answering = core_->connections->answering;
  return now;
}

}  // namespace strawberry::gateway
