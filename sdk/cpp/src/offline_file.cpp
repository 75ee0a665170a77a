#include "sdk/cpp/src/offline_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <utility>

#include "common/text/ids.h"
#include "common/text/json_text.h"
#include "common/text/printable.h"
#include "common/text/private_file.h"
#include "common/text/strict_json.h"
#include "common/text/utf8.h"

namespace strawberry::sdk {
namespace {

using nlohmann::json;

constexpr std::size_t content_chars_max = 131'072;  // schemas/sessions/sync.json
constexpr std::size_t title_chars_max = 200;
constexpr std::size_t line_depth_max = 4;

[[noreturn]] void fail_with(const char* code, const std::string& why, bool retryable = false) {
  throw HubError(code, why, retryable);
}

std::string system_error() { return std::strerror(errno); }

std::size_t characters(std::string_view text) {
  std::size_t count = 0;
  for (const char byte : text) count += (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U ? 1 : 0;
  return count;
}

bool is_entry(const json& value) {
  return is_valid_id(text_member(value, "session_id")) && is_valid_id(text_member(value, "message_id")) &&
         !text_member(value, "role").empty() && value.contains("content") && value.at("content").is_string() &&
         !text_member(value, "created_at").empty();
}

}  // namespace

OfflineFile::OfflineFile(std::string path, Options options, Say say)
    : path_(std::move(path)), options_(options), say_(std::move(say)) {
  lock();
  load();
}

void OfflineFile::lock() {
  const std::string lock_path = path_ + ".lock";
  lock_ = FileDescriptor(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock_.is_open()) fail_with("internal", "cannot open " + printable(lock_path) + ": " + system_error());
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0)
    fail_with("internal", printable(path_) + " is in use by another process (give each Spoke its own offline_file)");
}

void OfflineFile::load() {
  if (look_at_file(path_).error != ENOENT) {
    auto read = read_private_file(path_, 2 * options_.bytes_max);
    if (!read) fail_with("internal", "the file " + printable(path_) + " " + read.error().message + " (chmod 600)");
    std::string unreadable;
    std::string_view rest = read->content;
    while (!rest.empty()) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      auto value = parse_strict_object(line, line_depth_max);
      if (value && is_entry(*value)) {
        entries_.push_back({std::move(*value), line.size() + 1});
        bytes_ += line.size() + 1;
      } else if (!line.empty()) {
        unreadable += std::string(line) + "\n";
      }
    }
    if (!read->content.empty() && read->content.back() != '\n') taken_bytes_ = 1;  // a process died while it wrote
    if (!unreadable.empty()) {
      say_(LogLevel::warning, "lines of " + path_ + " cannot be read (they are in " + path_ + ".refused now)");
      keep_aside(unreadable);
      taken_bytes_ = 1;
    }
  }
  if (taken_bytes_ != 0) return compact();
  file_ = FileDescriptor(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file_.is_open()) fail_with("internal", "cannot open " + printable(path_) + ": " + system_error());
}

std::string OfflineFile::add(const Said& said, WallTime now) {
  if (!is_valid_id(said.session_id))
    fail_with("bad_request", "no session id: " + printable(said.session_id, 80) + " (1 to 64 of A-Z a-z 0-9 _ -)");
  if (said.role != "user" && said.role != "assistant")
    fail_with("bad_request", "no role: " + printable(said.role, 40) + " (user or assistant)");
  if (!is_utf8(said.content) || !is_utf8(said.title)) fail_with("bad_request", "the content is not UTF-8");
  if (characters(said.content) > content_chars_max || said.content.size() > options_.batch_bytes_max)
    fail_with("too_large", "the content has " + std::to_string(said.content.size()) + " bytes (at most " +
                               std::to_string(std::min(content_chars_max, options_.batch_bytes_max)) + ")");
  if (characters(said.title) > title_chars_max) fail_with("too_large", "the title has more than 200 characters");
  json value{{"session_id", said.session_id},
             {"message_id", new_id()},
             {"role", said.role},
             {"content", said.content},
             {"created_at", format_rfc3339(now)}};
  if (!said.title.empty()) value["title"] = said.title;
  const std::string line = to_text(value) + "\n";
  if (entries_.size() >= options_.messages_max || bytes_ + line.size() > options_.bytes_max)
    fail_with("quota_exceeded", "no room for what was said offline: " + std::to_string(entries_.size()) +
                                    " messages wait in " + printable(path_) + " (connect to the hub)");
  append(line);
  std::string id = text_member(value, "message_id");
  bytes_ += line.size();
  entries_.push_back({std::move(value), line.size()});
  return id;
}

