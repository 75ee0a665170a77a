/// `strawberryctl restore`: restores a data directory from a backup. Everything is checked before anything is changed;
/// then the new directory and the old one are exchanged in one step, and the old one is kept.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <iostream>
#include <optional>
#include <vector>

#include "bridge/adapters/sqlite/database.h"
#include "bridge/adapters/sqlite/kept_revocations.h"
#include "cli/archive.h"
#include "cli/command_line.h"
#include "cli/copy_tree.h"
#include "cli/data_files.h"
#include "cli/text.h"
#include "common/identity/data_lock.h"
#include "common/text/file_descriptor.h"
#include "common/text/ids.h"

namespace strawberry::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t key_name_shown_max = 128;
/// The directory of copies that users made themselves: it is not in a backup, and is kept by a restore.
constexpr std::string_view users_backups = "backups";

tl::unexpected<CliError> cannot(const std::string& what, const fs::path& path) {
  return cli_error(ExitCode::local, "cannot " + what + " " + path.string() + ": " + std::strerror(errno));
}

/// The new directory; deleted with the object unless it was put in place.
class Stage {
 public:
  explicit Stage(fs::path path) : dir_{std::move(path)} {}
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;
  ~Stage() {
    std::error_code ignored;
    if (!is_kept_) fs::remove_all(dir_.path, ignored);
  }
  const DataDir& dir() const { return dir_; }
  bool rename_to(const fs::path& path) {
    if (::renameat2(AT_FDCWD, dir_.path.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) != 0) return false;
    dir_.path = path;
    return true;
  }
  void keep() { is_kept_ = true; }

 private:
  DataDir dir_;
  bool is_kept_ = false;
};

/// True for a hub's directory or an unused name: other directories are not put aside by mistake.
bool may_be_replaced(const DataDir& dir) {
  std::error_code error;
  return fs::exists(dir.database(), error) || fs::exists(dir.keys(), error) || fs::is_empty(dir.path, error);
}

Outcome<void> fill(const Stage& stage, const std::string& file) {
  if (::mkdir(stage.dir().path.c_str(), 0700) != 0) return cannot("create", stage.dir().path);
  if (auto extracted = extract_archive(file, stage.dir().path); !extracted) return extracted;
  auto checked = bridge::check_database(stage.dir().database());
  if (!checked)
    return cli_error(ExitCode::local, "cannot use " + file + ": " + printable(checked.error().message, 400));
  auto keys = load_keys(stage.dir());
  if (!keys) return cli_error(ExitCode::local, "cannot use " + file + ": " + keys.error().message);
  return write_admin_token(stage.dir(), *keys);
}

/// Returns true when there was anything to take over. Fails if the database cannot be read: only the admin may decide
/// that principals revoked since the backup come back.
Outcome<bool> keep_what_was_revoked(const DataDir& replaced, const DataDir& stage) {
  std::error_code error;
  const fs::file_status there = fs::symlink_status(replaced.database(), error);
  if (there.type() == fs::file_type::not_found) return false;
  auto kept = bridge::keep_revocations(replaced.database(), stage.database(), to_unix_ms(SystemClock().wall_now()));
  if (kept) return true;
  return cli_error(ExitCode::local,
                   printable(kept.error().message, 400) +
                       ": so what was revoked since the backup is not known; --revive-tokens restores all the same");
}

/// Returns the names of keys that the replaced data did not have. It is unknown whether they were retired or never
/// there.
std::vector<std::string> keys_that_come_back(const DataDir& replaced, const DataDir& stage) {
  std::vector<std::string> names;
  const auto old = load_keys(replaced);
  const auto restored = load_keys(stage);
  if (!old || !restored) return names;
  for (const Key& key : restored->keys()) {
    const auto is_same = [&key](const Key& other) { return other.fingerprint() == key.fingerprint(); };
    const auto& before = old->keys();
    if (std::none_of(before.begin(), before.end(), is_same)) names.push_back(key.kid());
  }
  return names;
}

/// Sets the owners and modes of the directory that is replaced.
Outcome<void> dress(const DataDir& stage, const struct stat& old) {
  const auto give = [&old](const fs::path& path) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) return false;
    return (info.st_uid == old.st_uid && info.st_gid == old.st_gid) ||
           ::lchown(path.c_str(), old.st_uid, old.st_gid) == 0;
  };
  for (const auto& file : fs::recursive_directory_iterator(stage.path)) {
    if (!give(file.path())) return cannot("chown", file.path());
  }
  if (!give(stage.path)) return cannot("chown", stage.path);
  if (::chmod(stage.path.c_str(), old.st_mode & 07777) != 0) return cannot("chmod", stage.path);
  return share_with_group(stage);
}

