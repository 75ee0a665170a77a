/// A Spoke's options: the hub's address, the token, and limits.
///
/// Plain data. Minimal: `SpokeOptions options; options.connect_directory = "var/lamp";`, the directory that
/// `strawberryctl device add 'Garden Lamp' --user demo --mosquitto var/lamp` wrote.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace strawberry {
inline namespace v0 {

enum class LogLevel { info, warning, error };

struct SpokeOptions {
  // --- address and token: a directory, or the other members

  /// Host, port, device id, token and CA, as written by `device add --mosquitto DIR`. A renewed token is stored there.
  std::string connect_directory;

  /// Empty: the directory's, else 127.0.0.1.
  std::string host;
  /// 0: the directory's, else 1883, with TLS 8883.
  std::uint16_t port = 0;
  /// TLS with the CAs that this system trusts. A `ca_file` also selects TLS.
  bool tls = false;
  /// PEM. The certificate must name `host`.
  std::string ca_file;
  /// A file with only the token, which only its owner may read (0600). A renewed token is stored there.
  std::string token_file;
  /// The token itself. It is renewed, too, and lost with the process unless `on_new_token` stores it.
  std::string token;

  // --- skills and messages

  /// The class of skills whose signature does not name one: `play(name: str)`.
  std::string class_name = "SpokeSkill";
  /// Calls that run at once, each on a thread of its own (1 … 64).
  std::size_t calls_running_max = 4;
  /// Calls that wait for their turn; further ones are refused (0 … 10 000).
  std::size_t calls_waiting_max = 64;
  /// Where `keep()` stores messages until the hub has them. Empty: `offline.jsonl` in the connect directory or beside
  /// the token file; without those `keep()` fails.
  std::string offline_file;

  // --- callbacks

  /// Gets one line, without its end, and never with a token. Called on threads of the library: must not block, nor call
  /// the Spoke. Empty: standard error.
  std::function<void(LogLevel level, const std::string& line)> log;
  /// Called when the hub knows the skills: after each connection and each time that the hub has come back. On a thread
  /// of the library: must not block.
  std::function<void()> on_ready;
  /// Called when the token that was given as `token` has been renewed. On a thread of the library.
  std::function<void(const std::string& token)> on_new_token;

  // --- times

  /// How long a request waits for its answer, including the connection, unless it has a timeout of its own.
  std::chrono::milliseconds timeout{30'000};
  /// The pause between two attempts to connect doubles from `retry_min` to `retry_max`.
  std::chrono::milliseconds retry_min{500};
  std::chrono::milliseconds retry_max{30'000};
  std::chrono::milliseconds connect_timeout{10'000};
  /// The hub drops skills without a heartbeat for 30 minutes.
  std::chrono::milliseconds heartbeat_every{600'000};
  std::chrono::seconds keep_alive{30};
};

}  // namespace v0
}  // namespace strawberry
