/// `users` `export` and `import`: everything of one user as records, in parts that fit into a message, from one hub to
/// another or to a file and back (docs/contract.md, section 13).
///
/// Users export and import their own data; admins anybody's. Data that only an admin may import (limits, revocations,
/// the list of tokens, the account with its password hash) is left out of a user's import, and the hash of a user's
/// export: the token may be a program's, which must not get a hash to guess the password from.
///
/// An export is no snapshot: a change between two parts may or may not be included. An import is all or nothing for
/// each request; repeating it changes nothing.
///
/// Threading: loop only.   Lifetime: the parts outlive it.   Errors: `bad_request` with the record's place; the
/// store's. Bounds: part_bytes_max, records_max.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/devices/device_registry.h"
#include "bridge/pipeline/service.h"
#include "bridge/ports/export_store.h"
#include "bridge/ports/user_limit_table.h"
#include "bridge/skills/skill_registry.h"
#include "common/runtime/events.h"

namespace strawberry::bridge {

class ExportService final : public RequestHandler {
 public:
  static constexpr std::size_t part_bytes_max = 200 * 1024;
  static constexpr std::size_t records_max = 2'000;  // of one import

  struct Parts {
    const Clock& clock;
    DeviceRegistry& devices;
    SkillRegistry& skills;
    UserLimitTable& limits;
    ExportStore& store;
    Events& events;
  };
  struct Functions {
    /// Returns the account as a record of kind `user`, with its password hash when `with_hash`. Null when there is
    /// none.
    std::function<nlohmann::json(const std::string& user_id, bool with_hash)> account;
    /// True for a user that has an account or was seen.
    std::function<bool(const std::string& user_id)> is_known;
    /// What is to be written so that there is the account that such a record describes; nothing when there is.
    std::function<Reply<std::optional<AccountImport>>(const std::string& user_id, const nlohmann::json& record,
                                                      bool overwrite)>
        wanted_account;
    /// Called when that was written.
    std::function<Task<void>(AccountImport account)> account_written;
    /// Returns when the broker's plugin knows.
    std::function<Task<void>(std::vector<std::string> ids)> tell_plugin;
    /// True also for a user with the role admin.
    std::function<bool(const Request& request)> is_admin;
  };

  ExportService(Parts parts, Functions functions) : parts_(parts), functions_(std::move(functions)) {}

  static const OperationTable& operations();
  const OperationTable& table() const override { return operations(); }
  std::chrono::milliseconds default_timeout() const override { return std::chrono::seconds(60); }

  /// Returns one part. Also used for backups.
  Task<Reply<nlohmann::json>> export_part(std::string user_id, std::string cursor, bool with_hash);
  struct Import {
    Principal actor;
    std::string user_id;
    nlohmann::json records;                   // an array
    std::optional<std::int64_t> begun_at_ms;  // as in ImportRequest
    bool is_by_admin = false;
    bool overwrite = false;
  };
  Task<Reply<nlohmann::json>> import_part(Import import);

  /// `not_found` for a user of whom there is nothing to export.
  std::optional<Error> objection_to_user(const Request& request) const;
  /// On the audit.
  void tell(const Request& request, std::string_view action) const;

 private:
  Task<Reply<nlohmann::json>> export_for(Request request);
  Task<Reply<nlohmann::json>> import_for(Request request);
  /// Publishes the imported data: changes it in memory and informs listeners.
  Task<void> announce(Principal actor, std::string user_id, ImportCount count);

  const Parts parts_;
  const Functions functions_;
};

}  // namespace strawberry::bridge
