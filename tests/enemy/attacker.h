/// One client with an ordinary token that sends any packets as fast as the broker takes them, and reconnects when it is
/// disconnected.
///
/// Threading: a thread of its own from construction to stop().   Errors: none; failures are retried.
/// Bounds: the block of packets that it was given; it stops after `time_max`.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

namespace strawberry::enemy {

class Attacker {
 public:
  struct Options {
    int port = 0;
    std::string client_id;
    std::string token;
    std::string first;  // packets sent once after each CONNACK
    std::string block;  // packets sent repeatedly; empty: see `then`
    enum class Then { connects_again, stays, leaves } then = Then::connects_again;
    bool is_clean = true;                // if false, its session stays for an hour
    int packets = 1;                     // in the block
    std::chrono::milliseconds pause{0};  // after each block
    bool reads = true;                   // what the broker sends it; its Receive Maximum is 65 535
    std::chrono::seconds time_max{60};
  };

  explicit Attacker(Options options);
  ~Attacker() { stop(); }
  Attacker(const Attacker&) = delete;
  Attacker& operator=(const Attacker&) = delete;

  void stop();
  std::uint64_t packets() const { return packets_; }
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t connections() const { return connections_; }

 private:
  void run();
  void attack(int fd);
  bool send_all(int fd, const std::string& bytes);

  Options options_;
  std::atomic<bool> stops_{false};
  std::atomic<std::uint64_t> packets_{0};
  std::atomic<std::uint64_t> bytes_{0};
  std::atomic<std::uint64_t> connections_{0};
  std::thread thread_;
};

}  // namespace strawberry::enemy
