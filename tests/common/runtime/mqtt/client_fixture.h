/// A MosquittoClient on a loop of the test's own, with its recorded events.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "common/runtime/asio.h"
#include "common/runtime/mqtt/mosquitto_client.h"

namespace strawberry::test {

class ClientFixture : public testing::Test {
 protected:
  static constexpr std::chrono::seconds patience{10};

  static MosquittoClient::Options options_for(int port) {
    MosquittoClient::Options options;
    options.port = static_cast<std::uint16_t>(port);
    options.client_id = "tested";
    options.reconnect_min = std::chrono::milliseconds(10);
    options.reconnect_max = std::chrono::milliseconds(40);
    return options;
  }
  void start(MosquittoClient::Options options, std::vector<std::string> filters = {"in"}) {
    client = std::make_unique<MosquittoClient>(loop, std::move(options));
    client->start(std::move(filters), handlers());
  }
  MqttClient::Handlers handlers() {
    return {[this] { ++ready; },
            [this](const std::string& reason) {
              lost.push_back(reason);
              lost_at.push_back(std::chrono::steady_clock::now());
            },
            [this](MqttMessage message) { messages.push_back(std::move(message)); }};
  }
  /// Runs the loop until the condition is true.
  template <class Condition>
  bool until(Condition condition, std::chrono::milliseconds timeout = patience) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    loop.restart();
    while (!condition()) {
      if (std::chrono::steady_clock::now() >= deadline) return false;
      loop.run_one_for(std::chrono::milliseconds(20));
      if (loop.stopped()) loop.restart();
    }
    return true;
  }
  bool until_ready() {
    return until([this, before = ready] { return ready > before; });
  }
  /// Runs everything that is due, and what becomes due within `time`.
  void run_for(std::chrono::milliseconds time) {
    until([] { return false; }, time);
  }
  void stop() {
    bool stopped = false;
    asio::co_spawn(loop, client->stop(), [&stopped](const std::exception_ptr&) { stopped = true; });
    EXPECT_TRUE(until([&stopped] { return stopped; }));
  }
  static MqttMessage message(const std::string& payload, const std::string& topic = "out") {
    MqttMessage one;
    one.topic = topic;
    one.payload = payload;
    return one;
  }

  asio::io_context loop;
  std::size_t ready = 0;
  std::vector<std::string> lost;
  std::vector<std::chrono::steady_clock::time_point> lost_at;
  std::vector<MqttMessage> messages;
  std::unique_ptr<MosquittoClient> client;  // destroyed before the loop
};

}  // namespace strawberry::test
