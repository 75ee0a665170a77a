#include "bridge/adapters/sqlite/import_rows.h"

#include <algorithm>
#include <utility>

#include "bridge/adapters/sqlite/conversation_rows.h"
#include "bridge/adapters/sqlite/device_rows.h"
#include "bridge/adapters/sqlite/limit_rows.h"
#include "bridge/adapters/sqlite/user_rows.h"
#include "common/contract/device_name.h"

namespace strawberry::bridge {
namespace {

class Importer {
 public:
  Importer(StatementCache& statements, const StorageLimits& limits, const ImportRequest& request)
      : statements_(statements), limits_(limits), request_(request) {}

  Reply<ImportCount> run() {
    if (was_revoked_since())
      return error(ErrorCode::forbidden,
                   "the user was deleted, or all of its tokens were revoked, since this began or just before");
    const auto before = read_stored_amounts(statements_, request_.user_id);
    if (request_.account) {
      if (auto written = write_account(*request_.account); !written) return tl::unexpected(written.error());
    }
    for (const auto& record : request_.records) {
      auto done = std::visit([this](const auto& each) { return take(each); }, record);
      if (!done) return tl::unexpected(done.error());
    }
    const auto own = limits_of(statements_, limits_, request_.user_id);
    if (auto over = passed_limit(own, before, read_stored_amounts(statements_, request_.user_id)))
      return tl::unexpected<Error>(std::move(*over));
    return std::move(count_);
  }

 private:
  using Done = Reply<void>;

  bool was_revoked_since() {
    if (!request_.begun_at_ms) return false;
    auto& row = statements_.bind("SELECT tokens_valid_from FROM user_revocations WHERE user_id = ?", request_.user_id);
    const bool was_revoked = row.executeStep() && row.getColumn(0).getInt64() > *request_.begun_at_ms;
    row.reset();
    return was_revoked;
  }

  Done write_account(const AccountImport& account) {
    if (account.is_new) return insert_user(statements_, account.user, /*first_admin=*/false);
    return update_user(statements_, request_.user_id, account.change());
  }

  Done count(bool is_new) {
    is_new ? ++count_.added : ++count_.already_there;
    return {};
  }
  Done leave_out() {
    ++count_.left_out;
    return {};
  }
  std::optional<std::string> owner(const char* sql, const std::string& id) {
    std::optional<std::string> found;
    auto& row = statements_.bind(sql, id);
    if (row.executeStep()) found = row.getColumn(0).getString();
    row.reset();
    return found;
  }

  Done take(const LimitRecord& record) {
    if (!request_.is_by_admin) return leave_out();
    std::optional<std::int64_t> known;
    read_limits(statements_, request_.user_id, [&](LimitKind kind, std::int64_t value) {
      if (kind == record.kind) known = value;
    });
    const bool is_change = !known || (request_.overwrite && *known != record.value);
    if (is_change) {
      write_limits(statements_, request_.user_id, {{record.kind, record.value}});
      count_.has_new_limits = true;
    }
    return count(is_change);
  }

  Done take(const DeviceRow& record) {
    auto device = record;
    device.user_id = request_.user_id;
    auto known = read_device(statements_, device.device_id);
    if (known && known->user_id != request_.user_id)
      return error(ErrorCode::forbidden, "this device_id is somebody else's: " + device.device_id);
    number_name(device);
    if (!known) {
      auto added = add_device_within(statements_, limits_, device);
      if (!added) return tl::unexpected(added.error());
      count_.devices.insert(device.device_id);
      return count(true);
    }
    DeviceChange change;
    change.tokens_valid_from_ms = device.tokens_valid_from_ms;
    if (request_.overwrite) {
      change.name = device.name;
      change.normalized_name = device.normalized_name;
      change.room = device.about.room;
      change.aliases = device.about.aliases;
      change.capabilities = device.about.capabilities;
      change.metadata = device.about.metadata;
    }
    const bool is_same_about = device.about == known->about && device.name == known->name;
    const bool is_change =
        device.tokens_valid_from_ms > known->tokens_valid_from_ms || (request_.overwrite && !is_same_about);
    if (is_change) {
      update_device(statements_, device.device_id, change);
      count_.devices.insert(device.device_id);
    }
    return count(is_change);
  }

