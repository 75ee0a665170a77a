#include "common/identity/data_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace strawberry {

Result<DataLock> DataLock::take(const std::string& directory) { return take(directory, O_CREAT); }

Result<DataLock> DataLock::take_if_used(const std::string& directory) { return take(directory, 0); }

Result<DataLock> DataLock::take(const std::string& directory, int flags) {
  const std::string path = directory + "/bridge.lock";
  const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
  if (file < 0 && errno == ENOENT && flags == 0) return DataLock(-1);
  if (file < 0) return fail("cannot use data directory " + directory + ": " + std::strerror(errno));
  DataLock lock(file);
  if (::flock(file, LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno == EWOULDBLOCK) return fail("another bridge, or a restore, is using data directory " + directory);
  return fail("cannot lock data directory " + directory + ": " + std::strerror(errno));
}

DataLock::DataLock(DataLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

DataLock::~DataLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace strawberry