Outcome<void> put_on_disk(const fs::path& directory) {
  const FileDescriptor file(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file.is_open() || ::syncfs(file.get()) != 0) return cannot("write", directory);
  return {};
}

std::string now_as_suffix() {
  const std::time_t now = std::chrono::system_clock::to_time_t(SystemClock().wall_now());
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &parts)};
}

/// Gives the new directory the name that the old one is to have: the exchange then gives it to the old one, so that
/// the only copy of the old data never has the name of something unfinished, even if this process is killed.
Outcome<void> take_the_name_for_the_old(Stage& stage, const fs::path& place) {
  const std::string name = place.string() + ".before-" + now_as_suffix();
  if (stage.rename_to(name)) return {};
  if (errno == EEXIST && stage.rename_to(name + "-" + new_id())) return {};  // two restores within one second
  return cannot("rename", stage.dir().path);
}

/// Returns the new path of the old directory; empty when there was none.
Outcome<fs::path> swap_in(Stage& stage, const fs::path& place, bool has_old) {
  if (has_old) {
    if (auto named = take_the_name_for_the_old(stage, place); !named) return tl::unexpected(named.error());
  }
  const fs::path made = stage.dir().path;
  const unsigned how = has_old ? RENAME_EXCHANGE : RENAME_NOREPLACE;
  if (::renameat2(AT_FDCWD, made.c_str(), AT_FDCWD, place.c_str(), how) != 0) {
    if (errno == EBUSY) {
      return cli_error(ExitCode::local, "cannot replace " + place.string() +
                                            ": it is a mount point; let the hub's data be a directory within it");
    }
    return cannot("replace", place);
  }
  stage.keep();  // the old data has its name now
  if (auto written = put_on_disk(place.parent_path()); !written) return tl::unexpected(written.error());
  return has_old ? made : fs::path();
}

struct Moved {
  std::vector<std::string> names;
  std::vector<std::string> problems;  // each with a name, which is still in the old directory
};

/// Moves files that are not the hub's back from the old directory, each by one rename, so that none is ever missing.
Moved move_back_what_is_others(const fs::path& aside, const fs::path& place) {
  constexpr std::size_t names_max = 10'000;
  Moved moved;
  std::error_code error;
  for (auto entry = fs::directory_iterator(aside, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!is_hubs_own(name) && moved.names.size() < names_max) moved.names.push_back(name);
  }
  std::sort(moved.names.begin(), moved.names.end());
  const auto stays = [&](const std::string& name) {
    const bool came =
        ::renameat2(AT_FDCWD, (aside / name).c_str(), AT_FDCWD, (place / name).c_str(), RENAME_NOREPLACE) == 0;
    if (!came) moved.problems.push_back(printable(name, 200) + ": " + std::strerror(errno));
    return !came;
  };
  moved.names.erase(std::remove_if(moved.names.begin(), moved.names.end(), stays), moved.names.end());
  return moved;
}

