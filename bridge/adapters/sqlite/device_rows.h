/// Devices in SQL, the ids that none may have, and what stays of a device that is deleted
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

/// Of each user so many deleted devices are remembered, those deleted last.
inline constexpr std::int64_t deleted_devices_per_user_max = 10'000;

using UseDevice = std::function<void(DeviceRow, std::vector<SkillRow>)>;

/// In the order of their ids, each with its skills.
void read_devices(StatementCache& statements, const UseDevice& use);
/// Nothing when it is not there.
std::optional<DeviceRow> read_device(StatementCache& statements, const std::string& device_id);
/// In the device's order.
std::vector<SkillRow> read_skills_of(StatementCache& statements, const std::string& device_id);
/// How many rows it found: 0 or 1.
int update_device(StatementCache& statements, const std::string& device_id, const DeviceChange& change);

/// Every id that a device may not have, in order.
void read_taken_ids(StatementCache& statements, const std::function<void(std::string)>& use);
/// `forbidden`, with nothing written, when a device has that id.
Reply<void> insert_taken_id(StatementCache& statements, const std::string& id, std::int64_t now_ms);

/// A new device, and from when on its tokens are valid: as `device` says, or later when tokens of an earlier device of
/// that id have to stay dead. `forbidden` when its id is a user's, `bad_request` when its user's id is a device's,
/// `quota_exceeded` as check_devices() says.
Reply<std::int64_t> add_device_within(StatementCache& statements, const StorageLimits& limits, DeviceRow device);
/// With its skills. What is remembered of it says that tokens issued before `tokens_valid_from_ms` are dead.
void remove_device(StatementCache& statements, const std::string& device_id, std::int64_t tokens_valid_from_ms);

}  // namespace strawberry::bridge
