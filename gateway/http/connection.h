/// One client's connection to the server, one request at a time: its stream, what was read ahead, its time limits.
///
/// Threading: loop only.   Lifetime: shared; while it exists it is in the server's set of open connections.
#pragma once

#include <chrono>
#include <memory>
#include <set>
#include <string>

#include "gateway/http/client_stream.h"

namespace strawberry::gateway {

class Connection {
 public:
  /// `read_ahead_max`: bytes of the buffer.
  Connection(Tcp::socket socket, std::set<Connection*>& open, std::size_t read_ahead_max);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Begins TLS. False when the client does not: a client that speaks HTTP here is told so.
  Task<bool> secure(std::shared_ptr<asio::ssl::context> context, std::chrono::milliseconds time);
  /// Reads into the buffer. False when the connection ended or the time is over.
  Task<bool> fill(std::chrono::milliseconds time);
  Task<bool> send(std::string bytes, std::chrono::milliseconds time);
  /// Ends in order, within linger_timeout: the client may still be sending what will not be read, and shall see the
  /// answer first.
  Task<void> finish();
  /// Ends at once.
  void close();

  ClientStream& stream() { return stream_; }
  beast::flat_buffer& buffer() { return buffer_; }
  const std::string& peer() const { return peer_; }
  bool is_idle() const { return idle_; }
  void set_idle(bool idle) { idle_ = idle; }
  /// Its socket is another's now.
  void give_away() {
    given_away_ = true;
    unlimited();
  }
  bool is_given_away() const { return given_away_; }

  /// What is read or written next ends with operation_aborted after this long, and has_timed_out() is true; the socket
  /// stays open, so that the client can be told.
  void limit(std::chrono::milliseconds time);
  void unlimited() {
    ++limits_set_;
    deadline_.cancel();
  }
  bool has_timed_out() const { return timed_out_; }

 private:
  static constexpr std::chrono::milliseconds linger_timeout{500};

  std::set<Connection*>& open_;
  ClientStream stream_;
  beast::flat_buffer buffer_;
  asio::steady_timer deadline_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::string peer_;
  std::uint64_t limits_set_ = 0;
  bool timed_out_ = false;
  bool given_away_ = false;
  bool idle_ = true;
};

}  // namespace strawberry::gateway
