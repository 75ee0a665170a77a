/// Backups of users as files: `<directory>/<user>/<id>.jsonl.gz`, each with a `<id>.json` that describes it. The
/// directory has mode 0700, the files 0600.
///
/// Threading: any one thread at a time; every function blocks.   Errors: `not_found`, `quota_exceeded` (details.limit
/// `backups_per_user_max`), `too_large`, `bad_request` for a file that is not gzip or is broken, `internal`. Bounds:
/// Options.
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

/// Reads a backup line by line.
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

  /// True when there is no such file, too.
  bool is_not_packed() const;
  /// The next lines, of about `bytes_max` bytes together, `lines_max` of them at most; empty at the end.
  Reply<std::vector<std::string>> next(std::size_t bytes_max, std::size_t lines_max);

 private:
  /// Returns nothing at the end.
  Reply<std::optional<std::string>> next_line();
  Reply<void> read_block();

  std::unique_ptr<gzFile_s, Close> file_;
  Limits limits_;
  std::string block_;
  std::size_t at_ = 0;                // what was taken of it
  std::int64_t bytes_ = 0;            // unpacked
  std::optional<std::string> ahead_;  // read ahead for the next group
};

class BackupFiles {
 public:
  struct Options {
    std::string directory;
    std::size_t per_user_max = 10;
    std::int64_t bytes_max = 512LL * 1024 * 1024;        // of one file
    std::int64_t text_bytes_max = 1024LL * 1024 * 1024;  // decompressed
    std::size_t line_bytes_max = 512 * 1024;
    std::int64_t records_max = 2'000'000;  // what reading them costs, however small they are
  };
  explicit BackupFiles(Options options) : options_(std::move(options)) {}

  /// Returns the newest first.
  Reply<std::vector<BackupInfo>> list(const std::string& user_id) const;
  Reply<BackupInfo> get(const std::string& user_id, const std::string& id) const;
  Reply<void> remove(const std::string& user_id, const std::string& id) const;
  void remove_all(const std::string& user_id) const;
  /// Checks that the user may have one more.
  Reply<void> check_room(const std::string& user_id) const;

  /// Starts a file, which is not listed before finish(); with the same id it starts again.
  Reply<void> begin(const BackupInfo& info) const;
  /// Compresses and appends lines.
  Reply<void> add_lines(const BackupInfo& info, const std::string& lines) const;
  /// Appends bytes of a compressed file at `offset`, which must be its end.
  Reply<void> add_bytes(const BackupInfo& info, std::int64_t offset, const std::string& bytes) const;
  /// Whose work a file is: the hub's own, or somebody's who may have written anything.
  enum class From { hub, upload };
  /// Counts its records and makes its checksum; then it is listed. One that cannot be unpacked is removed, and of an
  /// upload one that could not be restored: without the head of an export, of another format, with a record that is
  /// none.
  Reply<BackupInfo> finish(BackupInfo info, From from = From::hub) const;
  /// Of a file that was not finished.
  void abandon(const BackupInfo& info) const;

  /// Returns at most `bytes_max` bytes from `offset` on.
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
