#include "cli/tar_header.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace strawberry::cli {
namespace {

struct Field {
  std::size_t offset;
  std::size_t size;
};
constexpr Field name_field{0, 100};
constexpr Field mode_field{100, 8};
constexpr Field user_field{108, 8};
constexpr Field group_field{116, 8};
constexpr Field size_field{124, 12};
constexpr Field time_field{136, 12};
constexpr Field checksum_field{148, 8};
constexpr std::size_t type_offset = 156;
constexpr Field magic_field{257, 8};
constexpr Field prefix_field{345, 155};
constexpr std::string_view magic("ustar\00000", 8);
constexpr char regular_file = '0';

std::string_view view(const TarBlock& block, Field field) { return {block.data() + field.offset, field.size}; }

void put(TarBlock& block, Field field, std::string_view text) { text.copy(block.data() + field.offset, field.size); }

/// Octal digits up to the last byte of the field, which stays NUL.
void put_number(TarBlock& block, Field field, std::uint64_t number) {
  std::string digits(field.size - 1, '0');
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, number /= 8) {
    *digit = static_cast<char>('0' + number % 8);
  }
  put(block, field, digits);
}

std::optional<std::uint64_t> number(std::string_view field) {
  constexpr std::string_view blank(" \0", 2);
  const std::size_t digits = field.find_first_of(blank);
  if (digits == 0 || digits == std::string_view::npos) return std::nullopt;
  if (field.find_first_not_of(blank, digits) != std::string_view::npos) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : field.substr(0, digits)) {
    if (c < '0' || c > '7') return std::nullopt;
    value = value * 8 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

/// Of all bytes, those of the checksum itself counted as spaces.
std::uint64_t checksum(const TarBlock& block) {
  std::uint64_t sum = checksum_field.size * ' ';
  for (std::size_t i = 0; i < block.size(); ++i) {
    if (i - checksum_field.offset >= checksum_field.size) sum += static_cast<unsigned char>(block[i]);
  }
  return sum;
}

}  // namespace

TarBlock tar_header(const TarEntry& entry, std::int64_t modified_s) {
  TarBlock block{};
  put(block, name_field, entry.name);
  put_number(block, mode_field, 0600);
  put_number(block, user_field, 0);
  put_number(block, group_field, 0);
  put_number(block, size_field, entry.size);
  put_number(block, time_field, static_cast<std::uint64_t>(std::max<std::int64_t>(modified_s, 0)));
  block[type_offset] = regular_file;
  put(block, magic_field, magic);
  put_number(block, {checksum_field.offset, checksum_field.size - 1}, checksum(block));
  block[checksum_field.offset + checksum_field.size - 1] = ' ';
  return block;
}

std::optional<TarEntry> read_tar_header(const TarBlock& block) {
  const auto size = number(view(block, size_field));
  const auto sum = number(view(block, checksum_field));
  if (!size || !sum || *sum != checksum(block) || view(block, magic_field) != magic) return std::nullopt;
  if (block[type_offset] != regular_file || block[prefix_field.offset] != '\0') return std::nullopt;
  const std::string_view name = view(block, name_field);
  const std::size_t length = name.find('\0');
  if (length == 0 || length == std::string_view::npos) return std::nullopt;
  return TarEntry{std::string(name.substr(0, length)), *size};
}

bool is_empty(const TarBlock& block) {
  return std::all_of(block.begin(), block.end(), [](char c) { return c == '\0'; });
}

}  // namespace strawberry::cli
