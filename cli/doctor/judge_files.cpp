#include "cli/doctor/judgements.h"
#include "common/text/private_file.h"

namespace strawberry::cli {
namespace {

constexpr std::uint64_t mebibyte = 1024 * 1024;
constexpr std::uint64_t disk_free_bytes_min = 64 * mebibyte;
constexpr std::uint64_t disk_free_bytes_low = 512 * mebibyte;

std::string mebibytes(std::uint64_t bytes) { return std::to_string(bytes / mebibyte) + " MiB"; }

/// True for the owner and mode that make_private_directory() leaves.
bool is_shared_by_root(const FileFacts& directory) {
  return directory.owner == 0 && (directory.mode & 07) == 0 && (directory.mode & 070) == 070;
}
bool is_closed(const FileFacts& directory) { return (directory.mode & 077) == 0 || is_shared_by_root(directory); }

/// False if the directory is empty or unreadable: then one finding reports it instead of three.
bool is_looked_into(const Facts& f) {
  return f.data_dir_is_directory && f.data_dir_file.problem.empty() && (f.keys.exists || f.database.file.exists);
}

std::string as_who_may(const Facts& f, const std::string& path) {
  return f.is_package ? "run this as root: sudo " + f.command + " doctor"
                      : "run this as the user who owns it: ls -ld " + shell_word(path);
}

/// A file that scripts/run writes would be overwritten at its next start.
std::string config_to_edit(const Facts& f) {
  const bool is_made = !f.is_package && f.config.path == f.data_dir + "/mosquitto.conf";
  return is_made ? "config/mosquitto.conf, of which scripts/run makes " + f.config.path : f.config.path;
}

bool has_configuration(const Facts& f) { return f.config.file.exists && f.config.file.problem.empty(); }

Maybe data_directory(const Facts& f) {
  if (!f.data_dir_file.exists) {
    return bad("there is no " + f.data_dir, f.command + " init, or say where the hub's data is with --data-dir");
  }
  if (!f.data_dir_is_directory) return bad(f.data_dir + " is no directory", "choose another with --data-dir");
  if (!f.data_dir_file.problem.empty()) {
    return bad("cannot look into " + f.data_dir + ": " + f.data_dir_file.problem, as_who_may(f, f.data_dir));
  }
  if (!is_looked_into(f)) {
    return bad(f.data_dir + " has no hub's data in it: neither keys.json nor hub.db",
               "say where the hub's data is with --data-dir, or make it here: " + f.command + " init");
  }
  if (!is_closed(f.data_dir_file)) {
    return bad(f.data_dir + " may be entered by other users (mode " + octal(f.data_dir_file.mode) + ")",
               f.is_package ? "chmod 2770 " + shell_word(f.data_dir) : "chmod 700 " + shell_word(f.data_dir));
  }
  return good(f.data_dir);
}

Maybe keys(const Facts& f) {
  if (!is_looked_into(f)) return std::nullopt;
  if (!f.keys.exists) return bad("there is no " + f.keys_path, f.command + " init");
  if (!is_private(f.keys.mode, f.keys.owner)) {
    return bad(f.keys_path + " is open to other users (mode " + octal(f.keys.mode) + ")",
               (f.is_package ? "chmod 640 " : "chmod 600 ") + shell_word(f.keys_path) +
                   "; whoever may have read it can sign tokens: " + f.command + " key rotate");
  }
  if (is_permission_denied(f.keys)) {
    return bad("cannot read " + f.keys_path + ": " + f.keys.problem, as_who_may(f, f.keys_path));
  }
  if (!f.keys.problem.empty()) {
    return bad(f.keys.problem,
               "restore the file from a backup, or move it away and make new keys (every token becomes worthless): " +
                   f.command + " init");
  }
  const bool is_shared = (f.keys.mode & 040) != 0;
  return good(f.keys_path + ", readable by " + (is_shared ? "root and the hub's group" : "its owner") + " alone");
}

Maybe database(const Facts& f) {
  const DatabaseFacts& db = f.database;
  if (!is_looked_into(f)) return std::nullopt;
  if (!db.file.exists) return bad("there is no " + f.database_path, f.command + " init");
  if (is_permission_denied(db.file)) {
    return bad("cannot read " + f.database_path + ": " + db.file.problem, as_who_may(f, f.database_path));
  }
  if (!db.file.problem.empty()) {
    return bad("cannot read " + f.database_path + ": " + db.file.problem,
               "see that it is the hub's own and whole: ls -l " + f.database_path + "; else restore it from a backup");
  }
  if (db.version > db.version_known) {
    return bad(f.database_path + " has schema version " + std::to_string(db.version) + ", newer than this program (" +
                   std::to_string(db.version_known) + ")",
               "use the program that wrote it, or a newer one; the file was not touched");
  }
  if (!db.damage.empty()) {
    return bad(f.database_path + " is damaged: " + db.damage,
               "stop the hub and restore the file from a backup, or save what is left: sqlite3 " + f.database_path +
                   " .recover | sqlite3 recovered.db");
  }
  if (!db.write_problem.empty()) {
    return bad(f.database_path + " cannot be written: " + db.write_problem,
               "see who owns it, and that the disk is not read-only: ls -l " + f.database_path);
  }
  if (db.version < db.version_known) {
    return warn(f.database_path + " has the older schema version " + std::to_string(db.version),
                "the bridge brings it up to date when it starts, as does: " + f.command + " init");
  }
  const bool is_groups = is_shared_by_root(f.data_dir_file);
  if ((db.file.mode & (is_groups ? 07 : 077)) != 0) {
    const std::string what = f.database_path + " is open to other users (mode " + octal(db.file.mode) + ")";
    const std::string todo = (is_groups ? "chmod 660 " : "chmod 600 ") + shell_word(f.database_path);
    if (!is_closed(f.data_dir_file)) return bad(what, todo);
    return warn(what + ", though nobody gets into its directory", todo);
  }
  return good(f.database_path + ", whole and writable, schema version " + std::to_string(db.version));
}

Maybe disk(const Facts& f) {
  const std::string todo = "make room: df -h " + shell_word(f.data_dir) + " && du -sh " + shell_word(f.data_dir);
  const std::string floor = "the hub stores nothing new: less than disk_free_min_mib was free at its last report";
  if (!f.disk_free_bytes) return f.hub.disk_low ? Maybe(bad(floor, todo)) : std::nullopt;
  const std::string what = mebibytes(*f.disk_free_bytes) + " free where the data is";
  if (f.hub.disk_low) {
    return bad(floor + "; " + what, todo + "; or lower disk_free_min_mib in " + f.settings_path);
  }
  if (*f.disk_free_bytes < disk_free_bytes_min) return bad("almost full: " + what, todo);
  if (*f.disk_free_bytes < disk_free_bytes_low) return warn(what, todo);
  return good(what);
}

Maybe settings(const Facts& f) {
  if (!f.settings.file.exists) return std::nullopt;  // the defaults apply
  if (!f.settings.file.problem.empty()) {
    if (is_permission_denied(f.settings.file)) return std::nullopt;  // it belongs to another user
    return bad("cannot read " + f.settings_path + ": " + f.settings.file.problem, "see: ls -l " + f.settings_path);
  }
  if (f.settings.problems.empty()) return good(f.settings_path);
  const std::size_t more = f.settings.problems.size() - 1;
  return bad(f.settings.problems.front() + (more == 0 ? "" : " (and " + std::to_string(more) + " more)"),
             "see all that is wrong: strawberry-bridge --check --config " + shell_word(f.settings_path) +
                 "; correct it, then " + restart_bridge(f));
}

Maybe configuration(const Facts& f) {
  const BrokerConfigFacts& c = f.config;
  if (c.path.empty()) return std::nullopt;
  if (!c.file.exists && !c.is_asked_for) return std::nullopt;                    // configured in another way
  if (!c.is_asked_for && !f.data_dir_file.problem.empty()) return std::nullopt;  // reported for the directory
  if (!c.file.exists || !c.file.problem.empty()) {
    return bad("cannot read " + c.path + (c.file.problem.empty() ? "" : ": " + c.file.problem),
               "name the file that mosquitto is started with: " + f.command + " doctor --mosquitto-conf FILE");
  }
  return good(c.path);
}

Maybe per_listener(const Facts& f) {
  if (!has_configuration(f)) return std::nullopt;
  if (!f.config.per_listener_settings) return good("off");
  return bad("on: the plugin's timer stops, and with it presence, expiry of tokens and revocation",
             "delete the line from " + config_to_edit(f) + ", then " + restart_broker(f));
}

Maybe nodelay(const Facts& f) {
  if (!has_configuration(f)) return std::nullopt;
  if (f.config.set_tcp_nodelay) return good("on");
  return warn("off: a call takes 88 ms instead of less than one",
              "write 'set_tcp_nodelay true' into " + config_to_edit(f) + ", then " + restart_broker(f));
}

Maybe anonymous_setting(const Facts& f) {
  if (!has_configuration(f)) return std::nullopt;
  if (!f.config.allow_anonymous) return good("off");
  return bad("on: whoever reaches the broker would be let in where the plugin does not decide",
             "write 'allow_anonymous false' into " + config_to_edit(f) + ", then " + restart_broker(f));
}

Maybe plugin_file(const Facts& f) {
  if (!has_configuration(f)) return std::nullopt;
  const BrokerConfigFacts& c = f.config;
  if (c.plugin.empty()) {
    return bad(
        c.path + " does not load strawberry_auth.so",
        "take config/mosquitto.conf as the pattern: its plugin and plugin_opt_ lines; then " + restart_broker(f));
  }
  if (!c.plugin_problem.empty()) {
    return bad("cannot be loaded: " + c.plugin_problem, "build or install it, or correct 'plugin' in " + c.path);
  }
  return good(c.plugin);
}

}  // namespace

std::vector<Check> file_checks() {
  return {{"data directory", data_directory},
          {"keys", keys},
          {"database", database},
          {"disk", disk},
          {"bridge configuration", settings},
          {"broker configuration", configuration},
          {"per_listener_settings", per_listener},
          {"set_tcp_nodelay", nodelay},
          {"allow_anonymous", anonymous_setting},
          {"plugin", plugin_file}};
}

}  // namespace strawberry::cli
