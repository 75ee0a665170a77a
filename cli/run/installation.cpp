#include "cli/run/installation.h"

#include <unistd.h>

#include <vector>

#include "cli/text.h"

namespace strawberry::cli {
namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) {
  std::error_code missing;
  return fs::exists(path, missing);
}

std::string find_program(const std::string& name, std::string_view search_path) {
  while (true) {
    const std::string_view directory = search_path.substr(0, search_path.find(':'));
    const fs::path path = fs::path(directory) / name;
    if (!directory.empty() && ::access(path.c_str(), X_OK) == 0) return path;
    if (directory.size() == search_path.size()) return "";
    search_path.remove_prefix(directory.size() + 1);
  }
}

}  // namespace

Outcome<Installation> find_installation(const fs::path& program, std::string_view search_path, bool demo) {
  const fs::path bin = program.parent_path();
  const fs::path top = bin.parent_path();
  Installation found;
  found.ctl = program;
  found.bridge = bin / "strawberry-bridge";
  found.gateway = bin / "strawberry-gateway";
  if (demo) found.demo = bin / "strawberry-demo";
  const fs::path installed_plugin = top / "lib" / "strawberry" / "strawberry_auth.so";
  found.plugin = is_there(installed_plugin) ? installed_plugin : top / "lib" / "strawberry_auth.so";
  found.patterns = top / "share" / "strawberry";
  found.certificates = found.patterns / "certificates";
  found.broker = find_program("mosquitto", std::string(search_path) + ":/usr/sbin");
  if (found.broker.empty()) {
    return cli_error(ExitCode::refused,
                     "there is no mosquitto (install it: scripts/setup, or apt-get install mosquitto)");
  }
  std::vector<std::string> needed{found.bridge, found.gateway, found.plugin, found.certificates};
  if (demo) needed.push_back(found.demo);
  for (const char* name : {"mosquitto.conf", "mosquitto-tls.conf", "bridge.toml", "gateway.toml"}) {
    needed.push_back(found.patterns / name);
  }
  for (const std::string& file : needed) {
    if (!is_there(file)) {
      return cli_error(ExitCode::refused,
                       "there is no " + printable(file, 400) + " (build it, or install the whole package)");
    }
  }
  return found;
}

}  // namespace strawberry::cli
