#include "bridge/adapters/sqlite/export_rows.h"

#include <algorithm>
#include <array>
#include <utility>

#include "bridge/adapters/sqlite/conversation_rows.h"
#include "bridge/adapters/sqlite/device_rows.h"
#include "bridge/adapters/sqlite/limit_rows.h"

namespace strawberry::bridge {
namespace {

/// Of what a record is besides its long texts.
constexpr std::size_t record_bytes = 600;
/// Of sessions and devices whose ids are read at once.
constexpr std::int64_t ids_at_once = 200;

/// As JSON text.
std::size_t escaped_bytes(std::string_view text) {
  std::size_t bytes = 2;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    bytes += byte < 0x20 ? 6 : c == '"' || c == '\\' ? 2 : 1;
  }
  return bytes;
}

/// From `from` on as many bytes as come to message_piece_bytes_max as JSON, no character cut in half.
std::size_t piece_bytes(std::string_view text, std::size_t from) {
  std::size_t bytes = 0, end = from;
  while (end < text.size()) {
    std::size_t next = end + 1;
    while (next < text.size() && (static_cast<unsigned char>(text[next]) & 0xC0) == 0x80) ++next;
    bytes += escaped_bytes(text.substr(end, next - end)) - 2;
    if (bytes > message_piece_bytes_max && end > from) break;
    end = next;
  }
  return end - from;
}

class PartReader {
 public:
  PartReader(StatementCache& statements, std::string user_id, ExportPlace place, std::size_t bytes_max)
      : statements_(statements), user_id_(std::move(user_id)), place_(std::move(place)), bytes_max_(bytes_max) {}

  ExportPart read() {
    using Section = bool (PartReader::*)();
    static constexpr std::array<Section, 9> sections = {
        &PartReader::limits, &PartReader::devices, &PartReader::skills, &PartReader::sessions, &PartReader::usage,
        &PartReader::chats,  &PartReader::revoked, &PartReader::spent,  &PartReader::tokens};
    while (place_.section < sections.size()) {
      if (!(this->*sections[place_.section])()) {
        part_.next = place_;
        return std::move(part_);
      }
      place_ = ExportPlace{place_.section + 1, {}, 0, 0, 0};
    }
    return std::move(part_);
  }

 private:
  /// False when it has no room: then it is not in the part.
  bool add(UserRecord record, std::size_t bytes) {
    if (!part_.records.empty() && bytes_ + bytes > bytes_max_) return false;
    bytes_ += bytes;
    part_.records.push_back(std::move(record));
    return true;
  }

  // Each reads its rows behind place_, and moves that. False when the part is full.

  bool limits() {
    bool has_room = true;
    read_limits(statements_, user_id_, [&](LimitKind kind, std::int64_t value) {
      const std::string name(name_of(kind).name);
      if (!has_room || name <= place_.text) return;
      has_room = add(LimitRecord{kind, value}, record_bytes);
      if (has_room) place_.text = name;
    });
    return has_room;
  }

  bool devices() {
    for (const auto& id : ids("SELECT device_id FROM devices WHERE user_id = ? AND device_id > ? ORDER BY device_id"
                              " LIMIT ?")) {
      auto device = read_device(statements_, id);
      if (!device) continue;
      const auto bytes = record_bytes + escaped_bytes(device->about.metadata) + 64 * device->about.capabilities.size() +
                         260 * device->about.aliases.size();
      if (!add(std::move(*device), bytes)) return false;
      place_.text = id;
    }
    return ids_read_ < ids_at_once || devices();
  }

  bool skills() {
    for (const auto& id : ids("SELECT device_id FROM devices WHERE user_id = ? AND device_id >= ? ORDER BY device_id"
                              " LIMIT ?")) {
      if (id != place_.text) place_ = ExportPlace{place_.section, id, 0, 0, 0};
      auto& row = statements_.bind(
          "SELECT s.position, coalesce(d.skills_heartbeat_at, 0), class_name, function_name, signature, docstring,"
          " device_agnostic, confirm, input_schema FROM skills s JOIN devices d USING (device_id)"
          " WHERE s.device_id = ? AND s.position >= ? ORDER BY s.position",
          id, place_.first);
      while (row.executeStep()) {
        SkillRecord record;
        record.device_id = id;
        record.position = row.getColumn(0).getInt64();
        record.registered_ms = row.getColumn(1).getInt64();
        record.skill = {row.getColumn(2).getString(), row.getColumn(3).getString(),   row.getColumn(4).getString(),
                        row.getColumn(5).getString(), row.getColumn(6).getInt() != 0, row.getColumn(7).getInt() != 0,
                        row.getColumn(8).getString()};
        const auto position = record.position;
        const auto bytes = record_bytes + escaped_bytes(record.skill.docstring) +
                           escaped_bytes(record.skill.signature) + escaped_bytes(record.skill.input_schema);
        if (!add(std::move(record), bytes)) {
          row.reset();
          return false;
        }
        place_.first = position + 1;
      }
      row.reset();
    }
    if (ids_read_ < ids_at_once) return true;
    place_ = ExportPlace{place_.section, place_.text + '\x01', 0, 0, 0};  // behind this device
    return skills();
  }

