#include "bridge/users/backup_service.h"

#include <memory>
#include <utility>

#include "bridge/users/unless_program.h"
#include "common/runtime/one_shot.h"
#include "common/text/base64url.h"
#include "common/text/ids.h"
#include "common/text/json_text.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

constexpr std::size_t restored_bytes_at_once = 200 * 1024;
constexpr std::size_t restored_lines_at_once = 1'000;

tl::unexpected<Error> is_busy() {
  return error(ErrorCode::busy, "another backup of this user is being made or restored", {{"retry_after_ms", 1'000}});
}

tl::unexpected<Error> disk_is_low() {
  return error(ErrorCode::quota_exceeded, "the hub's disk is almost full", {{"limit", "disk_free_min_mib"}});
}

bool is_gzip(std::string_view file) { return file.starts_with("\x1f\x8b"); }

/// While it lives, nothing else is made or restored for the user.
class UsersTurn {
 public:
  UsersTurn(std::shared_ptr<std::set<std::string>> users, std::string user)
      : users_(std::move(users)), user_(std::move(user)), is_taken_(users_->insert(user_).second) {}
  ~UsersTurn() {
    if (is_taken_) users_->erase(user_);
  }
  UsersTurn(const UsersTurn&) = delete;
  UsersTurn& operator=(const UsersTurn&) = delete;

  bool is_taken() const { return is_taken_; }

 private:
  const std::shared_ptr<std::set<std::string>> users_;
  const std::string user_;
  const bool is_taken_;
};

}  // namespace

BackupService::BackupService(asio::io_context& loop, const Clock& clock, ExportService& exports,
                             std::function<bool()> has_room, BackupFiles::Options options)
    : loop_(loop),
      clock_(clock),
      exports_(exports),
      has_room_(std::move(has_room)),
      files_(std::make_shared<const BackupFiles>(std::move(options))) {}

void BackupService::forget(const std::string& user_id) {
  thread_.post([files = files_, user_id] { files->remove_all(user_id); });
}

template <class Work>
Task<std::invoke_result_t<Work>> BackupService::on_files(Work work) {
  using Value = std::invoke_result_t<Work>;
  const auto done = std::make_shared<OneShot<Value>>(loop_.get_executor());
  asio::io_context* const loop = &loop_;
  FileThread::Job job = [done, loop, work = std::move(work)] {
    const auto value = std::make_shared<Value>(work());
    asio::post(*loop, [done, value] { done->set(std::move(*value)); });
  };
  const bool is_taken = thread_.post(std::move(job));
  if (!is_taken) co_return error(ErrorCode::busy, "too much waits for the disk", {{"retry_after_ms", 1'000}});
  auto value = co_await done->wait();
  if (!value) co_return error(ErrorCode::cancelled, "the request was taken back");
  co_return std::move(*value);
}

const OperationTable& BackupService::operations() {
  using enum PrincipalType;
  using B = BackupService;
  static constexpr WhoMay people{user, admin};
  static constexpr Operation rows[] = {
      {"backup", people, ActsFor::user, unless_program<&B::create>},
      {"backups", people, ActsFor::user, unless_program<&B::list>},
      {"get_backup", people, ActsFor::user, unless_program<&B::get>},
      {"delete_backup", people, ActsFor::user, unless_program<&B::remove>},
      {"read_backup", people, ActsFor::user, unless_program<&B::read>},
      {"write_backup", people, ActsFor::user, unless_program<&B::write>},
      {"restore_backup", people, ActsFor::user, unless_program<&B::restore>},
  };
  static constexpr OperationTable table{
      Service::users, rows, [](PrincipalType) -> std::string_view { return "only a user or an admin has backups"; }};
  return table;
}

Task<Reply<json>> BackupService::create(Request request) {
  const std::string user_id = request.acting_user;
  if (auto unknown = exports_.objection_to_user(request)) co_return tl::unexpected<Error>(std::move(*unknown));
  const UsersTurn turn(busy_users_, user_id);
  if (!turn.is_taken()) co_return is_busy();
  if (!has_room_()) co_return disk_is_low();
  BackupInfo info;
  info.id = id_for(request);
  info.user_id = user_id;
  info.name = request.body.value("name", std::string());
  info.description = request.body.value("description", std::string());
  info.created_at_ms = to_unix_ms(clock_.wall_now());
  auto made = co_await make(std::move(info));
  if (made) exports_.tell(request, "users.backup");
  co_return made;
}

Task<Reply<json>> BackupService::make(BackupInfo info) {
  const auto files = files_;
  auto begin = [files, info]() -> Reply<void> {
    auto room = files->check_room(info.user_id);
    return room ? files->begin(info) : room;
  };
  auto begun = co_await on_files(std::move(begin));
  if (!begun) co_return tl::unexpected(begun.error());
  std::string cursor;
  do {
    auto part = co_await exports_.export_part(info.user_id, cursor, /*with_hash=*/false);
    if (!part) co_return tl::unexpected(part.error());
    std::string lines;
    for (const auto& record : part->at("records")) lines += to_text(record) + "\n";
    auto add = [files, info, lines] { return files->add_lines(info, lines); };
    auto added = co_await on_files(std::move(add));
    if (!added) {
      auto abandon = [files, info]() -> Reply<void> { return files->abandon(info), Reply<void>(); };
      co_await on_files(std::move(abandon));
      co_return tl::unexpected(added.error());
    }
    cursor = part->value("next_cursor", std::string());
  } while (!cursor.empty());
  auto finish = [files, info] { return files->finish(info); };
  auto finished = co_await on_files(std::move(finish));
  if (!finished) co_return tl::unexpected(finished.error());
  json result = json::object();
  result["backup"] = to_json(*finished);
  co_return result;
}

Task<Reply<json>> BackupService::list(Request request) {
  const auto files = files_;
  const std::string user_id = request.acting_user;
  auto list_all = [files, user_id] { return files->list(user_id); };
  auto found = co_await on_files(std::move(list_all));
  if (!found) co_return tl::unexpected(found.error());
  json backups = json::array();
  for (const auto& info : *found) backups.push_back(to_json(info));
  json result = json::object();
  result["total"] = backups.size();
  result["backups"] = std::move(backups);
  co_return result;
}

Task<Reply<json>> BackupService::get(Request request) {
  const auto files = files_;
  const std::string user_id = request.acting_user;
  const auto id = request.body.at("backup_id").get<std::string>();
  auto get_one = [files, user_id, id] { return files->get(user_id, id); };
  auto found = co_await on_files(std::move(get_one));
  if (!found) co_return tl::unexpected(found.error());
  json result = json::object();
  result["backup"] = to_json(*found);
  co_return result;
}

Task<Reply<json>> BackupService::remove(Request request) {
  const auto files = files_;
  const std::string user_id = request.acting_user;
  const auto id = request.body.at("backup_id").get<std::string>();
  auto remove_one = [files, user_id, id] { return files->remove(user_id, id); };
  auto removed = co_await on_files(std::move(remove_one));
  if (!removed) co_return tl::unexpected(removed.error());
  exports_.tell(request, "users.delete_backup");
  json result = json::object();
  result["backup_id"] = id;
  result["deleted"] = true;
  co_return result;
}

Task<Reply<json>> BackupService::read(Request request) {
  const auto files = files_;
  const std::string user_id = request.acting_user;
  const auto id = request.body.at("backup_id").get<std::string>();
  const auto offset = request.body.value("offset", std::int64_t{0});
  auto get_info = [files, user_id, id] { return files->get(user_id, id); };
  auto info = co_await on_files(std::move(get_info));
  if (!info) co_return tl::unexpected(info.error());
  auto read_piece = [files, user_id, id, offset] { return files->read_bytes(user_id, id, offset, piece_bytes_max); };
  auto bytes = co_await on_files(std::move(read_piece));
  if (!bytes) co_return tl::unexpected(bytes.error());
  const auto end = offset + static_cast<std::int64_t>(bytes->size());
  json result = json::object();
  result["data"] = base64url_encode(*bytes);
  result["size_bytes"] = info->size_bytes;
  if (end < info->size_bytes && !bytes->empty()) result["next_offset"] = end;
  co_return result;
}

Task<Reply<json>> BackupService::write(Request request) {
  const auto files = files_;
  const std::string user_id = request.acting_user;
  const UsersTurn turn(busy_users_, user_id);
  if (!turn.is_taken()) co_return is_busy();
  if (!has_room_()) co_return disk_is_low();
  const auto bytes = base64url_decode(request.body.at("data").get<std::string>());
  if (!bytes || bytes->size() > piece_bytes_max)
    co_return error(ErrorCode::bad_request,
                    "data is not base64url of at most " + std::to_string(piece_bytes_max) + " bytes",
                    {{"path", "/data"}});
  BackupInfo info;
  info.user_id = user_id;
  info.id = request.body.value("backup_id", std::string());
  info.name = request.body.value("name", std::string());
  info.description = request.body.value("description", std::string());
  info.created_at_ms = to_unix_ms(clock_.wall_now());
  const auto offset = request.body.value("offset", std::int64_t{0});
  const bool is_first = info.id.empty();
  if (is_first) info.id = id_for(request);
  const bool is_last = request.body.value("is_last", false);
  const std::string piece = *bytes;
  if (is_first && !is_gzip(piece))
    co_return error(ErrorCode::bad_request, "the file does not begin as a gzip file does", {{"path", "/data"}});
  if (is_first && offset != 0)
    co_return error(ErrorCode::bad_request, "the first piece of a file begins at 0", {{"path", "/offset"}});
  auto write_piece = [files, info, is_first, is_last, offset, piece]() -> Reply<BackupInfo> {
    if (is_first) {
      auto begun = files->check_room(info.user_id);
      if (begun) begun = files->begin(info);
      if (!begun) return tl::unexpected(begun.error());
    }
    auto added = files->add_bytes(info, offset, piece);
    if (!added) return tl::unexpected(added.error());
    if (!is_last) return info;
    return files->finish(info, BackupFiles::From::upload);
  };
  auto written = co_await on_files(std::move(write_piece));
  if (!written) co_return tl::unexpected(written.error());
  json result = json::object();
  result["backup_id"] = written->id;
  if (is_last) exports_.tell(request, "users.write_backup");
  if (is_last) result["backup"] = to_json(*written);
  co_return result;
}

Task<Reply<json>> BackupService::restore(Request request) {
  const std::string user_id = request.acting_user;
  const UsersTurn turn(busy_users_, user_id);
  if (!turn.is_taken()) co_return is_busy();
  auto id = request.body.at("backup_id").get<std::string>();
  auto restored = co_await restore_from(request, std::move(id));
  if (restored) exports_.tell(request, "users.restore_backup");
  co_return restored;
}

Task<Reply<json>> BackupService::restore_from(Request request, std::string id) {
  const auto files = files_;
  const std::string user_id = request.acting_user;
  const std::int64_t begun_at_ms = to_unix_ms(clock_.wall_now());
  using Opened = Reply<std::shared_ptr<BackupReader>>;
  auto open = [files, user_id, id]() -> Opened {
    auto opened = files->open_lines(user_id, id);
    if (!opened) return tl::unexpected(opened.error());
    return std::make_shared<BackupReader>(std::move(*opened));
  };
  auto reader = co_await on_files(std::move(open));
  if (!reader) co_return tl::unexpected(reader.error());
  json sum{{"added", 0}, {"already_there", 0}, {"left_out", 0}};
  for (;;) {
    auto read_lines = [reader = *reader] { return reader->next(restored_bytes_at_once, restored_lines_at_once); };
    auto lines = co_await on_files(std::move(read_lines));
    if (!lines) co_return tl::unexpected(lines.error());
    if (lines->empty()) break;
    ExportService::Import import;
    // With the rights of the user: limits that an admin has set since then stay.
    import.actor = Principal{PrincipalType::user, request.sender.id, user_id};
    import.user_id = user_id;
    import.begun_at_ms = begun_at_ms;
    import.overwrite = request.body.value("overwrite", false);
    import.records = json::array();
    for (const auto& line : *lines) import.records.push_back(json_from(line));
    auto part = co_await exports_.import_part(std::move(import));
    if (!part) co_return tl::unexpected(part.error());
    for (auto& [name, value] : sum.items()) value = value.get<std::int64_t>() + part->at(name).get<std::int64_t>();
  }
  json result = json::object();
  result["backup_id"] = id;
  result["restored"] = std::move(sum);
  co_return result;
}

}  // namespace strawberry::bridge
