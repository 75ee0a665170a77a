/// A backup as a file: an uncompressed tar archive (POSIX ustar, read and written by libarchive) of a few files with
/// fixed names, and at its end their SHA256SUMS, so that `tar xf` and `sha256sum -c` can read it without this program.
/// Threading: any one thread.   Errors: CliError with ExitCode::local, naming the file.
/// Threading: any one thread.   Errors: CliError with ExitCode::local, naming the file.
/// Bounds: only the names of archive_members(), each once and with a size limit of its own; no text of an archive
/// becomes a path.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cli/outcome.h"
#include "common/text/file_descriptor.h"

struct archive;

namespace strawberry::cli {

/// The largest file size that a ustar header can hold.
inline constexpr std::uint64_t archive_file_bytes_max = 077777777777;

/// Returns the files that a backup may contain, with the maximum size of each in bytes.
const std::map<std::string, std::uint64_t, std::less<>>& archive_members();

class ArchiveWriter {
 public:
  /// Writes beside `path`, mode 0600: an unfinished archive never has the final name.
  static Outcome<ArchiveWriter> create(const std::filesystem::path& path);
  ArchiveWriter(ArchiveWriter&& other) = default;
  ArchiveWriter& operator=(ArchiveWriter&&) = delete;
  /// Deletes an unfinished archive.
  ~ArchiveWriter();

  /// `name` is one of archive_members().
  Outcome<void> add(const std::string& name, std::string_view content);
  Outcome<void> add_file(const std::string& name, const std::filesystem::path& source);
  /// Writes the sums and the end, and gives the archive its name. Fails when a file of that name exists.
  Outcome<void> finish();

 private:
  struct Close {
    void operator()(struct archive* tar) const;
  };
  /// Returns the next bytes of a file; nullopt when they cannot be read.
  using Read = std::function<std::optional<std::string_view>()>;

  ArchiveWriter(std::filesystem::path path, std::filesystem::path draft, FileDescriptor file);
  Outcome<void> add_entry(const std::string& name, std::uint64_t size, std::int64_t modified_s, const Read& read);
  tl::unexpected<CliError> cannot_write() const;
  tl::unexpected<CliError> cannot_write_tar() const;

  std::filesystem::path path_;
  std::filesystem::path draft_;
  FileDescriptor file_;
  std::unique_ptr<struct archive, Close> tar_;
  std::string sums_;
};

/// Checks the whole archive while writing its files to `directory`, which must be empty and accessible to the caller
/// alone; they get mode 0600. After a failure some may be there, unchecked. `hub.db` and `keys.json` must be in it.
Outcome<void> extract_archive(const std::filesystem::path& path, const std::filesystem::path& directory);

}  // namespace strawberry::cli
