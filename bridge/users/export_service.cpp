#include "bridge/users/export_service.h"

#include <charconv>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "bridge/devices/device_events.h"
#include "bridge/pipeline/request_events.h"
#include "bridge/skills/skill_service.h"
#include "bridge/users/unless_program.h"
#include "bridge/users/user_records.h"
#include "common/contract/device_name.h"
#include "common/contract/principal.h"
#include "common/text/base64url.h"
#include "common/text/json_text.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

/// Size of an answer without its records.
constexpr std::size_t frame_bytes = 2'048;

std::string encode_place(const ExportPlace& place) {
  return base64url_encode(to_text(json::array({place.section, place.text, place.first, place.second, place.offset})));
}

std::optional<ExportPlace> decode_place(const std::string& cursor) {
  const auto text = base64url_decode(cursor);
  if (!text) return std::nullopt;
  const auto read = json_from(*text);
  const bool fits = read.is_array() && read.size() == 5 && read[0].is_number_unsigned() && read[1].is_string() &&
                    read[2].is_number_integer() && read[3].is_number_integer() && read[4].is_number_integer() &&
                    read[4] >= 0;
  if (!fits) return std::nullopt;
  return ExportPlace{read[0].get<std::size_t>(), read[1].get<std::string>(), read[2].get<std::int64_t>(),
                     read[3].get<std::int64_t>(), read[4].get<std::int64_t>()};
}

/// An alias that another device of the user's has, here or in the same import, is left out: who is called by it must
/// be clear.
class AliasFilter {
 public:
  AliasFilter(const DeviceRegistry& devices, const std::string& user_id) : devices_(devices), user_id_(user_id) {}

  void apply(DeviceRow& device) {
    const auto is_taken = [&](const std::string& alias) {
      const auto normalized = normalize_device_name(alias);
      const Device* other = devices_.named(user_id_, normalized);
      const bool is_known = other != nullptr && other->row.device_id != device.device_id;
      return is_known || !seen_.insert(normalized).second;
    };
    seen_.insert(device.normalized_name);
    std::erase_if(device.about.aliases, is_taken);
  }

 private:
  const DeviceRegistry& devices_;
  const std::string& user_id_;
  std::set<std::string> seen_;
};

}  // namespace

const OperationTable& ExportService::operations() {
  using enum PrincipalType;
  static constexpr Operation rows[] = {
      {"export", {user, admin}, ActsFor::user, unless_program<&ExportService::export_for>},
      {"import", {user, admin}, ActsFor::user, unless_program<&ExportService::import_for>},
  };
  static constexpr OperationTable table{Service::users, rows, [](PrincipalType) -> std::string_view {
                                          return "only a user or an admin exports and imports";
                                        }};
  return table;
}

Task<Reply<json>> ExportService::export_part(std::string user_id, std::string cursor, bool with_hash) {
  json records = json::array();
  ExportPlace place;
  if (cursor.empty()) {
    json head = json::object();
    if (auto account = functions_.account(user_id, with_hash); account.is_object()) head = std::move(account);
    head["kind"] = "user";
    head["user_id"] = user_id;
    head["format"] = export_format;
    head["exported_at"] = format_rfc3339(parts_.clock.wall_now());
    records.push_back(std::move(head));
  } else {
    auto read = decode_place(cursor);
    if (!read) co_return error(ErrorCode::bad_request, "cursor is not one of this hub's", {{"path", "/cursor"}});
    place = std::move(*read);
  }
  auto part = co_await parts_.store.read_part(user_id, std::move(place), part_bytes_max - frame_bytes);
  if (!part) co_return tl::unexpected(part.error());
  for (const auto& record : part->records) records.push_back(to_json(record));
  json result = json::object();
  result["user_id"] = user_id;
  result["records"] = std::move(records);
  if (part->next) result["next_cursor"] = encode_place(*part->next);
  co_return result;
}

