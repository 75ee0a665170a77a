#include "tests/gateway/gateway_process.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>

namespace strawberry::test {

using namespace std::chrono_literals;

GatewayProcess::GatewayProcess(HubProcess& hub, const std::string& config) {
  const auto& directory = hub.files().directory();
  ChildProcess::Options options;
  options.argv = {STRAWBERRY_GATEWAY_PATH, "--port", "0"};
  if (!config.empty()) {
    const std::string path = directory.file("gateway.toml");
    std::ofstream(path) << config;
    options.argv.insert(options.argv.end(), {"--config", path});
  }
  options.environment = {{"STRAWBERRY_DATA_DIR", directory.path().string()},
                         {"STRAWBERRY_BROKER_PORT", std::to_string(hub.port())}};
  process_ = std::make_unique<ChildProcess>(std::move(options));
  if (!process_->wait_for_output("the web door is at http", 10s)) {
    throw std::runtime_error("the gateway did not start: " + process_->output());
  }
  const std::string output = process_->output();
  port_ = std::stoi(output.substr(output.find("127.0.0.1:") + 10));
}

httplib::Client GatewayProcess::client(const std::string& token) const {
  httplib::Client client("127.0.0.1", port_);
  client.set_read_timeout(10s);
  client.set_keep_alive(true);
  if (!token.empty()) client.set_bearer_token_auth(token);
  return client;
}

RawHttp::RawHttp(int port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("no connection to the gateway");
  }
}

RawHttp::~RawHttp() { ::close(fd_); }

bool RawHttp::send(const std::string& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t count = ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) return false;
    sent += static_cast<std::size_t>(count);
  }
  return true;
}

std::string RawHttp::read(std::chrono::milliseconds quiet) {
  std::string all;
  char piece[16 * 1024];
  while (true) {
    pollfd ready{fd_, POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>(quiet.count())) <= 0) return all;
    const ssize_t count = ::recv(fd_, piece, sizeof piece, 0);
    if (count <= 0) {
      closed_ = true;
      return all;
    }
    all.append(piece, static_cast<std::size_t>(count));
  }
}

void RawHttp::shut() { ::shutdown(fd_, SHUT_RDWR); }

}  // namespace strawberry::test
