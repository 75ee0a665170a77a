#include "cli/data_files.h"

#include <algorithm>
#include <array>

namespace strawberry::cli {

bool is_hubs_own(std::string_view name) {
  constexpr std::array<std::string_view, 19> files{
      "hub.db",        "keys.json",   "admin.token",   "bridge.toml",  "endpoint",     "bridge.lock", "mosquitto.conf",
      "mosquitto.db",  "broker.sock", "run.lock",      "run.fifo",     "broker.pid",   "bridge.pid",  "demo.pid",
      "mosquitto.pid", "gateway.pid", "http-endpoint", "gateway.toml", "gateway.token"};
  constexpr std::array<std::string_view, 4> directories{"tls", "log", "clients", "demo"};
  const auto is = [name](std::string_view own) { return name == own; };
  // hub.db-wal, keys.json.1b9d6bcd-…, mosquitto.db.new
  const auto is_beside = [name](std::string_view own) {
    return name.size() > own.size() && name.starts_with(own) && (name[own.size()] == '-' || name[own.size()] == '.');
  };
  return std::any_of(directories.begin(), directories.end(), is) || std::any_of(files.begin(), files.end(), is) ||
         std::any_of(files.begin(), files.end(), is_beside);
}

}  // namespace strawberry::cli
