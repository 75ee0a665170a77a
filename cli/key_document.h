/// The key file while a command changes it: no other command can, and the hub sees either the old or the new set.
///
/// Lifetime: from open() to the destructor the data directory is locked, see lock_directory().
/// Threading: one thread.   Errors: CliError; the file is unchanged unless save() says otherwise.
#pragma once

#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/files.h"
#include "cli/outcome.h"
#include "common/identity/keys.h"
#include "common/text/file_descriptor.h"

namespace strawberry::cli {

class KeyDocument {
 public:
  /// Waits at most `patience` for another command to finish.
  static Outcome<KeyDocument> open(const DataDir& dir, std::chrono::milliseconds patience);

  /// The set as it was read.
  const KeySet& before() const { return before_; }
  /// Returns the array of JWKs, to be changed. Members that this program does not know are kept. Each key has a `kid`
  /// from the start: a single key may lack one, but not one of several.
  nlohmann::json& keys() { return document_["keys"]; }

  /// Checks the set like the hub, and then with `objection` (empty: no objection); replaces the file and returns the
  /// set.
  Outcome<KeySet> save(const std::function<std::string(const KeySet&)>& objection = {});

 private:
  KeyDocument(std::string path, FileDescriptor lock, KeySet before, nlohmann::json document);

  std::string path_;
  FileDescriptor lock_;
  KeySet before_;
  nlohmann::json document_;
};

}  // namespace strawberry::cli