void OfflineFile::append(const std::string& line) {
  struct stat before {};
  const bool is_known = ::fstat(file_.get(), &before) == 0;
  if (write_all(file_.get(), line) && ::fdatasync(file_.get()) == 0) return;
  const std::string why = system_error();
  // Removes an incomplete line.
  if (is_known && ::ftruncate(file_.get(), before.st_size) != 0)
    say_(LogLevel::warning, "half a line is left in " + path_ + ": " + system_error());
  fail_with("internal", "cannot write " + printable(path_) + ": " + why, true);
}

OfflineFile::Batch OfflineFile::oldest() const {
  Batch batch;
  std::map<std::string, std::size_t> place;  // of a session in the batch
  std::size_t bytes = 0;
  for (const Entry& entry : entries_) {
    const std::string session_id = text_member(entry.value, "session_id");
    const bool is_new = !place.contains(session_id);
    bytes += entry.bytes + (is_new ? 200 : 0);
    if (batch.count > 0 && (bytes > options_.batch_bytes_max || batch.count >= options_.batch_messages_max ||
                            (is_new && place.size() >= options_.batch_sessions_max)))
      break;
    if (is_new) {
      place[session_id] = batch.sessions.size();
      json session{{"id", session_id}, {"created_at", entry.value.at("created_at")}, {"messages", json::array()}};
      if (entry.value.contains("title")) session["title"] = entry.value.at("title");
      batch.sessions.push_back(std::move(session));
    }
    batch.sessions[place[session_id]]["messages"].push_back({{"id", entry.value.at("message_id")},
                                                             {"role", entry.value.at("role")},
                                                             {"content", entry.value.at("content")},
                                                             {"created_at", entry.value.at("created_at")}});
    ++batch.count;
  }
  return batch;
}

void OfflineFile::taken(std::size_t count) {
  for (; count > 0 && !entries_.empty(); --count) {
    bytes_ -= entries_.front().bytes;
    taken_bytes_ += entries_.front().bytes;
    entries_.pop_front();
  }
  // Not after each batch: sending a message again changes nothing.
  if (entries_.empty() || taken_bytes_ > bytes_) compact();
}

void OfflineFile::set_aside(const std::string& session_id, std::size_t count) {
  std::string lines;
  std::deque<Entry> rest;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const bool is_refused = session_id.empty() ? i < count : text_member(entries_[i].value, "session_id") == session_id;
    if (!is_refused) {
      rest.push_back(std::move(entries_[i]));
      continue;
    }
    lines += to_text(entries_[i].value) + "\n";
    bytes_ -= entries_[i].bytes;
  }
  keep_aside(lines);
  entries_ = std::move(rest);
  compact();
}

void OfflineFile::keep_aside(const std::string& lines) const {
  const std::string path = path_ + ".refused";
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  struct stat status {};
  if (file.is_open() && ::fstat(file.get(), &status) == 0 &&
      static_cast<std::size_t>(status.st_size) + lines.size() > options_.bytes_max) {
    say_(LogLevel::error, "what the hub refused is dropped: " + path + " is full (move it away)");
    return;
  }
  if (!file.is_open() || !write_all(file.get(), lines) || ::fdatasync(file.get()) != 0)
    fail_with("internal", "cannot write " + printable(path) + ": " + system_error());
}

void OfflineFile::compact() {
  std::string text;
  for (const Entry& entry : entries_) text += to_text(entry.value) + "\n";
  if (!put_private_file(path_, text, /*replaces=*/true))
    fail_with("internal", "cannot write " + printable(path_) + ": " + system_error(), true);
  file_ = FileDescriptor(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW));
  if (!file_.is_open()) fail_with("internal", "cannot open " + printable(path_) + ": " + system_error());
  taken_bytes_ = 0;
}

}  // namespace strawberry::sdk