  bool sessions() {
    for (const auto& id : ids("SELECT session_id FROM sessions WHERE user_id = ? AND session_id >= ?"
                              " ORDER BY session_id LIMIT ?")) {
      // `first` 0 and `second` 0: the session itself comes next.
      if (id != place_.text) place_ = ExportPlace{place_.section, id, 0, 0, 0};
      if (place_.second == 0) {
        auto session = read_session(statements_, id);
        if (!session) continue;
        const auto bytes = record_bytes + escaped_bytes(session->title);
        if (!add(std::move(*session), bytes)) return false;
        place_.first = INT64_MIN;
        place_.second = -1;
      }
      if (!messages(id)) return false;
    }
    if (ids_read_ < ids_at_once) return true;
    place_ = ExportPlace{place_.section, place_.text + '\x01', 0, 0, 0};
    return sessions();
  }

  bool messages(const std::string& session_id) {
    // A message of which a piece was read is read again.
    const auto behind = place_.offset > 0 ? place_.second - 1 : place_.second;
    auto& row = statements_.bind(
        "SELECT message_id, role, content, created_at, sequence FROM messages WHERE session_id = ?"
        " AND (created_at, sequence) > (?, ?) ORDER BY created_at, sequence",
        session_id, place_.first, behind);
    bool has_room = true;
    while (has_room && row.executeStep()) {
      const auto content = row.getColumn(2).getString();
      const bool is_begun = place_.offset > 0 && row.getColumn(4).getInt64() == place_.second;
      auto from = is_begun ? std::min(static_cast<std::size_t>(place_.offset), content.size()) : 0;
      do {
        const auto size = piece_bytes(content, from);
        MessageRecord record;
        record.session_id = session_id;
        record.offset = static_cast<std::int64_t>(from);
        record.message = {row.getColumn(0).getString(), row.getColumn(1).getString(), content.substr(from, size),
                          row.getColumn(3).getInt64()};
        const auto bytes = record_bytes + escaped_bytes(record.message.content);
        has_room = add(std::move(record), bytes);
        if (!has_room) break;
        from += size;
        place_.first = row.getColumn(3).getInt64();
        place_.second = row.getColumn(4).getInt64();
        place_.offset = from < content.size() ? static_cast<std::int64_t>(from) : 0;
      } while (from < content.size());
    }
    row.reset();
    return has_room;
  }

  bool usage() {
    auto& row = statements_.bind(
        "SELECT day, device_id, provider, model, estimated, requests, prompt_tokens, completion_tokens FROM usage"
        " WHERE user_id = ? AND day >= ? ORDER BY day, device_id, provider, model, estimated LIMIT -1 OFFSET ?",
        user_id_, place_.first, place_.second);
    bool has_room = true;
    while (has_room && row.executeStep()) {
      UsageRow read;
      read.user_id = user_id_;
      read.day = row.getColumn(0).getInt64();
      read.device_id = row.getColumn(1).getString();
      read.provider = row.getColumn(2).getString();
      read.model = row.getColumn(3).getString();
      read.estimated = row.getColumn(4).getInt() != 0;
      read.count = {row.getColumn(5).getInt64(), row.getColumn(6).getInt64(), row.getColumn(7).getInt64()};
      const auto day = read.day;
      has_room = add(std::move(read), record_bytes);
      if (!has_room) break;
      place_.second = day == place_.first ? place_.second + 1 : 1;
      place_.first = day;
    }
    row.reset();
    return has_room;
  }

