/// `strawberryctl backup`: keys, database and configuration in one file, as they are at one moment. A running hub goes
/// on.
#include <fcntl.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <utility>

#include "bridge/adapters/sqlite/database.h"
#include "cli/archive.h"
#include "cli/command_line.h"
#include "cli/text.h"
#include "common/text/file_descriptor.h"
#include "common/text/ids.h"
#include "common/text/private_file.h"

namespace strawberry::cli {
namespace {

namespace fs = std::filesystem;

struct BackupOptions {
  std::string file;
  std::string config;
};

/// A file of ours for a moment, mode 0600, with what SQLite puts beside it.
class Scratch {
 public:
  explicit Scratch(fs::path path) : path_(std::move(path)) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    for (const char* suffix : {"", "-journal", "-wal", "-shm"}) ::unlink((path_.string() + suffix).c_str());
  }
  const fs::path& path() const { return path_; }
  bool make() const {
    return FileDescriptor(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)).is_open();
  }

 private:
  fs::path path_;
};

/// `name` of scripts/run; else, for the package's data, that of the package; else none.
std::string config_file(const DataDir& dir, const std::string& name) {
  std::error_code missing;
  if (fs::exists(dir.path / name, missing)) return dir.path / name;
  const std::string installed = "/etc/strawberry/" + name;
  return dir.path == package_data_dir && fs::exists(installed, missing) ? installed : "";
}

Outcome<void> add_keys(const DataDir& dir, ArchiveWriter& archive) {
  if (auto usable = load_keys(dir); !usable) return tl::unexpected(usable.error());
  auto keys = read_private_file(dir.keys(), KeySet::file_bytes_max);
  if (!keys) return cli_error(ExitCode::local, "key file " + dir.keys() + " " + keys.error().message);
  return archive.add("keys.json", keys->content);
}

Outcome<void> back_up(const CommandLine& line, const BackupOptions& options) {
  const DataDir dir = line.data_dir();
  auto archive = ArchiveWriter::create(options.file);
  if (!archive) return tl::unexpected(archive.error());
  if (auto added = add_keys(dir, *archive); !added) return added;

  const Scratch copy(options.file + "." + new_id());
  if (!copy.make()) return cli_error(ExitCode::local, "cannot write " + options.file + ": " + std::strerror(errno));
  if (auto copied = bridge::copy_database(dir.database(), copy.path()); !copied) {
    return cli_error(ExitCode::local, printable(copied.error().message, 400));
  }
  if (auto added = archive->add_file("hub.db", copy.path()); !added) return added;
  const std::string config = options.config.empty() ? config_file(dir, "bridge.toml") : options.config;
  const std::string gateway_config = config_file(dir, "gateway.toml");
  for (const auto& [name, file] : {std::pair("bridge.toml", config), std::pair("gateway.toml", gateway_config)}) {
    if (file.empty()) continue;
    if (auto added = archive->add_file(name, file); !added) return added;
  }
  if (auto finished = archive->finish(); !finished) return finished;
  if (line.json) {
    std::cout << nlohmann::json{{"file", options.file}, {"config", config}, {"gateway_config", gateway_config}}.dump()
              << "\n";
  } else {
    std::cout << "wrote " << options.file << " (mode 0600): keys, database" << (config.empty() ? "" : ", ") << config
              << (gateway_config.empty() ? "" : ", ") << gateway_config
              << "\nWhoever has this file can be the hub: keep it as you would keep the keys.\n";
  }
  return {};
}

}  // namespace

void add_backup_command(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<BackupOptions>();
  CLI::App* command = add_command(app, "backup", "Write keys, database and configuration to one new file",
                                  "strawberryctl backup hub-monday.tar");
  command->add_option("FILE", options->file, "The file to write (mode 0600); one that exists is not overwritten")
      ->required();
  command->add_option("--config", options->config, "The bridge.toml to save; default: the hub's own");
  command->callback([&line, options] { line.action = [&line, options] { return back_up(line, *options); }; });
}

}  // namespace strawberry::cli
