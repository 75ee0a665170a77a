/// Files with secrets: read only when no other user can have read or changed them, and never visible half written.
///
/// Threading: any, no state.   Errors: Failure; reading errors are completed by "key file PATH " in front, so they do
/// not name the path.   Bounds: the caller of a read gives the limit.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "common/text/result.h"

namespace strawberry {

/// The state of a file, to detect that it was changed or replaced. Equal states prove nothing within two seconds of a
/// change: before Linux 6.13 the clock for files ticks every few milliseconds only (see is_recent).
struct FileState {
  int error = 0;  // errno when there is no such file; the rest is zero then
  dev_t device = 0;
  ino_t inode = 0;
  mode_t mode = 0;
  uid_t owner = 0;
  off_t size = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;

  friend bool operator==(const FileState&, const FileState&) = default;
};

/// Returns the state of the name itself: a symbolic link is not followed.
FileState look_at_file(const std::string& path);
/// True when the file was changed so recently that another change could leave the same state.
bool is_recent(const FileState& state);

/// True when only the intended users can have read or changed a file: its owner alone (0600, 0400), or, for a file of
/// root, also the readers in its group (0640, 0440).
bool is_private(mode_t mode, uid_t owner);

struct PrivateFile {
  std::string content;
  FileState state;  // taken just before reading
};
/// Refuses a symbolic link, anything but a regular file, a file that is not private, and one that is too large.
Result<PrivateFile> read_private_file(const std::string& path, std::size_t bytes_max);

/// Writes a file with mode 0600, complete or not at all. `replaces`: an old file is replaced. Returns false when it
/// cannot be written, with the reason in `errno`: EEXIST when there is an old file and `replaces` is false.
bool put_private_file(const std::string& path, std::string_view content, bool replaces);
/// The same without replacing; the file is on disk when this returns. Fails when `path` exists.
Result<void> write_new_private_file(const std::string& path, std::string_view content);
/// Replaces `path`, which must be a regular file, by a file of the same owner. Mode 0600, or 0640 if the old one's
/// group could read it and is_private().
Result<void> replace_private_file(const std::string& path, std::string_view content);

}  // namespace strawberry
