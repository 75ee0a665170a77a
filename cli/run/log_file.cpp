#include "cli/run/log_file.h"

#include <algorithm>
#include <fstream>
#include <vector>

#include "cli/text.h"

namespace strawberry::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t shown_line_bytes_max = 2'000;

fs::path numbered(const fs::path& log, int number) { return log.string() + "." + std::to_string(number); }

}  // namespace

void rotate_log(const fs::path& log, const LogLimits& limits) {
  if (size_of_log(log) <= limits.bytes_max) return;
  std::error_code failed;
  for (int number = limits.files_max - 1; number > 1; --number) {
    if (fs::is_regular_file(numbered(log, number - 1), failed)) {
      fs::rename(numbered(log, number - 1), numbered(log, number), failed);
    }
  }
  if (limits.files_max > 1) {
    fs::copy_file(log, numbered(log, 1), fs::copy_options::overwrite_existing, failed);
    if (failed) fs::remove(numbered(log, 1), failed);
  }
  fs::resize_file(log, 0, failed);
}

std::uintmax_t size_of_log(const fs::path& log) {
  std::error_code missing;
  const std::uintmax_t size = fs::file_size(log, missing);
  return missing ? 0 : size;
}

std::string written_since(const fs::path& log, std::uintmax_t begin) {
  const std::uintmax_t size = size_of_log(log);
  if (size < begin) begin = 0;
  if (size - begin > last_words_bytes_max) begin = size - last_words_bytes_max;
  std::ifstream file(log, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(begin));
  std::string text(static_cast<std::size_t>(size - begin), '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return text;
}

std::string last_words(const std::string& name, std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  if (text.empty()) text = "(it wrote nothing)";
  std::vector<std::string_view> lines;
  while (!text.empty() && lines.size() < last_words_lines) {
    const std::size_t end = text.rfind('\n');
    const std::size_t begin = end == std::string_view::npos ? 0 : end + 1;
    lines.push_back(text.substr(begin));
    text = text.substr(0, begin == 0 ? 0 : begin - 1);
  }
  std::string words;
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    words += "  " + name + ": " + printable(*line, shown_line_bytes_max) + "\n";
  }
  return words;
}

}  // namespace strawberry::cli
