/// A lock on a data directory: the bridge or a command that replaces the data holds it, never two at once.
///
/// Lifetime: the lock (flock on DIRECTORY/bridge.lock) is held while the object lives, and ends with the process.
/// Threading: any one thread.   Errors: Failure, one sentence.
#pragma once

#include <string>

#include "common/text/result.h"

namespace strawberry {

class DataLock {
 public:
  /// Creates the file with mode 0600 when there is none.
  static Result<DataLock> take(const std::string& directory);
  /// Takes the lock only if the file exists: without it, no process has run on the directory. Creating it here could
  /// give the file to another user than the hub's.
  static Result<DataLock> take_if_used(const std::string& directory);

  DataLock(DataLock&& other) noexcept;
  DataLock& operator=(DataLock&&) = delete;
  ~DataLock();

 private:
  explicit DataLock(int file) : file_(file) {}
  static Result<DataLock> take(const std::string& directory, int flags);

  int file_;
};

}  // namespace strawberry