  /// Numbers the name when another device of the user has it.
  void number_name(DeviceRow& device) {
    const auto name = device.name;
    for (std::size_t number = 2;; ++number) {
      device.normalized_name = normalize_device_name(device.name);
      auto& row = statements_.bind("SELECT 1 FROM devices WHERE user_id = ? AND normalized_name = ? AND device_id <> ?",
                                   device.user_id, device.normalized_name, device.device_id);
      const bool is_taken = row.executeStep();
      row.reset();
      if (!is_taken) return;
      device.name = name + " " + std::to_string(number);
    }
  }

  /// Only of a device that has not registered others since. As in a registration: so many at most, none twice.
  Done take(const SkillRecord& record) {
    constexpr std::int64_t skills_of_a_device_max = 500;  // schemas/skills/register.json
    if (record.position >= skills_of_a_device_max)
      return error(ErrorCode::bad_request,
                   "a device has at most " + std::to_string(skills_of_a_device_max) + " skills: " + record.device_id);
    const auto device = read_device(statements_, record.device_id);
    if (!device || device->user_id != request_.user_id) return leave_out();
    if (device->skills_heartbeat_at_ms.value_or(0) > record.registered_ms) return count(false);
    const auto& skill = record.skill;
    auto& twin = statements_.bind("SELECT 1 FROM skills WHERE device_id = ? AND class_name = ? AND function_name = ?",
                                  record.device_id, skill.class_name, skill.function_name);
    const bool is_there = twin.executeStep();
    twin.reset();
    if (is_there) return count(false);
    const bool is_new = statements_.execute(
                            "INSERT OR IGNORE INTO skills (device_id, position, class_name, function_name, signature,"
                            " docstring, device_agnostic, confirm, input_schema) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                            record.device_id, record.position, skill.class_name, skill.function_name, skill.signature,
                            skill.docstring, skill.device_agnostic, skill.confirm, skill.input_schema) > 0;
    if (is_new) count_.devices.insert(record.device_id);
    return count(is_new);
  }

  Done take(const SessionRow& record) {
    auto session = record;
    session.user_id = request_.user_id;
    const auto known = read_session(statements_, session.session_id);
    if (known && known->user_id != request_.user_id)
      return error(ErrorCode::forbidden, "this session_id is somebody else's", {{"session_id", session.session_id}});
    if (!known) {
      insert_session(statements_, session);
      return count(true);
    }
    const bool is_change = request_.overwrite && known->title != session.title;
    if (is_change) {
      SessionChange change;
      change.title = session.title;
      update_session(statements_, session.session_id, change);
    }
    return count(is_change);
  }

  Done take(const MessageRecord& record) {
    const auto owned_by = owner("SELECT user_id FROM sessions WHERE session_id = ?", record.session_id);
    if (!owned_by) return leave_out();
    if (*owned_by != request_.user_id)
      return error(ErrorCode::forbidden, "this session_id is somebody else's", {{"session_id", record.session_id}});
    if (record.offset > 0) return append(record);
    const bool is_new = insert_message(statements_, record.session_id, record.message);
    if (is_new) {
      statements_.execute("UPDATE sessions SET message_count = message_count + 1 WHERE session_id = ?",
                          record.session_id);
    }
    const auto session = read_session(statements_, record.session_id);
    if (auto over = passed_session_limit(limits_, session->message_count - (is_new ? 1 : 0), session->message_count))
      return tl::unexpected<Error>(std::move(*over));
    return count(is_new);
  }

