/// A backup as a file: an uncompressed tar archive of a few files with fixed names, and at its end their SHA256SUMS, so
/// that `tar xf` and `sha256sum -c` can do without us.
///
/// Threading: any one thread.   Errors: CliError with ExitCode::local, naming the file.
/// Bounds: only the names of archive_members(), each once, each with its own most; nothing of an archive becomes a
/// path.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "cli/outcome.h"
#include "common/text/file_descriptor.h"

namespace strawberry::cli {

/// The files that a backup may hold, and the bytes each may have at most.
const std::map<std::string, std::uint64_t, std::less<>>& archive_members();

class ArchiveWriter {
 public:
  /// Begins beside `path`, mode 0600: an archive that is not finished is never seen under its name.
  static Outcome<ArchiveWriter> create(const std::filesystem::path& path);
  ArchiveWriter(ArchiveWriter&& other) = default;
  ArchiveWriter& operator=(ArchiveWriter&&) = delete;
  /// What is not finished is deleted.
  ~ArchiveWriter();

  /// `name` is one of archive_members().
  Outcome<void> add(const std::string& name, std::string_view content);
  Outcome<void> add_file(const std::string& name, const std::filesystem::path& source);
  /// Sums, end, name. Fails when there is a file of this name already.
  Outcome<void> finish();

 private:
  ArchiveWriter(std::filesystem::path path, std::filesystem::path draft, FileDescriptor file);
  tl::unexpected<CliError> cannot(const std::string& what) const;
  bool write(std::string_view bytes);
  bool write_padding(std::uint64_t size);

  std::filesystem::path path_;
  std::filesystem::path draft_;
  FileDescriptor file_;
  std::string sums_;
};

/// Checks the whole archive, writing what is in it to `directory`, which must be empty and the caller's alone; files
/// get mode 0600. On failure some may be there: they prove nothing. `hub.db` and `keys.json` must be in it.
Outcome<void> extract_archive(const std::filesystem::path& path, const std::filesystem::path& directory);

}  // namespace strawberry::cli
