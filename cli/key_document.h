/// The key file while a command changes it: nobody else does so meanwhile, and the hub sees the old set or the new one.
///
/// Life: from open() to the end of the object the data directory is locked (flock); the lock goes with the process,
/// too. Threading: one thread.   Errors: CliError; the file is as it was unless save() says otherwise.
#pragma once

#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/files.h"
#include "cli/outcome.h"
#include "common/identity/keys.h"

namespace strawberry::cli {

class KeyDocument {
 public:
  /// Waits `patience` for another command to finish.
  static Outcome<KeyDocument> open(const DataDir& dir, std::chrono::milliseconds patience);
  ~KeyDocument();
  KeyDocument(KeyDocument&& other) noexcept;
  KeyDocument& operator=(KeyDocument&&) = delete;

  /// The set as it was read.
  const KeySet& before() const { return before_; }
  /// The array of JWKs, to be changed. What this program does not know about a key stays in it. Each has a `kid` from
  /// the start: a lone key may do without, one of several may not.
  nlohmann::json& keys() { return document_["keys"]; }

  /// Checks the set as the hub will, and then as `objection` does (empty: none); puts it in the file's place and
  /// returns it.
  Outcome<KeySet> save(const std::function<std::string(const KeySet&)>& objection = {});

 private:
  KeyDocument(std::string path, int lock, KeySet before, nlohmann::json document);

  std::string path_;
  int lock_;
  KeySet before_;
  nlohmann::json document_;
};

}  // namespace strawberry::cli
