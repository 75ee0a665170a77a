#include <algorithm>
#include <numeric>
#include <utility>

#include "bridge/adapters/sqlite/sqlite_writer.h"
#include "bridge/adapters/sqlite/statement_cache.h"
#include "bridge/adapters/sqlite/stores.h"

namespace strawberry::bridge {
namespace {

std::size_t bytes_of(const std::vector<SkillRow>& skills) {
  return std::accumulate(skills.begin(), skills.end(), bytes_of_job, [](std::size_t sum, const SkillRow& skill) {
    return sum + bytes_of_job + skill.signature.size() + skill.docstring.size() + skill.input_schema.size();
  });
}

/// For each skill the device has on disk, whether it is the one of that position. A device that comes back with what it
/// had costs no writing.
std::vector<bool> compare_skills(StatementCache& statements, const std::string& device_id,
                                 const std::vector<SkillRow>& skills) {
  auto& row = statements.bind(
      "SELECT class_name, function_name, signature, docstring, device_agnostic, confirm, position, input_schema"
      " FROM skills"
      " WHERE device_id = ? ORDER BY position",
      device_id);
  std::vector<bool> is_same;
  while (row.executeStep()) {
    const auto position = static_cast<std::size_t>(row.getColumn(6).getInt64());
    is_same.resize(position, false);  // none is missing that this program wrote
    if (position >= skills.size()) {
      is_same.push_back(false);
      continue;
    }
    const SkillRow& skill = skills[position];
    is_same.push_back(
        text_of(row.getColumn(0)) == skill.class_name && text_of(row.getColumn(1)) == skill.function_name &&
        text_of(row.getColumn(2)) == skill.signature && text_of(row.getColumn(3)) == skill.docstring &&
        (row.getColumn(4).getInt() != 0) == skill.device_agnostic &&
        (row.getColumn(5).getInt() != 0) == skill.confirm && text_of(row.getColumn(7)) == skill.input_schema);
  }
  row.reset();
  return is_same;
}

/// Whether write_skills() would have no skill to write; it may have some to remove.
bool has_skills(StatementCache& statements, const std::string& device_id, const std::vector<SkillRow>& skills) {
  const auto is_there = compare_skills(statements, device_id, skills);
  return is_there.size() >= skills.size() &&
         std::all_of(is_there.begin(), is_there.begin() + static_cast<std::ptrdiff_t>(skills.size()),
                     [](bool same) { return same; });
}

void write_heartbeat(StatementCache& statements, const std::string& device_id, std::int64_t heartbeat_at_ms) {
  statements.execute("UPDATE devices SET skills_heartbeat_at = ? WHERE device_id = ?", heartbeat_at_ms, device_id);
}

/// Writes only what is not there already.
void write_skills(StatementCache& statements, const std::string& device_id, const std::vector<SkillRow>& skills,
                  std::int64_t heartbeat_at_ms) {
  const auto is_there = compare_skills(statements, device_id, skills);
  for (std::size_t position = 0; position < skills.size(); ++position) {
    if (position < is_there.size() && is_there[position]) continue;
    const SkillRow& skill = skills[position];
    statements.execute(
        "INSERT INTO skills (device_id, position, class_name, function_name, signature, docstring, device_agnostic,"
        " confirm, input_schema) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (device_id, position) DO UPDATE SET"
        " class_name = excluded.class_name, function_name = excluded.function_name, signature = excluded.signature,"
        " docstring = excluded.docstring, device_agnostic = excluded.device_agnostic, confirm = excluded.confirm,"
        " input_schema = excluded.input_schema",
        device_id, position, skill.class_name, skill.function_name, skill.signature, skill.docstring,
        skill.device_agnostic, skill.confirm, skill.input_schema);
  }
  if (is_there.size() > skills.size()) {
    statements.execute("DELETE FROM skills WHERE device_id = ? AND position >= ?", device_id, skills.size());
  }
  write_heartbeat(statements, device_id, heartbeat_at_ms);
}

Reply<void> put_skills_within(StatementCache& statements, const StorageLimits& limits, const std::string& device_id,
                              const std::vector<SkillRow>& skills, std::int64_t heartbeat_at_ms) {
  if (limits.disk_low && !has_skills(statements, device_id, skills)) return tl::unexpected(*limits.disk_low);
  write_skills(statements, device_id, skills, heartbeat_at_ms);
  return {};
}

class SqliteSkillStore final : public SkillStore {
 public:
  explicit SqliteSkillStore(SqliteWriter& writer) : writer_(writer) {}

  Task<Reply<void>> put_skills(std::string user_id, std::string device_id, std::vector<SkillRow> skills,
                               std::int64_t heartbeat_at_ms) override {
    const SqliteWriter::Place place{std::move(user_id), bytes_of(skills)};
    return writer_.run_within(place, put_skills_within, std::move(device_id), std::move(skills), heartbeat_at_ms);
  }
  Task<Reply<void>> set_skills_heartbeat(std::string user_id, std::string device_id,
                                         std::int64_t heartbeat_at_ms) override {
    return writer_.run({std::move(user_id)}, write_heartbeat, std::move(device_id), heartbeat_at_ms);
  }

 private:
  SqliteWriter& writer_;
};

}  // namespace

std::unique_ptr<SkillStore> make_skill_store(SqliteWriter& writer) {
  return std::make_unique<SqliteSkillStore>(writer);
}

}  // namespace strawberry::bridge
