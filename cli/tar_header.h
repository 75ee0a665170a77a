/// The one block that stands before a file in a tar archive (POSIX ustar): written for regular files, and read back
/// with no leniency. Threading: any, no state.   Bounds: 8 GiB a file, which is what the format can say.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace strawberry::cli {

inline constexpr std::size_t tar_block_bytes = 512;
inline constexpr std::uint64_t tar_file_bytes_max = 077777777777;

using TarBlock = std::array<char, tar_block_bytes>;

struct TarEntry {
  std::string name;
  std::uint64_t size = 0;
};

/// `entry.name` has at most 99 bytes, `entry.size` is at most tar_file_bytes_max. Mode 0600.
TarBlock tar_header(const TarEntry& entry, std::int64_t modified_s);
/// Nothing for what is no header of a regular file, or one whose checksum is wrong.
std::optional<TarEntry> read_tar_header(const TarBlock& block);
/// Two of these end an archive.
bool is_empty(const TarBlock& block);

}  // namespace strawberry::cli
