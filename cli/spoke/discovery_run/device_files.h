/// The devices that were registered with the hub for what a broker announces: which is which, and their tokens. A
/// directory that only its owner can enter, with a file `<device id>.json` for each device, so that a device that comes
/// back, and this process after a restart, are the devices they were before.
///
/// Threading: one thread; one process a directory, which is locked.   Lifetime: the lock ends with the object.
/// Errors: CliError, naming the file, never with a token. A file that cannot be used is a line of problems(), and its
/// device is left alone where the file still says which one it is.   Bounds: files_max files of file_bytes_max bytes.
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
  std::string name;                     // that it was last registered with
  std::vector<std::string> identities;  // DiscoveredDevice's
};

class DeviceFiles {
 public:
  static constexpr std::size_t files_max = 10'000;
  static constexpr std::size_t file_bytes_max = 32 * 1024;

  /// Makes `directory` when there is none. Its devices are `user_id`'s; those of somebody else are an error.
  static Outcome<std::unique_ptr<DeviceFiles>> open(const std::string& directory, const std::string& user_id);

  /// What is wrong with files of the directory, in lines.
  const std::vector<std::string>& problems() const { return problems_; }
  std::size_t size() const { return devices_.size(); }
  /// The device that has one of these identities; nothing when there is none.
  std::optional<KnownDevice> find(const std::vector<std::string>& identities) const;
  /// Read again each time: it may have been replaced by hand.
  Outcome<std::string> token(const std::string& device_id) const;
  /// A new device, or what is known of one now, with a token.
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

/// $XDG_STATE_HOME/strawberry/discovery-USER, else below ~/.local/state. Empty when there is no home.
std::string default_state_directory(const std::string& user_id);

}  // namespace strawberry::cli::discovery
