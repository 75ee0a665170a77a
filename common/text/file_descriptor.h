/// An open file, socket or pipe that its owner closes; functions that read or write a whole text.
///
/// Threading: any one thread.   Errors: `errno`, as the system calls leave it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace strawberry {

class FileDescriptor {
 public:
  FileDescriptor() = default;
  /// A negative `fd` means none, as open() returns when it fails.
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor();
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  /// Returns the descriptor, which the caller closes from now on.
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

/// Reads up to the end, at most `size` bytes; nothing when reading fails.
std::optional<std::size_t> read_up_to(int fd, char* to, std::size_t size);
/// False when not all of it could be written.
bool write_all(int fd, std::string_view bytes);
/// Returns a whole file; nothing when it cannot be read, with EFBIG when it has more than `bytes_max` bytes.
std::optional<std::string> read_file_text(const std::string& path, std::size_t bytes_max);

}  // namespace strawberry
