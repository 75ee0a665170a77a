/// One client's connection to the server, one request at a time: its stream, its read-ahead buffer, its time limits.
///
/// Threading: loop only.   Lifetime: shared; the server counts it as open while it exists.
#pragma once

#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "gateway/http/client_stream.h"

namespace strawberry::gateway {

class Connection;

/// The server's connections.
struct Connections {
  std::set<Connection*> open;
  std::size_t answering = 0;  // those of `open` whose request is being answered
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  /// `read_ahead_max`: capacity of the buffer in bytes.
  Connection(Tcp::socket socket, std::shared_ptr<Connections> all, std::size_t read_ahead_max);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Runs the TLS handshake. Returns false on failure; a client that speaks plain HTTP gets an answer that says so.
  Task<bool> secure(std::shared_ptr<asio::ssl::context> context, std::chrono::milliseconds time);
  /// Reads into the buffer. Returns false when the connection ended or the time is over.
  Task<bool> fill(std::chrono::milliseconds time);
  /// Writes what the socket takes without waiting and returns the number of bytes; 0 with TLS.
  std::size_t write_now(std::string_view bytes);
  Task<bool> send(std::string bytes, std::chrono::milliseconds time);
  /// Shuts down in order, within linger_timeout: the client may still be sending data that will not be read, and must
  /// receive the answer first.
  Task<void> finish();
  /// Closes at once.
  void close();

  ClientStream& stream() { return stream_; }
  beast::flat_buffer& buffer() { return buffer_; }
  const std::string& peer() const { return peer_; }
  bool is_idle() const { return idle_; }
  void set_idle(bool idle) { idle_ = idle; }
  void begin_answer();
  void end_answer();
  /// Marks the socket as taken over by another object.
  void give_away();
  bool is_given_away() const { return given_away_; }

  /// Sets the time limit for the next reads and writes, which then end with operation_aborted, and has_timed_out() is
  /// true; the socket stays open, so that the client can be answered.
  void limit(std::chrono::milliseconds time);
  void unlimited() {
    ++limits_set_;
    deadline_.cancel();
  }
  bool has_timed_out() const { return timed_out_; }

 private:
  static constexpr std::chrono::milliseconds linger_timeout{500};

  const std::shared_ptr<Connections> all_;  // shared: a WebSocket's connection may outlive the server
  ClientStream stream_;
  beast::flat_buffer buffer_;
  asio::steady_timer deadline_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::string peer_;
  std::uint64_t limits_set_ = 0;
  bool timed_out_ = false;
  bool given_away_ = false;
  bool idle_ = true;
  bool answering_ = false;
};

}  // namespace strawberry::gateway
