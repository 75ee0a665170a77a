#include "cli/doctor/judgements.h"
#include "common/contract/broker_socket.h"

namespace strawberry::cli {
namespace {

constexpr const char* check_name = "Unix socket";
constexpr const char* slower = ": programs on this machine use TCP, which is slower";
constexpr unsigned others_may_write = 02;

std::string listen_there(const Facts& f) {
  return "write 'listener 0 " + f.socket.path + "' into " +
         (f.config.path.empty() ? "the broker's configuration" : f.config.path) + ", above its other listeners, then " +
         restart_broker(f);
}

}  // namespace

Maybe socket(const Facts& f) {
  const SocketFacts& s = f.socket;
  if (s.path.empty() || !f.data_dir_file.problem.empty()) return std::nullopt;
  if (s.path.size() > broker_socket_bytes_max) {
    return warn(check_name,
                "the path " + s.path + " has more than " + std::to_string(broker_socket_bytes_max) + " bytes" + slower,
                "choose a shorter --data-dir");
  }
  const bool is_running = f.broker.is_listening || s.is_listening;
  if (!is_running) return std::nullopt;  // that is said of the broker
  if (!s.file.exists) return warn(check_name, "there is no " + s.path + slower, listen_there(f));
  if (!s.is_socket) {
    return warn(check_name, s.path + " is no socket" + slower, "move that file away, then " + restart_broker(f));
  }
  if (is_permission_denied(s.file)) {
    return warn(
        check_name, s.path + " may not be used by this user (mode " + octal(s.file.mode) + ")" + slower,
        f.is_package ? "come as root, or as a member of the group strawberry" : "come as the user who runs the hub");
  }
  if (s.is_stale) {
    return warn(check_name,
                s.path + " is left from a broker that was killed, and the one that runs does not listen there" + slower,
                listen_there(f));
  }
  if (!s.is_listening)
    return warn(check_name, s.path + ": " + s.problem + slower, "see its log: " + show_broker_log(f));
  if ((s.file.mode & others_may_write) != 0) {
    return warn(check_name, s.path + " is open to every user of this machine (mode " + octal(s.file.mode) + ")",
                "chmod 660 " + shell_word(s.path));
  }
  return good(check_name, s.path);
}

}  // namespace strawberry::cli
