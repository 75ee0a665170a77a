/// Backups of users as files: `<directory>/<user>/<id>.jsonl.gz`, and beside each a `<id>.json` that says what it is.
/// The directory has mode 0700, the files 0600.
///
/// Threading: any one thread at a time; every function blocks.   Errors: `not_found`, `quota_exceeded`
/// (details.limit `backups_per_user_max`), `too_large`, `bad_request` for what is no gzip or broken, `internal`.
/// Bounds: Options.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/contract/error.h"

struct gzFile_s;

namespace strawberry::bridge {

struct BackupInfo {
  std::string id;
  std::string user_id;
  std::string name;
  std::string description;
  std::int64_t created_at_ms = 0;
  std::int64_t records = 0;
  std::int64_t size_bytes = 0;
  int format_version = 1;
  std::string checksum;  // SHA-256 of the file, hexadecimal
};
nlohmann::json to_json(const BackupInfo& info);

/// Reads a backup's lines from the first on.
class BackupReader {
 public:
  struct Close {
    void operator()(gzFile_s* file) const;
  };
  struct Limits {
    std::int64_t text_bytes_max = 0;
    std::size_t line_bytes_max = 0;
  };
  BackupReader(std::unique_ptr<gzFile_s, Close> file, Limits limits) : file_(std::move(file)), limits_(limits) {}

  /// The next lines, of about `bytes_max` bytes together, `lines_max` of them at most; empty at the end.
  bool is_not_packed() const;
  Reply<std::vector<std::string>> next(std::size_t bytes_max, std::size_t lines_max);

 private:
  /// Nothing at the end.
  Reply<std::optional<std::string>> next_line();

  std::unique_ptr<gzFile_s, Close> file_;
  Limits limits_;
  std::int64_t bytes_ = 0;
  std::optional<std::string> ahead_;  // read, and left for the next group
};

class BackupFiles {
 public:
  struct Options {
    std::string directory;
    std::size_t per_user_max = 10;
    std::int64_t bytes_max = 512LL * 1024 * 1024;        // of one file
    std::int64_t text_bytes_max = 1024LL * 1024 * 1024;  // unpacked
    std::size_t line_bytes_max = 512 * 1024;
  };
  explicit BackupFiles(Options options) : options_(std::move(options)) {}

  /// Newest first.
  Reply<std::vector<BackupInfo>> list(const std::string& user_id) const;
  Reply<BackupInfo> get(const std::string& user_id, const std::string& id) const;
  Reply<void> remove(const std::string& user_id, const std::string& id) const;
  void remove_all(const std::string& user_id) const;
  /// Whether the user may have one more.
  Reply<void> check_room(const std::string& user_id) const;

  /// Begins a file that is not listed before finish(); with the same id it begins anew.
  Reply<void> begin(const BackupInfo& info) const;
  /// Packs lines behind those that are there.
  Reply<void> add_lines(const BackupInfo& info, const std::string& lines) const;
  /// Bytes of a file that is packed already, at `offset`, which is where it ends.
  Reply<void> add_bytes(const BackupInfo& info, std::int64_t offset, const std::string& bytes) const;
  /// Counts its records and makes its checksum; then it is listed. One that cannot be unpacked is removed.
  Reply<BackupInfo> finish(BackupInfo info) const;
  /// Of a file that was not finished.
  void abandon(const BackupInfo& info) const;

  /// At most `bytes_max` bytes from `offset` on.
  Reply<std::string> read_bytes(const std::string& user_id, const std::string& id, std::int64_t offset,
                                std::size_t bytes_max) const;
  Reply<BackupReader> open_lines(const std::string& user_id, const std::string& id) const;

 private:
  std::string folder(const std::string& user_id) const { return options_.directory + "/" + user_id; }
  std::string path(const std::string& user_id, const std::string& id, const char* ending) const {
    return folder(user_id) + "/" + id + ending;
  }

  const Options options_;
};

}  // namespace strawberry::bridge
