/// What a Spoke is told: where the hub is, which token it has, and how much it may do at once.
///
/// Plain data. The shortest: `SpokeOptions options; options.connect_directory = "var/lamp";`, which is what
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
  // --- where and who: a directory, or the rest
  // ------------------------------------------------------------------------

  /// Host, port, device id, token and CA, as `device add --mosquitto DIR` wrote them. A renewed token is put there.
  std::string connect_directory;

  /// Empty: the directory's, else 127.0.0.1.
  std::string host;
  /// 0: the directory's, else 1883, with TLS 8883.
  std::uint16_t port = 0;
  /// TLS with the CAs that this system trusts. A `ca_file` means TLS, too.
  bool tls = false;
  /// PEM. The certificate must name `host`.
  std::string ca_file;
  /// A file with the token alone, which only its owner may read (0600). A renewed token is put there.
  std::string token_file;
  /// The token itself. It is renewed, too, and lost with the process unless `on_new_token` keeps it.
  std::string token;

  // --- what it does
  // ---------------------------------------------------------------------------------------------------

  /// The class of skills whose signature does not name one: `play(name: str)`.
  std::string class_name = "SpokeSkill";
  /// Calls that run at once, each on a thread of its own (1 … 64).
  std::size_t calls_running_max = 4;
  /// Calls that wait for their turn; the rest is refused (0 … 10 000).
  std::size_t calls_waiting_max = 64;
  /// Where `keep()` puts what was said until the hub has it. Empty: `offline.jsonl` in the connect directory or beside
  /// the token file, and without those `keep()` fails.
  std::string offline_file;

  // --- who is told
  // ----------------------------------------------------------------------------------------------------

  /// One line, without its end, and never with a token. From threads of the library: must not block, nor call the
  /// Spoke. Empty: standard error.
  std::function<void(LogLevel level, const std::string& line)> log;
  /// The hub knows the skills: after each connection and each time that the hub has come back. From a thread of the
  /// library: must not block.
  std::function<void()> on_ready;
  /// The token that was given as `token` has been renewed. From a thread of the library.
  std::function<void(const std::string& token)> on_new_token;

  // --- times
  // ----------------------------------------------------------------------------------------------------------

  /// How long a request waits for its answer, the connection included, unless it says otherwise.
  std::chrono::milliseconds timeout{30'000};
  /// The pause between two attempts to connect doubles from `retry_min` to `retry_max`.
  std::chrono::milliseconds retry_min{500};
  std::chrono::milliseconds retry_max{30'000};
  std::chrono::milliseconds connect_timeout{10'000};
  /// Skills that are not heard of for 30 minutes expire.
  std::chrono::milliseconds heartbeat_every{600'000};
  std::chrono::seconds keep_alive{30};
};

}  // namespace v0
}  // namespace strawberry
