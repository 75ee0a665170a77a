/// Files with secrets in them: read only when nobody else could have had a hand in them, written so that no half of one
/// is ever seen.
///
/// Threading: any, no state.   Errors: Failure; what a reading says goes behind "key file PATH ", it does not name the
/// path itself.   Bounds: whoever reads says how much.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "common/text/result.h"

namespace strawberry {

/// What tells whether the file of a name is still the one it was. Equal states of the last two seconds prove nothing:
/// before Linux 6.13 the clock for files ticks every few milliseconds only (see is_recent).
struct FileState {
  int error = 0;  // errno when there was nothing to look at, and then the rest is zero
  dev_t device = 0;
  ino_t inode = 0;
  mode_t mode = 0;
  uid_t owner = 0;
  off_t size = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;

  friend bool operator==(const FileState&, const FileState&) = default;
};

/// Looks at the name itself: a symbolic link is not followed.
FileState look_at_file(const std::string& path);
/// True when the file was changed so short a time ago that the next change could leave the same state behind.
bool is_recent(const FileState& state);

/// Whether nobody but those it is meant for can have read or changed a file: its owner alone (0600, 0400), or, of a
/// file that belongs to root, those of the group root gave it to, who may read (0640, 0440).
bool is_private(mode_t mode, uid_t owner);

struct PrivateFile {
  std::string content;
  FileState state;  // of just before it was read
};
/// Refuses a symbolic link, what is no regular file, one that is not private, and a larger one.
Result<PrivateFile> read_private_file(const std::string& path, std::size_t bytes_max);

/// Writes a file with mode 0600, complete or not at all. With `replaces`, it takes the place of an old one. False when
/// it cannot be written, and `errno` says why: EEXIST when there is an old one that is not to be replaced.
bool put_private_file(const std::string& path, std::string_view content, bool replaces);
/// The same without replacing, on disk when it returns. Fails when `path` exists.
Result<void> write_new_private_file(const std::string& path, std::string_view content);
/// Puts a new file with the owner of the old one in the place of `path`, which must be a regular file. Mode 0600, and
/// 0640 if the old one's group could read it and is_private().
Result<void> replace_private_file(const std::string& path, std::string_view content);

}  // namespace strawberry