Outcome<void> restore(const CommandLine& line, const std::string& file, bool revives_tokens) {
  std::error_code error;
  const fs::path place = fs::weakly_canonical(fs::absolute(line.data_dir().path), error);
  if (error || !place.has_filename()) return cli_error(ExitCode::usage, "--data-dir: a directory, please");
  struct stat old {};
  const bool has_old = ::stat(place.c_str(), &old) == 0;
  if (has_old && !S_ISDIR(old.st_mode)) return cli_error(ExitCode::local, place.string() + " is not a directory");
  std::optional<DataLock> lock;
  if (has_old) {
    if (::access(place.c_str(), R_OK | X_OK) != 0) return cannot("use", place);
    if (!may_be_replaced({place})) {
      return cli_error(ExitCode::local,
                       "there is something in " + place.string() + ", and no hub: choose another --data-dir");
    }
    auto taken = DataLock::take_if_used(place);
    if (!taken) return cli_error(ExitCode::local, printable(taken.error().message, 400) + ": stop the hub first");
    lock.emplace(std::move(*taken));
  }

  Stage stage(place.string() + ".restoring-" + new_id());
  if (auto filled = fill(stage, file); !filled) return filled;
  std::optional<FileDescriptor> no_changes;
  if (has_old) {
    // From here on what is in the old data counts: a token that another command revokes, or a key that it adds, would
    // be lost, or would get into the new data beside keys that it does not fit.
    auto locked = line.lock_data_dir();
    if (!locked) return tl::unexpected(locked.error());
    no_changes.emplace(std::move(*locked));
  }
  bool has_kept = false;
  std::vector<std::string> keys_back;
  if (has_old) keys_back = keys_that_come_back({place}, stage.dir());
  if (has_old && !revives_tokens) {
    auto kept = keep_what_was_revoked({place}, stage.dir());
    if (!kept) return tl::unexpected(kept.error());
    has_kept = *kept;
  }
  if (fs::exists(DataDir{place}.gateway_token(), error)) {
    // Signed with the restored keys; `strawberryctl run` and the package renew it in any case.
    auto keys = load_keys(stage.dir());
    if (!keys) return tl::unexpected(keys.error());
    if (auto written = write_gateway_token(stage.dir().gateway_token(), *keys, /*for_group=*/false); !written)
      return written;
  }
  if (has_old) {
    // A backup of another machine does not have this machine's broker address, nor the CA that clients trust.
    std::vector<std::string> carried_over{"endpoint", "tls"};
    // Backups that are older than accounts have no configuration of the web door.
    if (!fs::exists(stage.dir().path / "gateway.toml", error)) carried_over.emplace_back("gateway.toml");
    for (const std::string& name : carried_over) {
      if (auto carried = copy_tree(place, name, stage.dir().path); !carried) return carried;
    }
    if (auto dressed = dress(stage.dir(), old); !dressed) return dressed;
  }
  if (auto written = put_on_disk(stage.dir().path); !written) return written;
  auto aside = swap_in(stage, place, has_old);
  if (!aside) return tl::unexpected(aside.error());
  const Moved moved = has_old ? move_back_what_is_others(*aside, place) : Moved{};
  for (const std::string& problem : moved.problems) {
    std::cerr << "strawberryctl: stays in " << aside->string() << ": " << problem << "\n";
  }
  if (line.json) {
    const nlohmann::json result{{"data_dir", place.string()},
                                {"before", aside->string()},
                                {"kept", moved.names},
                                {"revocations_kept", has_kept},
                                {"keys_back", keys_back}};
    std::cout << to_text(result) << "\n";
    return {};
  }
  std::cout << "restored " << place.string() << " from " << file << "\n";
  for (const std::string& kid : keys_back) {
    std::cout << "The key " << printable(kid, key_name_shown_max)
              << " was not among the keys of before: if it had been "
              << "retired, do so again ('strawberryctl key retire').\n";
  }
  if (has_kept)
    std::cout
        << "Tokens and devices that were revoked or deleted since then stay so; nobody may do more than before, and "
           "passwords are those of now.\n";
  std::vector<std::string> shown;
  for (const std::string& name : moved.names) {
    if (name != users_backups) shown.push_back(printable(name, 200));
  }
  if (shown.size() < moved.names.size()) std::cout << "The users' own backups stay as they are.\n";
  if (!shown.empty()) std::cout << "Kept, since it is not the hub's: " << first_of(shown) << "\n";
  if (has_old) std::cout << "What was there before is in " << aside->string() << "; delete it when you are content.\n";
  std::cout << "Start the broker again, then the bridge.\n";
  return {};
}

}  // namespace

void add_restore_command(CLI::App& app, CommandLine& line) {
  auto file = std::make_shared<std::string>();
  CLI::App* command =
      add_command(app, "restore", "Put a backup in the place of the hub's data, and keep what was there",
                  "strawberryctl restore hub-monday.tar");
  command->add_option("FILE", *file, "What 'strawberryctl backup' wrote; the hub must not be running")->required();
  auto revives_tokens = std::make_shared<bool>(false);
  command->add_flag("--revive-tokens", *revives_tokens,
                    "As the backup says, also for tokens and devices that were revoked or deleted since");
  command->callback([&line, file, revives_tokens] {
    line.action = [&line, file, revives_tokens] { return restore(line, *file, *revives_tokens); };
  });
}

}  // namespace strawberry::cli
