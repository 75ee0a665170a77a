#include "cli/spoke/discovery_run/device_files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/files.h"
#include "cli/text.h"
#include "common/identity/token.h"
#include "common/text/ids.h"
#include "common/text/private_file.h"

namespace strawberry::cli::discovery {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr std::size_t identities_max = 64;
constexpr const char* lock_name = "lock";
constexpr const char* file_ending = ".json";

struct StoredDevice {
  KnownDevice device;
  std::string user_id;
  std::string token;
};

tl::unexpected<CliError> unusable(const std::string& path, const std::string& why) {
  return cli_error(ExitCode::local, "device file " + path + " " + printable(why, 200));
}

std::optional<StoredDevice> parse_device(std::string_view text) {
  const auto value = parse_json(text);
  if (!value || !value->is_object()) return std::nullopt;
  const auto string = [&](const char* name) { return text_member(*value, name); };
  StoredDevice stored{{string("device_id"), string("name"), {}}, string("user_id"), string("token")};
  const auto identities = value->find("identities");
  if (identities == value->end() || !identities->is_array() || identities->empty()) return std::nullopt;
  for (const json& one : *identities) {
    if (!one.is_string()) return std::nullopt;
    stored.device.identities.push_back(one.get<std::string>());
  }
  const bool has_token = !stored.token.empty() && stored.token.size() <= token_bytes_max;
  if (!is_valid_id(stored.device.device_id) || !is_valid_id(stored.user_id) || !has_token) return std::nullopt;
  return stored;
}

std::string text_of(const KnownDevice& device, const std::string& user_id, const std::string& token) {
  json value{{"device_id", device.device_id}, {"user_id", user_id}, {"name", device.name}, {"token", token}};
  value["identities"] = json::array();
  for (const std::string& identity : device.identities) {
    if (value["identities"].size() == identities_max) break;
    value["identities"].push_back(identity);
  }
  return to_text(value) + "\n";
}

/// Uses the directory only if no other user may have written to it or can enter it.
Outcome<void> use_directory(const std::string& directory) {
  struct stat info {};
  if (::stat(directory.c_str(), &info) == 0 && S_ISDIR(info.st_mode) && (info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return cli_error(ExitCode::local, "the directory of tokens may be entered by other users: " + directory +
                                          " (chmod 700 it, or choose another --state-dir)");
  }
  auto made = make_private_directory(directory);
  if (!made) return tl::unexpected(made.error());
  return {};
}

}  // namespace

std::string default_state_directory(const std::string& user_id) {
  const auto from = [](const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && value[0] == '/' ? fs::path(value) : fs::path();
  };
  fs::path base = from("XDG_STATE_HOME");
  if (base.empty() && !from("HOME").empty()) base = from("HOME") / ".local" / "state";
  return base.empty() ? std::string() : (base / "strawberry" / ("discovery-" + user_id)).string();
}

DeviceFiles::DeviceFiles(std::string directory, std::string user_id, FileDescriptor lock)
    : directory_(std::move(directory)), user_id_(std::move(user_id)), lock_(std::move(lock)) {}

Outcome<std::unique_ptr<DeviceFiles>> DeviceFiles::open(const std::string& directory, const std::string& user_id) {
  if (auto usable = use_directory(directory); !usable) return tl::unexpected(usable.error());
  const std::string lock_path = (fs::path(directory) / lock_name).string();
  FileDescriptor lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock.is_open()) return cli_error(ExitCode::local, "cannot use " + lock_path + ": " + std::strerror(errno));
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return cli_error(ExitCode::local, "another 'strawberryctl spoke --discovery' uses " + directory +
                                          " (end that one, or choose another --state-dir)");
  }
  std::unique_ptr<DeviceFiles> files(new DeviceFiles(directory, user_id, std::move(lock)));
  if (auto read = files->read_all(); !read) return tl::unexpected(read.error());
  return files;
}

Outcome<void> DeviceFiles::read_all() {
  std::error_code error;
  std::size_t count = 0;
  for (fs::directory_iterator file(directory_, error), end; !error && file != end; file.increment(error)) {
    if (file->path().extension() != file_ending) continue;
    if (++count > files_max) {
      return cli_error(ExitCode::local, "too many files in " + directory_ + ": more than " + std::to_string(files_max) +
                                            " (remove those of devices that are gone)");
    }
    if (auto read = this->read(file->path().string()); !read) return read;
  }
  if (error) return cli_error(ExitCode::local, "cannot read " + directory_ + ": " + error.message());
  return {};
}

Outcome<void> DeviceFiles::read(const std::string& path) {
  auto file = read_private_file(path, file_bytes_max);
  if (!file) {
    problems_.push_back(unusable(path, file.error().message).value().message + "; its device stays away until then");
    // Other users may have its token, so it is not used; but the device must not be taken for a new one.
    const auto content = read_file(path);
    if (const auto stored = content ? parse_device(*content) : std::nullopt) remember(stored->device);
    return {};
  }
  auto stored = parse_device(file->content);
  if (!stored) {
    problems_.push_back(
        unusable(path, "is not understood (remove it: its device is registered again)").value().message);
    return {};
  }
  if (stored->user_id != user_id_) {
    return cli_error(ExitCode::local, "device file " + path + " is of the user " + in_quotes(stored->user_id, 64) +
                                          ", not of " + in_quotes(user_id_, 64) + " (choose another --state-dir)");
  }
  remember(stored->device);
  return {};
}

void DeviceFiles::remember(const KnownDevice& device) {
  for (const std::string& identity : device.identities) by_identity_[identity] = device.device_id;
  devices_[device.device_id] = device;
}

std::optional<KnownDevice> DeviceFiles::find(const std::vector<std::string>& identities) const {
  for (const std::string& identity : identities) {
    const auto found = by_identity_.find(identity);
    if (found != by_identity_.end()) return devices_.at(found->second);
  }
  return std::nullopt;
}

std::string DeviceFiles::path_of(const std::string& device_id) const {
  return (fs::path(directory_) / (device_id + file_ending)).string();
}

Outcome<std::string> DeviceFiles::token(const std::string& device_id) const {
  const std::string path = path_of(device_id);
  auto file = read_private_file(path, file_bytes_max);
  if (!file) return unusable(path, file.error().message);
  auto stored = parse_device(file->content);
  if (!stored || stored->device.device_id != device_id) return unusable(path, "is not understood (remove it)");
  return std::move(stored->token);
}

Outcome<void> DeviceFiles::put(const KnownDevice& device, const std::string& token) {
  const std::string path = path_of(device.device_id);
  if (!put_private_file(path, text_of(device, user_id_, token), /*replaces=*/true))
    return cli_error(ExitCode::local, "cannot write " + path + ": " + std::strerror(errno));
  remember(device);
  return {};
}

Outcome<void> DeviceFiles::replace_token(const std::string& device_id, const std::string& token) {
  const auto device = devices_.find(device_id);
  if (device == devices_.end()) return unusable(path_of(device_id), "is not known");
  return put(device->second, token);
}

}  // namespace strawberry::cli::discovery
