#include "cli/device_lookup.h"

#include <utility>

#include "cli/connect_directory.h"
#include "cli/text.h"

namespace strawberry::cli {

using nlohmann::json;

Outcome<json> listed_devices(const CommandLine& line, const std::string& user, const json& filter) {
  const auto login = line.login();
  if (!login) return tl::unexpected(login.error());
  const auto check = [&]() -> Outcome<void> {
    return user.empty() || *login ? Outcome<void>() : check_user(line.data_dir(), user);
  };
  json body{{"op", "list"}};
  body.update(filter);
  if (!user.empty()) {
    if (auto known = is_valid_id(user) ? Outcome<void>() : check(); !known) return tl::unexpected(known.error());
    body["user_id"] = user;
  }
  auto result = ask_hub(line, admin(), Service::devices, std::move(body));
  const bool is_empty = result ? filter.empty() && result->value("devices", json::array()).empty()
                               : result.error().code == ExitCode::unreachable;
  if (auto known = is_empty ? check() : Outcome<void>(); !known) return tl::unexpected(known.error());
  return result;
}

Outcome<KnownDevice> found_device(const CommandLine& line, const std::string& device, const std::string& user) {
  auto listed = listed_devices(line, user);
  if (listed) return find_device(known_devices(*listed), device, user);
  listed.error().is_sent = false;  // it was only a question
  if (listed.error().code != ExitCode::unreachable) return tl::unexpected(listed.error());
  auto directory = open_directory(line.data_dir());
  if (!directory) return tl::unexpected(listed.error());
  return find_device(known_devices(**directory), device, user);
}

std::string shown(const KnownDevice& device) { return printable(device.name, 128) + " (" + device.id + ")"; }

}  // namespace strawberry::cli
