/// The devices that were registered with the hub for those that a broker announces, with their identities and tokens. A
/// directory that only its owner can enter has a file `<device id>.json` for each device, so that a device that comes
/// back, also after a restart of this process, is still the same device of the hub.
///
/// Threading: one thread; the directory is locked by one process.   Lifetime: the lock ends with the object.
/// Errors: CliError, naming the file, never with a token. An unusable file is a line of problems(), and its device is
/// not touched if the file still names it.   Bounds: files_max files of file_bytes_max bytes.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/outcome.h"
#include "common/text/file_descriptor.h"

namespace strawberry::cli::discovery {

struct KnownDevice {
  std::string device_id;                // the hub's
  std::string name;                     // the name of its last registration
  std::vector<std::string> identities;  // DiscoveredDevice's
};

class DeviceFiles {
 public:
  static constexpr std::size_t files_max = 10'000;
  static constexpr std::size_t file_bytes_max = 32 * 1024;

  /// Makes `directory` when it is missing. Its devices must be `user_id`'s; those of another user are an error.
  static Outcome<std::unique_ptr<DeviceFiles>> open(const std::string& directory, const std::string& user_id);

  /// Returns the problems with files of the directory, one a line.
  const std::vector<std::string>& problems() const { return problems_; }
  std::size_t size() const { return devices_.size(); }
  /// Returns the device that has one of these identities; nullopt when there is none.
  std::optional<KnownDevice> find(const std::vector<std::string>& identities) const;
  /// Reads the file each time: it may have been replaced by hand.
  Outcome<std::string> token(const std::string& device_id) const;
  /// Stores a new device, or the new data of a known one, with a token.
  Outcome<void> put(const KnownDevice& device, const std::string& token);
  Outcome<void> replace_token(const std::string& device_id, const std::string& token);
  std::string path_of(const std::string& device_id) const;

 private:
  DeviceFiles(std::string directory, std::string user_id, FileDescriptor lock);
  Outcome<void> read_all();
  Outcome<void> read(const std::string& path);
  void remember(const KnownDevice& device);

  const std::string directory_;
  const std::string user_id_;
  const FileDescriptor lock_;
  std::map<std::string, KnownDevice> devices_;      // by the hub's id
  std::map<std::string, std::string> by_identity_;  // the hub's id
  std::vector<std::string> problems_;
};

/// Returns $XDG_STATE_HOME/strawberry/discovery-USER, else below ~/.local/state. Empty when there is no home.
std::string default_state_directory(const std::string& user_id);

}  // namespace strawberry::cli::discovery
