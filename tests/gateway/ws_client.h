/// A WebSocket client for tests, on Boost.Beast, with plain blocking calls.
///
/// Threading: one thread.   Errors: throws; read() gives nothing when the connection is closed or nothing comes in
/// time.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace strawberry::test {

class WsClient {
 public:
  struct Options {
    std::string subprotocol = {};
    std::string bearer = {};
    std::string origin = {};
    bool binary = false;
    int receive_buffer_bytes = 0;  // of the socket; 0: the system's own
  };
  WsClient(int port, const std::string& target) : WsClient(port, target, Options()) {}
  WsClient(int port, const std::string& target, const Options& options);
  ~WsClient();
  WsClient(const WsClient&) = delete;
  WsClient& operator=(const WsClient&) = delete;

  /// The status that the handshake was answered with: 101 when it is open.
  int status() const;
  void send(const std::string& message);
  std::optional<std::string> read(std::chrono::milliseconds timeout = std::chrono::seconds(5));
  /// After read() gave nothing: the code that the other side closed with; 0 when it did not.
  int close_code() const;
  void close();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace strawberry::test
