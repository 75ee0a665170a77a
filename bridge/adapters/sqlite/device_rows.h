/// Devices in SQL, the ids that no device may have, and what is remembered of a deleted device
/// (schemas/sql/0006_identities.sql).
///
/// Called inside a transaction on the store's thread; SQLite::Exception goes to its job.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bridge/adapters/sqlite/statement_cache.h"
#include "bridge/adapters/sqlite/stored_amounts.h"
#include "bridge/ports/device_store.h"
#include "bridge/ports/skill_store.h"

namespace strawberry::bridge {

/// The number of deleted devices that are remembered of each user; the oldest are forgotten.
inline constexpr std::int64_t deleted_devices_per_user_max = 10'000;

using UseDevice = std::function<void(DeviceRow, std::vector<SkillRow>)>;

/// Calls `use` for each device with its skills, in the order of ids.
void read_devices(StatementCache& statements, const UseDevice& use);
/// Returns nothing when there is no such device.
std::optional<DeviceRow> read_device(StatementCache& statements, const std::string& device_id);
/// Returns the skills in the device's order.
std::vector<SkillRow> read_skills_of(StatementCache& statements, const std::string& device_id);
/// Returns the number of rows found: 0 or 1.
int update_device(StatementCache& statements, const std::string& device_id, const DeviceChange& change);

/// Calls `use` for every id that a device may not have, in order.
void read_taken_ids(StatementCache& statements, const std::function<void(std::string)>& use);
/// Returns `forbidden`, and writes nothing, when a device has that id.
Reply<void> insert_taken_id(StatementCache& statements, const std::string& id, std::int64_t now_ms);

/// Adds a device and returns from when on its tokens are valid: the time in `device`, or a later one when tokens of an
/// earlier device of that id must stay revoked. `forbidden` when its id is a user's, `bad_request` when its user's id
/// is a device's, `quota_exceeded` as check_devices() says.
Reply<std::int64_t> add_device_within(StatementCache& statements, const StorageLimits& limits, DeviceRow device);
/// Removes the device with its skills. Remembers that tokens issued before `tokens_valid_from_ms` are revoked.
void remove_device(StatementCache& statements, const std::string& device_id, std::int64_t tokens_valid_from_ms);

}  // namespace strawberry::bridge
