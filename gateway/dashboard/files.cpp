#include "gateway/dashboard/files.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "common/text/file_descriptor.h"
#include "common/text/hex.h"
#include "common/text/sha256.h"

namespace strawberry::gateway::dashboard {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t name_bytes_max = 128;
constexpr std::size_t etag_digits = 24;
constexpr std::string_view gzip_suffix = ".gz";

constexpr std::pair<std::string_view, const char*> content_types[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".woff2", "font/woff2"},
};

const char* content_type_of(std::string_view name) {
  for (const auto& [suffix, type] : content_types) {
    if (name.ends_with(suffix)) return type;
  }
  return nullptr;
}

bool is_file_name(std::string_view name) {
  return !name.empty() && name.size() <= name_bytes_max && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
                  c == '-';
         });
}

/// Counts the bytes and files that were read.
class Budget {
 public:
  bool take(std::size_t bytes) {
    if (++files_ > files_max || bytes > bytes_max - bytes_) return false;
    bytes_ += bytes;
    return true;
  }

 private:
  std::size_t files_ = 0;
  std::size_t bytes_ = 0;
};

Result<File> read_file(const fs::path& path, Budget& budget) {
  File file;
  const char* type = content_type_of(path.filename().string());
  if (type == nullptr) return fail("not a file of the dashboard: " + path.string());
  file.content_type = type;
  auto bytes = read_file_text(path, file_bytes_max);
  if (!bytes) return fail("cannot be read, or has more than 4 MiB: " + path.string());
  file.bytes = std::move(*bytes);
  file.etag = to_hex(as_bytes(sha256(file.bytes))).substr(0, etag_digits);
  const std::string compressed = path.string() + std::string(gzip_suffix);
  std::error_code missing;
  if (fs::is_regular_file(compressed, missing)) {
    auto gzip = read_file_text(compressed, file_bytes_max);
    if (!gzip) return fail("cannot be read, or has more than 4 MiB: " + compressed);
    // A compressed copy that saves nothing is not kept.
    if (gzip->size() < file.bytes.size()) file.gzip = std::move(*gzip);
  }
  if (!budget.take(file.bytes.size() + file.gzip.size())) {
    return fail("more than 256 files or 16 MiB: " + path.parent_path().string());
  }
  return file;
}

/// Whether `Accept-Encoding` has gzip and does not exclude it.
bool takes_gzip(std::string_view header) {
  while (!header.empty()) {
    const std::size_t comma = header.find(',');
    std::string_view one = header.substr(0, comma);
    header.remove_prefix(comma == std::string_view::npos ? header.size() : comma + 1);
    while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
    if (!one.starts_with("gzip")) continue;
    one.remove_prefix(std::string_view("gzip").size());
    if (!one.empty() && one.front() != ';' && one.front() != ' ') continue;
    const std::size_t quality = one.find("q=");
    return quality == std::string_view::npos || one.find_first_of("123456789", quality) != std::string_view::npos;
  }
  return false;
}

/// Whether `If-None-Match` names the entity tag (RFC 9110, 13.1.2: compared weakly).
bool is_named(std::string_view header, const std::string& quoted) {
  return header == "*" || header.find(quoted) != std::string_view::npos;
}

/// Allows no foreign resource, no inline script and none made from text: names and answers are never run as code.
constexpr const char* content_security_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

}  // namespace

Result<Files> Files::load(const std::string& directory) {
  Files files;
  Budget budget;
  const fs::path top(directory);
  auto index = read_file(top / "index.html", budget);
  if (!index) return fail(index.error().message);
  files.index_ = std::move(*index);
  std::error_code failed;
  for (fs::directory_iterator one(top / "assets", failed), end; !failed && one != end; one.increment(failed)) {
    std::error_code unknown;
    const std::string name = one->path().filename().string();
    if (name.ends_with(gzip_suffix)) continue;
    if (!is_file_name(name) || !one->is_regular_file(unknown)) {
      return fail("not a file of the dashboard: " + one->path().string());
    }
    auto file = read_file(one->path(), budget);
    if (!file) return fail(file.error().message);
    files.assets_.emplace(name, std::move(*file));
  }
  if (failed) return fail("cannot be read: " + (top / "assets").string() + ": " + failed.message());
  return files;
}

const File* Files::asset(std::string_view name) const {
  const auto found = assets_.find(name);
  return found == assets_.end() ? nullptr : &found->second;
}

Response response_of(const Request& request, const File& file, bool keeps) {
  Response response;
  const bool compressed = !file.gzip.empty() && takes_gzip(request.header("accept-encoding"));
  const std::string etag = "\"" + file.etag + (compressed ? "-gzip\"" : "\"");
  response.headers.emplace_back("ETag", etag);
  response.headers.emplace_back("Vary", "Accept-Encoding");
  response.headers.emplace_back("Cache-Control", keeps ? "public, max-age=31536000, immutable" : "no-cache");
  response.headers.emplace_back("Content-Security-Policy", content_security_policy);
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
  response.headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
  response.headers.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
  response.headers.emplace_back("Permissions-Policy", "camera=(), geolocation=(), microphone=()");
  response.content_type = file.content_type;
  if (is_named(request.header("if-none-match"), etag)) {
    response.status = 304;
    return response;
  }
  if (compressed) response.headers.emplace_back("Content-Encoding", "gzip");
  response.body = compressed ? file.gzip : file.bytes;
  return response;
}

std::string directory_beside_program() {
  std::error_code unknown;
  const fs::path program = fs::read_symlink("/proc/self/exe", unknown);
  return (program.parent_path().parent_path() / "share" / "strawberry" / "web").string();
}

}  // namespace strawberry::gateway::dashboard
