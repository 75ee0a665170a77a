#include "bridge/users/backup_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "bridge/users/user_records.h"
#include "common/text/clock.h"
#include "common/text/file_descriptor.h"
#include "common/text/hex.h"
#include "common/text/ids.h"
#include "common/text/json_depth.h"
#include "common/text/json_text.h"
#include "common/text/private_file.h"
#include "common/text/sha256.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr int block_bytes = 16 * 1024;  // of what is unpacked at once
constexpr const char* packed_ending = ".jsonl.gz";
constexpr const char* unfinished_ending = ".jsonl.gz.part";
constexpr const char* info_ending = ".json";
constexpr std::size_t info_bytes_max = 16 * 1024;
constexpr std::size_t levels_max = 64;  // as for a request

tl::unexpected<Error> failed(const std::string& what, const std::string& path) {
  auto failure = error(ErrorCode::internal, "the backup could not be kept");
  failure.value().cause = what + " " + path + ": " + std::strerror(errno);
  return failure;
}

tl::unexpected<Error> no_such_backup() { return error(ErrorCode::not_found, "no such backup"); }

tl::unexpected<Error> broken() {
  return error(ErrorCode::bad_request, "this is no backup that can be read (a gzip file of JSON lines is wanted)");
}

Error too_many_records(std::int64_t max) {
  return {ErrorCode::too_large, "the backup has more records than allowed", {{"records_max", max}}};
}

/// What is against a line as the record of this number.
std::optional<Error> objection_to(const std::string& line, std::int64_t number, BackupFiles::From from) {
  if (json_nests_deeper_than(line, levels_max)) return broken().value();
  const auto record = json_from(line);
  if (!record.is_object()) return broken().value();
  if (from == BackupFiles::From::hub) return std::nullopt;
  const std::string path = "/records/" + std::to_string(number);
  if (number > 0) {
    auto read = read_record(record, path);
    return read ? std::nullopt : std::optional(std::move(read.error()));
  }
  if (is_head(record)) return objection_to_format(record, path);
  return Error{ErrorCode::bad_request, "this is no export of a user: it does not begin with one", {{"path", path}}};
}

std::optional<BackupInfo> info_from(const json& read) {
  const bool fits = read.is_object() && read.value("id", json()).is_string() &&
                    read.value("user_id", json()).is_string() && read.value("created_at", json()).is_string();
  if (!fits) return std::nullopt;
  const auto created = parse_rfc3339(read.at("created_at").get<std::string>());
  if (!created) return std::nullopt;
  BackupInfo info;
  info.id = read.at("id").get<std::string>();
  info.user_id = read.at("user_id").get<std::string>();
  info.name = text_member(read, "name");
  info.description = text_member(read, "description");
  info.created_at_ms = to_unix_ms(*created);
  const auto number = [&read](const char* name) {
    const auto found = read.find(name);
    return found != read.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
  };
  info.records = number("records");
  info.size_bytes = number("size_bytes");
  info.format_version = static_cast<int>(number("format_version"));
  info.checksum = text_member(read, "checksum");
  return info;
}

std::string hex_of(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) append_hex(text, c);
  return text;
}

/// Appends to a file of mode 0600 that only the bridge writes.
Reply<void> append_to(const std::string& path, std::string_view bytes) {
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.is_open()) return failed("cannot open", path);
  if (!write_all(file.get(), bytes)) return failed("cannot write", path);
  return {};
}

/// Returns one gzip member; several in a row are one file.
std::string packed(std::string_view text) {
  constexpr int gzip_window_bits = 15 + 16;
  constexpr int memory_level = 8;
  z_stream stream{};
  if (::deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, gzip_window_bits, memory_level, Z_DEFAULT_STRATEGY) != Z_OK)
    return {};
  std::string out(::deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const bool is_whole = ::deflate(&stream, Z_FINISH) == Z_STREAM_END;
  out.resize(is_whole ? stream.total_out : 0);
  ::deflateEnd(&stream);
  return out;
}

}  // namespace

json to_json(const BackupInfo& info) {
  return {{"id", info.id},
          {"user_id", info.user_id},
          {"name", info.name},
          {"description", info.description},
          {"created_at", format_rfc3339(from_unix_ms(info.created_at_ms))},
          {"records", info.records},
          {"size_bytes", info.size_bytes},
          {"format_version", info.format_version},
          {"checksum", info.checksum},
          {"compressed", true}};
}

bool BackupReader::is_not_packed() const { return file_ == nullptr || ::gzdirect(file_.get()) != 0; }

void BackupReader::Close::operator()(gzFile_s* file) const { ::gzclose(file); }

