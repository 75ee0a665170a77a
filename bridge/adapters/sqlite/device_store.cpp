#include <utility>

#include "bridge/adapters/sqlite/device_rows.h"
#include "bridge/adapters/sqlite/sqlite_writer.h"
#include "bridge/adapters/sqlite/statement_cache.h"
#include "bridge/adapters/sqlite/stores.h"
#include "bridge/adapters/sqlite/token_rows.h"

namespace strawberry {
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

class SqliteDeviceStore final : public DeviceStore {
 public:
  explicit SqliteDeviceStore(SqliteWriter& writer) : writer_(writer) {}

  Task<Reply<std::int64_t>> add_device(DeviceRow device, std::optional<NewToken> token) override {
    const SqliteWriter::Place place{device.user_id, bytes_of_job};
    return writer_.run<std::int64_t>(
        place, [&writer = writer_, device = std::move(device), token = std::move(token)](StatementCache& statements) {
          return add_device_with_token(statements, writer.limits(), device, token);
        });
  }

  Task<Reply<void>> change_device(std::string user_id, std::string device_id, DeviceChange change,
                                  std::optional<NewToken> token) override {
    return writer_.run<void>({std::move(user_id), bytes_of_job},
                             [&writer = writer_, device_id = std::move(device_id), change = std::move(change),
                              token = std::move(token)](StatementCache& statements) -> Reply<void> {
                               if (update_device(statements, device_id, change) == 0)
                                 return error(ErrorCode::not_found, "no such device");
                               return add_token_within(statements, writer.limits(), token);
                             });
  }

  Task<Reply<std::int64_t>> enroll_device(DeviceRow device, std::string enroll_id, std::int64_t now_ms,
                                          std::optional<NewToken> token) override {
    const SqliteWriter::Place place{device.user_id, bytes_of_job};
    return writer_.run<std::int64_t>(
        place,
        [&writer = writer_, device = std::move(device), enroll_id = std::move(enroll_id), now_ms,
         token = std::move(token)](StatementCache& statements) -> Reply<std::int64_t> {
          const int spent = statements.execute("INSERT OR IGNORE INTO spent_tokens (enroll_id, spent_at) VALUES (?, ?)",
                                               enroll_id, now_ms);
          if (spent == 0) return error(ErrorCode::forbidden, "this enrollment token has been used");
          // Refused, it leaves the token unspent.
          return add_device_with_token(statements, writer.limits(), device, token);
        });
  }

  Task<Reply<void>> add_token(NewToken token) override {
    const SqliteWriter::Place place{token.row.user_id, bytes_of_job};
    return writer_.run<void>(
        place, [&writer = writer_, token = std::optional(std::move(token))](StatementCache& statements) -> Reply<void> {
          return add_token_within(statements, writer.limits(), token);
        });
  }

  Task<Reply<void>> delete_device(std::string user_id, std::string device_id,
                                  std::int64_t tokens_valid_from_ms) override {
    return writer_.run<void>(
        {std::move(user_id), bytes_of_job},
        [device_id = std::move(device_id), tokens_valid_from_ms](StatementCache& statements) -> Reply<void> {
          remove_device(statements, device_id, tokens_valid_from_ms);
          return {};
        });
  }

  Task<Reply<void>> take_id(std::string id, std::int64_t now_ms) override {
    const SqliteWriter::Place place{id, bytes_of_job};
    return writer_.run<void>(place, [id = std::move(id), now_ms](StatementCache& statements) -> Reply<void> {
      if (!insert_taken_id(statements, id, now_ms)) return error(ErrorCode::forbidden, "this id is a device's");
      return {};
    });
  }

  Task<Reply<void>> set_last_seen(std::string user_id, std::string device_id, std::int64_t last_seen_ms) override {
    return writer_.run<void>(
        {std::move(user_id), bytes_of_job},
        [device_id = std::move(device_id), last_seen_ms](StatementCache& statements) -> Reply<void> {
          statements.execute("UPDATE devices SET last_seen = ? WHERE device_id = ?", last_seen_ms, device_id);
          return {};
        });
  }

 private:
  SqliteWriter& writer_;
};

}  // namespace

std::unique_ptr<DeviceStore> make_device_store(SqliteWriter& writer) {
  return std::make_unique<SqliteDeviceStore>(writer);
}

}  // namespace strawberry
