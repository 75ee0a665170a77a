#include "cli/known_devices.h"

#include <set>

#include "cli/text.h"
#include "common/contract/device_name.h"

namespace strawberry::cli {
namespace {

constexpr std::size_t device_text_bytes_max = 200;

}  // namespace

std::vector<KnownDevice> known_devices(const DeviceDirectory& directory) {
  std::vector<KnownDevice> devices;
  for (const DeviceRecord* record : directory.all()) {
    devices.push_back({record->device_id, record->name, record->user_id, record->is_active, record->tokens_valid_from});
  }
  return devices;
}

std::vector<KnownDevice> known_devices(const nlohmann::json& listed) {
  std::vector<KnownDevice> devices;
  for (const auto& entry : listed.value("devices", nlohmann::json::array())) {
    devices.push_back({show_member(entry, "device_id", device_text_bytes_max),
                       show_member(entry, "name", device_text_bytes_max),
                       show_member(entry, "user_id", device_text_bytes_max),
                       is_true(entry, "is_active"),
                       {}});
  }
  return devices;
}

Outcome<KnownDevice> find_device(const std::vector<KnownDevice>& devices, const std::string& id_or_name,
                                 const std::string& user) {
  const std::string name = normalize_device_name(id_or_name);
  std::vector<const KnownDevice*> named;
  std::set<std::string> candidates;
  for (const KnownDevice& device : devices) {
    if (!user.empty() && device.user != user) continue;
    if (device.id == id_or_name) return device;
    if (name.empty() || normalize_device_name(device.name) != name) continue;
    named.push_back(&device);
    candidates.insert(device.id + " (" + device.user + ")");
  }
  const std::string shown = in_quotes(id_or_name);
  if (named.empty()) {
    return cli_error(ExitCode::usage, "there is no device " + shown + ": see 'strawberryctl device list'");
  }
  if (named.size() > 1) {
    return cli_error(ExitCode::usage,
                     "several devices are called " + shown + ", name one by its id: " + first_of(candidates));
  }
  return *named.front();
}

}  // namespace strawberry::cli