Task<Reply<json>> ExportService::import_part(Import import) {
  ImportRequest request;
  request.user_id = import.user_id;
  request.overwrite = import.overwrite;
  request.is_by_admin = import.is_by_admin;
  request.begun_at_ms = import.begun_at_ms;
  if (parts_.devices.find(import.user_id) != nullptr || is_reserved_id(import.user_id))
    co_return error(ErrorCode::bad_request, "this user_id is taken", {{"path", "/user_id"}});
  bool has_account = false;
  AliasFilter aliases(parts_.devices, import.user_id);
  std::int64_t left_out = 0;
  for (std::size_t i = 0; i < import.records.size(); ++i) {
    const auto path = "/records/" + std::to_string(i);
    const auto& record = import.records[i];
    if (is_head(record)) {
      if (auto problem = objection_to_format(record, path)) co_return tl::unexpected<Error>(std::move(*problem));
      if (!request.is_by_admin) ++left_out;
      if (!request.is_by_admin) continue;
      auto wanted = functions_.wanted_account(import.user_id, record, import.overwrite);
      if (!wanted) co_return tl::unexpected(wanted.error());
      request.account = std::move(*wanted);
      has_account = true;
      continue;
    }
    auto read = read_record(record, path);
    if (!read) co_return tl::unexpected(read.error());
    if (auto* device = std::get_if<DeviceRow>(&*read)) aliases.apply(*device);
    request.records.push_back(std::move(*read));
  }
  const auto records = request.records;
  std::optional<AccountImport> account = request.account;
  const std::int64_t accounts_added = account ? 1 : 0;
  auto count = co_await parts_.store.import(std::move(request));
  if (!count) co_return tl::unexpected(count.error());
  if (account) co_await functions_.account_written(std::move(*account));
  if (count->has_new_limits) {
    for (const auto& record : records)
      if (const auto* limit = std::get_if<LimitRecord>(&record);
          limit != nullptr && (import.overwrite || !parts_.limits.is_own(import.user_id, limit->kind)))
        parts_.limits.set(import.user_id, limit->kind, limit->value);
  }
  json result = json::object();
  result["added"] = count->added + accounts_added;
  result["already_there"] = count->already_there + (has_account ? 1 - accounts_added : 0);
  result["left_out"] = count->left_out + left_out;
  ImportCount changed = std::move(*count);
  co_await announce(import.actor, import.user_id, std::move(changed));
  co_return result;
}

Task<void> ExportService::announce(Principal actor, std::string user_id, ImportCount count) {
  if (count.devices.empty()) co_return;
  auto read = co_await parts_.store.read_user_devices(user_id, count.devices);
  if (!read) co_return;  // logged by the store; a restart of the bridge reads them
  std::vector<std::string> ids;
  for (auto& [device, skills] : *read) {
    const auto id = device.device_id;
    parts_.devices.put(std::move(device));
    parts_.skills.put(id, user_id, skills);
    ids.push_back(id);
  }
  // The plugin accepts at most 64 ids at once.
  constexpr std::size_t ids_at_once = 64;
  for (std::size_t from = 0; from < ids.size(); from += ids_at_once) {
    const auto end = std::min(from + ids_at_once, ids.size());
    std::vector<std::string> some(ids.begin() + static_cast<std::ptrdiff_t>(from),
                                  ids.begin() + static_cast<std::ptrdiff_t>(end));
    co_await functions_.tell_plugin(std::move(some));
  }
  for (const auto& id : ids) {
    parts_.events.publish(DeviceChanged{DeviceChanged::Change::updated, id, actor.id, user_id});
    parts_.events.publish(SkillsChanged{id});
  }
}

std::optional<Error> ExportService::objection_to_user(const Request& request) const {
  const std::string& user_id = request.acting_user;
  if (request.sender.user_id == user_id || functions_.is_known(user_id)) return std::nullopt;
  return Error{ErrorCode::not_found, "no such user", {{"path", "/user_id"}}};
}

void ExportService::tell(const Request& request, std::string_view action) const {
  parts_.events.publish(RequestAudited{request.sender, action, request.acting_user, nullptr, request.acting_user});
}

Task<Reply<json>> ExportService::export_for(Request request) {
  const auto cursor = request.body.value("cursor", std::string());
  if (auto unknown = objection_to_user(request)) co_return tl::unexpected<Error>(std::move(*unknown));
  auto part = co_await export_part(request.acting_user, cursor, functions_.is_admin(request));
  if (part && cursor.empty()) tell(request, "users.export");
  co_return part;
}

Task<Reply<json>> ExportService::import_for(Request request) {
  Import import;
  import.actor = request.sender;
  import.user_id = request.acting_user;
  import.records = request.body.at("records");
  import.overwrite = request.body.value("overwrite", false);
  import.is_by_admin = functions_.is_admin(request);
  if (!import.is_by_admin) import.begun_at_ms = to_unix_ms(parts_.clock.wall_now());
  const bool is_first = is_head(import.records.front());
  if (import.records.size() > records_max)
    co_return error(ErrorCode::bad_request, "an import has at most " + std::to_string(records_max) + " records",
                    {{"path", "/records"}});
  auto done = co_await import_part(std::move(import));
  if (done && is_first) tell(request, "users.import");
  co_return done;
}

}  // namespace strawberry::bridge