  /// Appends the next piece of a message. The database's triggers count insertions only, so the bytes are added here.
  Done append(const MessageRecord& record) {
    const auto known = read_message(statements_, record.session_id, record.message.message_id);
    const auto size = known ? static_cast<std::int64_t>(known->content.size()) : 0;
    if (size < record.offset)
      return error(ErrorCode::bad_request, "what comes before this piece of a message is missing",
                   {{"message_id", record.message.message_id}});
    if (size > record.offset || record.message.content.empty()) return count(false);
    statements_.execute("UPDATE messages SET content = content || ? WHERE session_id = ? AND message_id = ?",
                        record.message.content, record.session_id, record.message.message_id);
    statements_.execute("UPDATE user_storage SET bytes = bytes + ? WHERE user_id = ?", record.message.content.size(),
                        request_.user_id);
    return count(true);
  }

  Done take(const UsageRow& record) {
    const auto& used = record.count;
    const bool is_change =
        statements_.execute(
            "INSERT INTO usage (user_id, day, device_id, provider, model, estimated, requests, prompt_tokens,"
            " completion_tokens) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (user_id, day, device_id, provider, model, estimated) DO UPDATE SET"
            " requests = max(requests, excluded.requests), prompt_tokens = max(prompt_tokens, excluded.prompt_tokens),"
            " completion_tokens = max(completion_tokens, excluded.completion_tokens)"
            " WHERE excluded.requests > requests OR excluded.prompt_tokens > prompt_tokens"
            " OR excluded.completion_tokens > completion_tokens",
            request_.user_id, record.day, record.device_id, record.provider, record.model, record.estimated,
            used.requests, used.prompt_tokens, used.completion_tokens) > 0;
    return count(is_change);
  }

  Done take(const ChatsRecord& record) {
    return count(statements_.execute("INSERT INTO chats_of_day (day, user_id, chats) VALUES (?, ?, ?)"
                                     " ON CONFLICT (day, user_id) DO UPDATE SET chats = excluded.chats"
                                     " WHERE excluded.chats > chats",
                                     record.day, request_.user_id, record.chats) > 0);
  }

  Done take(const ValidFromRecord& record) {
    if (!request_.is_by_admin) return leave_out();
    return count(statements_.execute("INSERT INTO user_revocations (user_id, tokens_valid_from) VALUES (?, ?)"
                                     " ON CONFLICT (user_id) DO UPDATE SET tokens_valid_from ="
                                     " excluded.tokens_valid_from WHERE excluded.tokens_valid_from > tokens_valid_from",
                                     request_.user_id, record.tokens_valid_from_ms) > 0);
  }

  Done take(const RevokedRecord& record) {
    if (!request_.is_by_admin) return leave_out();
    return count(
        statements_.execute("INSERT OR IGNORE INTO revoked_tokens (jti, revoked_at, expires_at) VALUES (?, ?, ?)",
                            record.jti, record.revoked_at_ms, record.expires_at_ms) > 0);
  }

  Done take(const SpentRecord& record) {
    if (!request_.is_by_admin) return leave_out();
    return count(statements_.execute("INSERT OR IGNORE INTO spent_tokens (enroll_id, spent_at) VALUES (?, ?)",
                                     record.one_time_id, record.spent_at_ms) > 0);
  }

  Done take(const TokenRow& token) {
    if (!request_.is_by_admin) return leave_out();
    return count(statements_.execute("INSERT OR IGNORE INTO issued_tokens (jti, name, type, subject, user_id, kid,"
                                     " issued_at, expires_at, parent_jti, root_jti, scope, skills) VALUES (?, ?, ?, ?,"
                                     " ?, ?, ?, ?, ?, ?, ?, ?)",
                                     token.jti, token.name, token.type, token.subject, request_.user_id, token.kid,
                                     token.issued_at_ms, token.expires_at_ms, token.parent_jti, token.root_jti,
                                     token.scope, token.skills) > 0);
  }

  StatementCache& statements_;
  const StorageLimits& limits_;
  const ImportRequest& request_;
  ImportCount count_;
};

}  // namespace

Reply<ImportCount> import_records(StatementCache& statements, const StorageLimits& limits,
                                  const ImportRequest& request) {
  return Importer(statements, limits, request).run();
}

}  // namespace strawberry::bridge
