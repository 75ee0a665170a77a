/// The key set in a file, as that file is now: whoever verifies or signs asks refresh() first, and a rotation counts
/// without a restart.
///
/// A new file takes effect only when it is a good one. Broken JSON, a mode that lets others in, a symbolic link, no
/// file at all: the keys of before stay, and the failure is returned once, not once a second.
///
/// Threading: one thread.   Errors: Failure naming the file and the key.   Bounds: those of KeySet; a refresh() that
/// finds the file as it was costs one lstat().
#pragma once

#include <string>

#include "common/identity/keys.h"
#include "common/text/private_file.h"
#include "common/text/result.h"

namespace strawberry {

class KeyFile {
 public:
  /// Fails when there are no good keys to begin with.
  static Result<KeyFile> open(std::string path);

  const std::string& path() const { return path_; }
  /// Valid until the next refresh().
  const KeySet& keys() const { return keys_; }

  /// True when the keys are other ones now: which they are, their names, their order, or which can sign. With
  /// `even_if_unchanged` the file is read, and what is wrong with it is returned, whatever was known of it.
  Result<bool> refresh(bool even_if_unchanged = false);

 private:
  KeyFile(std::string path, KeySet keys, FileState state);
  Result<bool> report(std::string failure, bool even_if_known);

  std::string path_;
  KeySet keys_;
  FileState state_;       // of the file when it was last read
  bool settled_;          // as long as the file has state_, it holds what was read
  std::string reported_;  // the failure that was returned for state_; empty when that file was good
};

}  // namespace strawberry
