#include "bridge/adapters/sqlite/identity_rows.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "bridge/adapters/sqlite/rows.h"

namespace strawberry {
namespace {

std::optional<std::int64_t> first_number(SQLite::Statement& statement) {
  std::optional<std::int64_t> number;
  if (statement.executeStep()) number = statement.getColumn(0).getInt64();
  statement.reset();
  return number;
}

}  // namespace

void read_taken_ids(StatementCache& statements, const std::function<void(std::string)>& use) {
  auto& rows = statements.bind("SELECT id FROM taken_ids ORDER BY id");
  while (rows.executeStep()) use(rows.getColumn(0).getString());
  rows.reset();
}

bool insert_taken_id(StatementCache& statements, const std::string& id, std::int64_t now_ms) {
  if (first_number(statements.bind("SELECT 1 FROM devices WHERE device_id = ?", id))) return false;
  statements.execute("INSERT INTO taken_ids (id, first_seen) VALUES (?, ?) ON CONFLICT (id) DO NOTHING", id, now_ms);
  return true;
}

Reply<std::int64_t> add_device_within(StatementCache& statements, const StorageLimits& limits, DeviceRow device) {
  // Its owner's id is taken by being the owner's, so the device's is looked at before it is written.
  if (device.device_id == device.user_id ||
      first_number(statements.bind("SELECT 1 FROM taken_ids WHERE id = ?", device.device_id))) {
    return error(ErrorCode::forbidden, "this device_id is taken");
  }
  if (first_number(statements.bind("SELECT 1 FROM devices WHERE device_id = ?", device.user_id))) {
    return error(ErrorCode::bad_request, "this user_id is taken", {{"path", "/user_id"}});
  }
  if (auto over = check_devices(statements, limits, device.user_id)) return tl::unexpected<Error>(std::move(*over));
  const auto remembered = first_number(
      statements.bind("SELECT tokens_valid_from FROM deleted_devices WHERE device_id = ?", device.device_id));
  device.tokens_valid_from_ms = std::max(device.tokens_valid_from_ms, remembered.value_or(0));
  statements.execute("DELETE FROM deleted_devices WHERE device_id = ?", device.device_id);
  insert_device(statements, device);
  return device.tokens_valid_from_ms;
}

void remove_device(StatementCache& statements, const std::string& device_id, std::int64_t tokens_valid_from_ms) {
  statements.execute(
      "INSERT INTO deleted_devices (device_id, user_id, tokens_valid_from)"
      " SELECT device_id, user_id, max(tokens_valid_from, ?) FROM devices WHERE device_id = ?"
      " ON CONFLICT (device_id) DO UPDATE SET user_id = excluded.user_id,"
      " tokens_valid_from = max(tokens_valid_from, excluded.tokens_valid_from)",
      tokens_valid_from_ms, device_id);
  statements.execute(
      "DELETE FROM deleted_devices WHERE device_id IN (SELECT device_id FROM deleted_devices"
      " WHERE user_id = (SELECT user_id FROM devices WHERE device_id = ?)"
      " ORDER BY tokens_valid_from DESC LIMIT -1 OFFSET ?)",
      device_id, deleted_devices_per_user_max);
  statements.execute("DELETE FROM devices WHERE device_id = ?", device_id);
}

}  // namespace strawberry
