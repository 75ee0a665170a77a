/// Who runs on a data directory: the bridge, or a command that replaces the data, and never two of them.
///
/// Life: the lock (flock on DIRECTORY/bridge.lock) is held while the object lives, and goes with the process.
/// Threading: any one thread.   Errors: Failure, one sentence.
#pragma once

#include <string>

#include "common/text/result.h"

namespace strawberry {

class DataLock {
 public:
  /// Makes the file when there is none, mode 0600.
  static Result<DataLock> take(const std::string& directory);
  /// Without a file nobody has ever run there, and none is made: it would belong to whoever asks.
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
