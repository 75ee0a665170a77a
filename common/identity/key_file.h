/// The key set in a file. Code that verifies or signs calls refresh() first, so that a key rotation takes effect
/// without a restart.
///
/// A new file takes effect only when it is valid. With broken JSON, a mode that lets other users in, a symbolic link or
/// no file at all, the previous keys stay, and the failure is returned once, not on every call.
///
/// Threading: one thread.   Errors: Failure naming the file and the key.   Bounds: those of KeySet; a refresh() of an
/// unchanged file costs one lstat().
#pragma once

#include <string>

#include "common/identity/keys.h"
#include "common/text/private_file.h"
#include "common/text/result.h"

namespace strawberry {

class KeyFile {
 public:
  /// Fails when the file has no valid keys.
  static Result<KeyFile> open(std::string path);

  const std::string& path() const { return path_; }
  /// Valid until the next refresh().
  const KeySet& keys() const { return keys_; }

  /// Returns true when the keys, their names, their order, or their ability to sign have changed. With
  /// `even_if_unchanged`, reads the file and returns its failure whatever was known of it.
  Result<bool> refresh(bool even_if_unchanged = false);

 private:
  KeyFile(std::string path, KeySet keys, FileState state);
  Result<bool> report(std::string failure, bool even_if_known);

  std::string path_;
  KeySet keys_;
  FileState state_;       // when the file was last read
  bool settled_;          // while the file has state_, its content is what was read
  std::string reported_;  // the failure returned for state_; empty when the file was valid
};

}  // namespace strawberry
