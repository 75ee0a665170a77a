#include "cli/doctor/judgements.h"

namespace strawberry::cli {

/// There need not be one: then nothing is said.
Maybe web_door(const Facts& f) {
  constexpr const char* name = "web door";
  constexpr int healthy = 200;
  const WebDoorFacts& door = f.web_door;
  if (door.file.empty()) return std::nullopt;
  const std::string todo = f.is_package
                               ? "see journalctl -u strawberry-gateway -n 20, then systemctl restart strawberry-gateway"
                               : "see its log: tail " + shell_word(f.data_dir + "/log/gateway.log") +
                                     "; if there should be none: rm " + shell_word(door.file);
  if (door.url.empty()) return bad(name, door.file + " does not say where on this machine it is", todo);
  if (!door.is_listening) return bad(name, door.file + " says " + door.url + ", and nothing listens there", todo);
  if (door.has_ended_certificate) {
    return bad(name, door.url + ": its certificate has expired",
               f.is_package ? "renew the files that certificate_file and key_file in /etc/strawberry/gateway.toml name"
                            : "start the hub again: " + f.run);
  }
  if (door.status == healthy) return good(name, door.url);
  const std::string answer = door.status == 0 ? "without an answer in HTTP" : "status " + std::to_string(door.status);
  return bad(name, door.url + "/health: " + answer, todo);
}

}  // namespace strawberry::cli
