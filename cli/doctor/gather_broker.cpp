/// Examines the program that listens where the broker should: its answers, and its process.
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/doctor/gather.h"
#include "cli/ports.h"
#include "cli/text.h"
#include "common/contract/broker_socket.h"
#include "common/runtime/mqtt/mosquitto_client.h"

namespace strawberry::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t processes_max = 20'000;
constexpr std::chrono::milliseconds knock_timeout{2'000};

/// The result of one attempt to connect without a token.
struct Knock {
  bool is_accepted = false;
  std::string problem;  // for people
  MosquittoClient::Loss loss;
};

Task<Outcome<void>> come_and_go(MosquittoClient& client, OneShot<bool>& is_over) {
  co_await is_over.wait();
  co_await client.stop();
  co_return Outcome<void>{};
}

Knock knock(const BrokerFacts& broker, std::optional<MosquittoClient::Tls> tls) {
  asio::io_context loop;
  MosquittoClient::Options options;
  options.host = broker.host;
  options.port = broker.port;
  options.tls = std::move(tls);
  options.client_id = doctor_client_id;
  options.connect_timeout = knock_timeout;
  options.connect_once = true;
  MosquittoClient client(loop, std::move(options));
  OneShot<bool> is_over(loop.get_executor());
  Knock knock;
  MqttClient::Handlers handlers;
  handlers.on_ready = [&] { knock.is_accepted = is_over.set(true); };
  handlers.on_lost = [&](const std::string& reason) {
    if (!is_over.set(true)) return;
    knock.problem = reason;
    knock.loss = client.loss();
  };
  handlers.on_message = [](MqttMessage) {};
  client.start({}, std::move(handlers));
  (void)run(loop, come_and_go(client, is_over));
  return knock;
}

LoginResult result_of(const Knock& knock) {
  if (knock.is_accepted) return LoginResult::accepted;
  if (knock.loss.code != 0) return LoginResult::refused;
  return knock.loss.is_not_mqtt ? LoginResult::not_mqtt : LoginResult::no_answer;
}

/// Returns whether the server speaks TLS although it was contacted without: with a certificate that is trusted or not.
bool speaks_tls(const BrokerFacts& broker) {
  const Knock answer = knock(broker, MosquittoClient::Tls{});
  const bool has_refused_certificate = answer.loss.tls != TlsTrouble::none && answer.loss.tls != TlsTrouble::no_tls &&
                                       answer.loss.tls != TlsTrouble::ca_file;
  return answer.is_accepted || answer.loss.code != 0 || has_refused_certificate;
}

std::optional<std::uint64_t> files_max_of(const fs::path& process) {
  constexpr std::string_view name = "Max open files";
  std::ifstream limits(process / "limits");
  for (std::string line; std::getline(limits, line);) {
    std::uint64_t soft = 0;
    if (line.starts_with(name) && std::istringstream(line.substr(name.size())) >> soft) return soft;
  }
  return std::nullopt;
}

void look_for_listener(BrokerFacts& broker) {
  if (!is_this_machine(broker.host)) return;
  const auto sockets = listening_sockets(broker.port);
  if (sockets.empty()) return;
  std::size_t seen = 0;
  std::error_code failed;
  for (auto entry = fs::directory_iterator("/proc", failed); !failed && entry != fs::directory_iterator();
       entry.increment(failed)) {
    const std::string pid = entry->path().filename();
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    if (++seen > processes_max) return;
    if (!has_one_of(entry->path(), sockets).value_or(false)) continue;
    std::string name;
    std::getline(std::ifstream(entry->path() / "comm") >> std::ws, name);
    broker.program = printable(name, 64) + " (process " + pid + ")";
    broker.files_max = files_max_of(entry->path());
    return;
  }
}

}  // namespace

void knock_at_broker(BrokerFacts& broker) {
  std::optional<MosquittoClient::Tls> tls;
  if (broker.tls) tls = MosquittoClient::Tls{broker.ca_file, {}};
  const Knock answer = knock(broker, std::move(tls));
  if (answer.loss.is_host_unknown) broker.host_problem = answer.problem;
  // With an unusable CA file no connection was attempted.
  broker.is_listening = answer.is_accepted || answer.loss.was_reached || answer.loss.tls == TlsTrouble::ca_file;
  if (!broker.is_listening) return;
  broker.tls_trouble = answer.loss.tls;
  if (broker.tls_trouble != TlsTrouble::none) {
    broker.tls_problem = answer.problem;
  } else {
    broker.anonymous = result_of(answer);
    const bool is_mqtt = answer.is_accepted || answer.loss.code != 0;
    if (!is_mqtt && !broker.tls && speaks_tls(broker)) broker.anonymous = LoginResult::speaks_tls;
  }
  look_for_listener(broker);
}

void try_socket(SocketFacts& socket) {
  if (socket.path.empty()) return;
  socket.file = look(socket.path, W_OK);
  struct stat info {};
  socket.is_socket = ::stat(socket.path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode);
  if (!socket.is_socket || socket.path.size() > broker_socket_bytes_max) return;
  const int error = errno_of_broker_socket(socket.path);
  socket.is_listening = error == 0 || error == EAGAIN;
  socket.is_stale = error == ECONNREFUSED;
  if (!socket.is_listening) socket.problem = std::strerror(error);
}

}  // namespace strawberry::cli
