#include <utility>

#include "bridge/adapters/sqlite/device_rows.h"
#include "bridge/adapters/sqlite/sqlite_writer.h"
#include "bridge/adapters/sqlite/statement_cache.h"
#include "bridge/adapters/sqlite/stores.h"
#include "bridge/adapters/sqlite/token_rows.h"

namespace strawberry::bridge {
namespace {

/// With its token, which is then good.
Reply<std::int64_t> add_device_with_token(StatementCache& statements, const StorageLimits& limits,
                                          const DeviceRow& device, std::optional<NewToken> token) {
  auto valid_from = add_device_within(statements, limits, device);
  if (!valid_from || !token) return valid_from;
  date_from(token->row, *valid_from);
  if (auto added = add_token_within(statements, limits, token); !added) return tl::unexpected(added.error());
  return valid_from;
}

Reply<void> change_device_with_token(StatementCache& statements, const StorageLimits& limits,
                                     const std::string& device_id, const DeviceChange& change,
                                     const std::optional<NewToken>& token) {
  if (update_device(statements, device_id, change) == 0) return error(ErrorCode::not_found, "no such device");
  return add_token_within(statements, limits, token);
}

/// Refused, it leaves the one-time token unspent.
Reply<std::int64_t> enroll_device_with_token(StatementCache& statements, const StorageLimits& limits,
                                             const DeviceRow& device, const std::string& enroll_id, std::int64_t now_ms,
                                             const std::optional<NewToken>& token) {
  const int spent =
      statements.execute("INSERT OR IGNORE INTO spent_tokens (enroll_id, spent_at) VALUES (?, ?)", enroll_id, now_ms);
  if (spent == 0) return error(ErrorCode::forbidden, "this enrollment token has been used");
  return add_device_with_token(statements, limits, device, token);
}

Reply<void> spend_for_token(StatementCache& statements, const StorageLimits& limits, const std::string& one_time_id,
                            std::int64_t now_ms, const std::optional<NewToken>& given) {
  forget_spent_grants(statements, now_ms);
  const int spent =
      statements.execute("INSERT OR IGNORE INTO spent_tokens (enroll_id, spent_at) VALUES (?, ?)", one_time_id, now_ms);
  if (spent == 0) return error(ErrorCode::forbidden, "this one-time token has been used");
  return add_token_within(statements, limits, given);
}

Reply<void> add_program_within(StatementCache& statements, const StorageLimits& limits,
                               const std::optional<NewToken>& renewal, const std::optional<NewToken>& access) {
  auto added = add_token_within(statements, limits, renewal);
  return added ? add_token_within(statements, limits, access) : added;
}

void write_last_seen(StatementCache& statements, const std::string& device_id, std::int64_t last_seen_ms) {
  statements.execute("UPDATE devices SET last_seen = ? WHERE device_id = ?", last_seen_ms, device_id);
}

class SqliteDeviceStore final : public DeviceStore {
 public:
  explicit SqliteDeviceStore(SqliteWriter& writer) : writer_(writer) {}

  Task<Reply<std::int64_t>> add_device(DeviceRow device, std::optional<NewToken> token) override {
    return writer_.run_within({device.user_id}, add_device_with_token, device, token);
  }
  Task<Reply<void>> change_device(std::string user_id, std::string device_id, DeviceChange change,
                                  std::optional<NewToken> token) override {
    return writer_.run_within({std::move(user_id)}, change_device_with_token, std::move(device_id), std::move(change),
                              std::move(token));
  }
  Task<Reply<std::int64_t>> enroll_device(DeviceRow device, std::string enroll_id, std::int64_t now_ms,
                                          std::optional<NewToken> token) override {
    return writer_.run_within({device.user_id}, enroll_device_with_token, device, std::move(enroll_id), now_ms,
                              std::move(token));
  }
  Task<Reply<void>> add_token(NewToken token) override {
    return writer_.run_within({token.row.user_id}, add_token_within, std::optional(token));
  }
  Task<Reply<void>> spend_token(std::string one_time_id, std::int64_t now_ms, NewToken given) override {
    return writer_.run_within({given.row.user_id}, spend_for_token, std::move(one_time_id), now_ms,
                              std::optional(given));
  }
  Task<Reply<void>> add_program(NewToken renewal, NewToken access) override {
    return writer_.run_within({renewal.row.user_id}, add_program_within, std::optional(renewal), std::optional(access));
  }
  Task<Reply<bool>> renew_program(NewToken renewal, NewToken access) override {
    return writer_.run_within({renewal.row.user_id}, renew_program_within, renewal, access);
  }
  Task<Reply<void>> revoke_line(std::string user_id, std::string root_jti, std::int64_t now_ms,
                                std::int64_t expires_at_ms) override {
    return writer_.run({std::move(user_id)}, revoke_line_within, std::move(root_jti), now_ms, expires_at_ms);
  }
  Task<Reply<void>> delete_device(std::string user_id, std::string device_id,
                                  std::int64_t tokens_valid_from_ms) override {
    return writer_.run({std::move(user_id)}, remove_device, std::move(device_id), tokens_valid_from_ms);
  }
  Task<Reply<void>> take_id(std::string id, std::int64_t now_ms) override {
    return writer_.run({id}, insert_taken_id, id, now_ms);
  }
  Task<Reply<void>> set_last_seen(std::string user_id, std::string device_id, std::int64_t last_seen_ms) override {
    return writer_.run({std::move(user_id)}, write_last_seen, std::move(device_id), last_seen_ms);
  }

 private:
  SqliteWriter& writer_;
};

}  // namespace

std::unique_ptr<DeviceStore> make_device_store(SqliteWriter& writer) {
  return std::make_unique<SqliteDeviceStore>(writer);
}

}  // namespace strawberry::bridge