/// Asks for the state after each read: zlib 1.3.2 forgets with the next one that the file was cut off.
Reply<void> BackupReader::read_block() {
  block_.resize(block_bytes);
  const int size = ::gzread(file_.get(), block_.data(), block_bytes);
  int code = Z_OK;
  ::gzerror(file_.get(), &code);
  if (size < 0 || (code != Z_OK && code != Z_STREAM_END)) return broken();
  block_.resize(static_cast<std::size_t>(size));
  at_ = 0;
  bytes_ += size;
  if (bytes_ > limits_.text_bytes_max || block_.find('\0') != std::string::npos) return broken();
  return {};
}

Reply<std::optional<std::string>> BackupReader::next_line() {
  std::string line;
  while (true) {
    if (at_ == block_.size()) {
      if (auto read = read_block(); !read) return tl::unexpected(read.error());
      if (block_.empty()) break;
    }
    const std::size_t end = block_.find('\n', at_);
    const bool is_whole = end != std::string::npos;
    const std::size_t next = is_whole ? end + 1 : block_.size();
    line.append(block_, at_, next - at_);
    at_ = next;
    if (line.size() > limits_.line_bytes_max) return broken();
    if (is_whole) {
      line.pop_back();
      return std::optional(std::move(line));
    }
  }
  if (line.empty()) return std::optional<std::string>();
  return std::optional(std::move(line));
}

Reply<std::vector<std::string>> BackupReader::next(std::size_t bytes_max, std::size_t lines_max) {
  std::vector<std::string> lines;
  std::size_t bytes = 0;
  while (lines.size() < lines_max) {
    if (!ahead_) {
      auto line = next_line();
      if (!line) return tl::unexpected(line.error());
      if (!*line) break;
      ahead_ = std::move(**line);
    }
    if (!lines.empty() && bytes + ahead_->size() > bytes_max) break;
    bytes += ahead_->size();
    if (!ahead_->empty()) lines.push_back(std::move(*ahead_));
    ahead_.reset();
  }
  return lines;
}

Reply<std::vector<BackupInfo>> BackupFiles::list(const std::string& user_id) const {
  std::vector<BackupInfo> found;
  std::error_code problem;
  for (const auto& entry : fs::directory_iterator(folder(user_id), problem)) {
    const auto name = entry.path().filename().string();
    if (!name.ends_with(info_ending)) continue;
    auto info = get(user_id, name.substr(0, name.size() - std::strlen(info_ending)));
    if (info) found.push_back(std::move(*info));
  }
  std::sort(found.begin(), found.end(), [](const BackupInfo& a, const BackupInfo& b) {
    return std::pair(b.created_at_ms, b.id) < std::pair(a.created_at_ms, a.id);
  });
  return found;
}

Reply<BackupInfo> BackupFiles::get(const std::string& user_id, const std::string& id) const {
  if (!is_valid_id(user_id) || !is_valid_id(id)) return no_such_backup();
  auto file = read_private_file(path(user_id, id, info_ending), info_bytes_max);
  if (!file) return no_such_backup();
  auto info = info_from(json_from(file->content));
  if (!info || info->id != id || info->user_id != user_id) return no_such_backup();
  return std::move(*info);
}

Reply<void> BackupFiles::remove(const std::string& user_id, const std::string& id) const {
  if (auto known = get(user_id, id); !known) return tl::unexpected(known.error());
  std::error_code problem;
  fs::remove(path(user_id, id, info_ending), problem);  // first, so that a listed backup is always complete
  if (!problem) fs::remove(path(user_id, id, packed_ending), problem);
  if (problem) return failed("cannot remove", path(user_id, id, packed_ending));
  return {};
}

void BackupFiles::remove_all(const std::string& user_id) const {
  std::error_code ignored;
  if (is_valid_id(user_id)) fs::remove_all(folder(user_id), ignored);
}

Reply<void> BackupFiles::check_room(const std::string& user_id) const {
  const auto known = list(user_id);
  if (!known) return tl::unexpected(known.error());
  if (known->size() < options_.per_user_max) return {};
  return error(ErrorCode::quota_exceeded,
               "the user has as many backups as allowed: " + std::to_string(options_.per_user_max) + " (delete one)",
               {{"limit", "backups_per_user_max"}, {"max", options_.per_user_max}, {"used", known->size()}});
}

Reply<void> BackupFiles::begin(const BackupInfo& info) const {
  if (!is_valid_id(info.user_id) || !is_valid_id(info.id)) return no_such_backup();
  ::mkdir(options_.directory.c_str(), 0700);
  if (::mkdir(folder(info.user_id).c_str(), 0700) != 0 && errno != EEXIST)
    return failed("cannot make", folder(info.user_id));
  // Removes earlier unfinished uploads: a user has at most one at a time.
  std::error_code problem;
  for (const auto& entry : fs::directory_iterator(folder(info.user_id), problem)) {
    std::error_code ignored;
    if (entry.path().string().ends_with(unfinished_ending)) fs::remove(entry.path(), ignored);
  }
  return append_to(path(info.user_id, info.id, unfinished_ending), "");
}