  bool chats() {
    return rows("SELECT day, chats, '' FROM chats_of_day WHERE user_id = ? AND day > ? AND ? = '' ORDER BY day",
                [this](SQLite::Statement& row) {
                  const ChatsRecord record{row.getColumn(0).getInt64(), row.getColumn(1).getInt64()};
                  if (!add(record, record_bytes)) return false;
                  place_.first = record.day;
                  return true;
                });
  }

  bool revoked() {
    // The moment before which all of the user's tokens are dead comes first.
    if (place_.first == 0) {
      auto& row = statements_.bind("SELECT tokens_valid_from FROM user_revocations WHERE user_id = ?", user_id_);
      std::optional<ValidFromRecord> record;
      if (row.executeStep()) record = ValidFromRecord{row.getColumn(0).getInt64()};
      row.reset();
      if (record && !add(*record, record_bytes)) return false;
      place_.first = 1;
    }
    return rows(
        "SELECT DISTINCT r.jti, r.revoked_at, r.expires_at FROM issued_tokens t CROSS JOIN revoked_tokens r"
        " ON r.jti IN (t.jti, t.root_jti) WHERE t.user_id = ? AND 1 = ? AND r.jti > ? ORDER BY r.jti",
        [this](SQLite::Statement& row) {
          RevokedRecord record{row.getColumn(0).getString(), row.getColumn(1).getInt64(), row.getColumn(2).getInt64()};
          const auto jti = record.jti;
          if (!add(std::move(record), record_bytes)) return false;
          place_.text = jti;
          return true;
        });
  }

  bool spent() {
    return rows(
        "SELECT DISTINCT s.enroll_id, s.spent_at FROM issued_tokens t CROSS JOIN spent_tokens s"
        " ON s.enroll_id = t.subject WHERE t.user_id = ? AND t.type IN ('enroll', 'grant') AND 0 = ?"
        " AND s.enroll_id > ? ORDER BY s.enroll_id",
        [this](SQLite::Statement& row) {
          SpentRecord record{row.getColumn(0).getString(), row.getColumn(1).getInt64()};
          const auto id = record.one_time_id;
          if (!add(std::move(record), record_bytes)) return false;
          place_.text = id;
          return true;
        });
  }

  bool tokens() {
    return rows(
        "SELECT jti, name, type, subject, kid, issued_at, expires_at, parent_jti, root_jti, scope, skills"
        " FROM issued_tokens"
        " WHERE user_id = ? AND 0 = ? AND jti > ? ORDER BY jti",
        [this](SQLite::Statement& row) {
          TokenRow token;
          token.jti = row.getColumn(0).getString();
          token.name = row.getColumn(1).getString();
          token.type = row.getColumn(2).getString();
          token.subject = row.getColumn(3).getString();
          token.user_id = user_id_;
          token.kid = row.getColumn(4).getString();
          token.issued_at_ms = row.getColumn(5).getInt64();
          token.expires_at_ms = row.getColumn(6).getInt64();
          token.parent_jti = row.getColumn(7).getString();
          token.root_jti = row.getColumn(8).getString();
          if (!row.getColumn(9).isNull()) token.scope = row.getColumn(9).getString();
          if (!row.getColumn(10).isNull()) token.skills = row.getColumn(10).getString();
          const auto jti = token.jti;
          if (!add(std::move(token), record_bytes)) return false;
          place_.text = jti;
          return true;
        });
  }

  /// Of a query for user, place_.first and place_.text.
  template <class Use>
  bool rows(const char* sql, Use use) {
    auto& row = statements_.bind(sql, user_id_, place_.first, place_.text);
    bool has_room = true;
    while (has_room && row.executeStep()) has_room = use(row);
    row.reset();
    return has_room;
  }

  std::vector<std::string> ids(const char* sql) {
    std::vector<std::string> found;
    auto& row = statements_.bind(sql, user_id_, place_.text, ids_at_once);
    while (row.executeStep()) found.push_back(row.getColumn(0).getString());
    row.reset();
    ids_read_ = static_cast<std::int64_t>(found.size());
    return found;
  }

  StatementCache& statements_;
  const std::string user_id_;
  ExportPlace place_;
  const std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::int64_t ids_read_ = 0;
  ExportPart part_;
};

}  // namespace

ExportPart read_export_part(StatementCache& statements, const std::string& user_id, const ExportPlace& place,
                            std::size_t bytes_max) {
  return PartReader(statements, user_id, place, bytes_max).read();
}

}  // namespace strawberry::bridge
