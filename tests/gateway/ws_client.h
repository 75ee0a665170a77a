/// A WebSocket client for tests, on Boost.Beast, with plain blocking calls.
///
/// Threading: one thread.   Errors: throws; read() returns nullopt when the connection is closed or nothing arrives in
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

  /// The status of the handshake's answer: 101 when it is open.
  int status() const;
  void send(const std::string& message);
  std::optional<std::string> read(std::chrono::milliseconds timeout = std::chrono::seconds(5));
  /// After read() returned nullopt: the code with which the other side closed; 0 when it did not.
  int close_code() const;
  void close();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace strawberry::test