Reply<void> BackupFiles::add_bytes(const BackupInfo& info, std::int64_t offset, const std::string& bytes) const {
  if (!is_valid_id(info.user_id) || !is_valid_id(info.id)) return no_such_backup();
  const auto file = path(info.user_id, info.id, unfinished_ending);
  std::error_code problem;
  const auto size = static_cast<std::int64_t>(fs::file_size(file, problem));
  if (problem) return no_such_backup();
  if (offset != size)
    return error(ErrorCode::bad_request, "the next piece of this backup begins elsewhere",
                 {{"path", "/offset"}, {"offset", size}});
  if (size + static_cast<std::int64_t>(bytes.size()) > options_.bytes_max)
    return error(ErrorCode::too_large, "the backup is larger than allowed", {{"bytes_max", options_.bytes_max}});
  return append_to(file, bytes);
}

Reply<void> BackupFiles::add_lines(const BackupInfo& info, const std::string& lines) const {
  const auto bytes = packed(lines);
  if (bytes.empty()) return error(ErrorCode::internal, "the backup could not be packed");
  std::error_code problem;
  const auto size = static_cast<std::int64_t>(fs::file_size(path(info.user_id, info.id, unfinished_ending), problem));
  if (problem) return no_such_backup();
  return add_bytes(info, size, bytes);
}

Reply<BackupInfo> BackupFiles::finish(BackupInfo info, From from) const {
  const auto unfinished = path(info.user_id, info.id, unfinished_ending);
  std::ifstream file(unfinished, std::ios::binary);
  if (!file) return no_such_backup();
  Sha256Sum sum;
  std::vector<char> buffer(64 * 1024);
  info.size_bytes = 0;
  while (file.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || file.gcount() > 0) {
    const auto size = static_cast<std::size_t>(file.gcount());
    sum.add({buffer.data(), size});
    info.size_bytes += static_cast<std::int64_t>(size);
  }
  info.checksum = hex_of(as_bytes(sum.finish()));
  info.records = 0;
  BackupReader lines(std::unique_ptr<gzFile_s, BackupReader::Close>(::gzopen(unfinished.c_str(), "rb")),
                     {options_.text_bytes_max, options_.line_bytes_max});
  if (lines.is_not_packed()) {
    abandon(info);
    return broken();
  }
  for (;;) {
    constexpr std::size_t bytes_at_once = 256 * 1024, lines_at_once = 1'000;
    const auto some = lines.next(bytes_at_once, lines_at_once);
    std::optional<Error> objection;
    if (!some || (some->empty() && info.records == 0)) objection = broken().value();
    for (std::size_t i = 0; some && !objection && i < some->size(); ++i) {
      objection = info.records == options_.records_max ? too_many_records(options_.records_max)
                                                       : objection_to(some->at(i), info.records, from);
      ++info.records;
    }
    if (objection) {
      abandon(info);
      return tl::unexpected<Error>(std::move(*objection));
    }
    if (some->empty()) break;
  }
  std::error_code problem;
  fs::rename(unfinished, path(info.user_id, info.id, packed_ending), problem);
  if (!problem && put_private_file(path(info.user_id, info.id, info_ending), to_text(to_json(info)), /*replaces=*/true))
    return info;
  auto failure = failed("cannot write", path(info.user_id, info.id, info_ending));
  // Nobody could list or delete the file without what says of it.
  std::error_code ignored;
  fs::remove(path(info.user_id, info.id, packed_ending), ignored);
  return failure;
}

void BackupFiles::abandon(const BackupInfo& info) const {
  std::error_code ignored;
  fs::remove(path(info.user_id, info.id, unfinished_ending), ignored);
}

Reply<std::string> BackupFiles::read_bytes(const std::string& user_id, const std::string& id, std::int64_t offset,
                                           std::size_t bytes_max) const {
  if (auto known = get(user_id, id); !known) return tl::unexpected(known.error());
  std::ifstream file(path(user_id, id, packed_ending), std::ios::binary);
  if (!file || !file.seekg(offset)) return no_such_backup();
  std::string bytes(bytes_max, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes;
}

Reply<BackupReader> BackupFiles::open_lines(const std::string& user_id, const std::string& id) const {
  if (auto known = get(user_id, id); !known) return tl::unexpected(known.error());
  std::unique_ptr<gzFile_s, BackupReader::Close> file(::gzopen(path(user_id, id, packed_ending).c_str(), "rb"));
  if (!file) return no_such_backup();
  return BackupReader(std::move(file), {options_.text_bytes_max, options_.line_bytes_max});
}

}  // namespace strawberry::bridge
