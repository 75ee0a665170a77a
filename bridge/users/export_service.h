/// `users` `export` and `import`: everything of one user as records, in parts that fit into a message, from one hub to
/// another or to a file and back (docs/contract.md, section 7).
///
/// A user exports and imports their own; an admin anybody's. What only an admin may bring in (limits, revocations, the
/// list of tokens, the account with its password hash) is left out of a user's import, and the hash of a user's export:
/// a token may be in the hands of a program, which must not get something to guess a password from.
///
/// An export is no snapshot: what changes between two parts is in it or not. An import is all or nothing for each
/// request; repeated, it changes nothing.
///
/// Threading: loop only.   Lifetime: the parts outlive it.   Errors: `bad_request` with the record's place; the
/// store's. Bounds: part_bytes_max, records_max.
#pragma once

#include <functional>
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
    /// The account as a record of kind `user`; with its password hash when `with_hash`. Null when there is none.
    std::function<nlohmann::json(const std::string& user_id, bool with_hash)> account;
    /// Makes the account that such a record describes; whether that is new.
    std::function<Task<Reply<bool>>(std::string user_id, nlohmann::json record, bool overwrite)> put_account;
    /// Returns when the broker's plugin knows.
    std::function<Task<void>(std::vector<std::string> ids)> tell_plugin;
    /// A user may be an admin, too.
    std::function<bool(const Request& request)> is_admin;
  };

  ExportService(Parts parts, Functions functions) : parts_(parts), functions_(std::move(functions)) {}

  static const OperationTable& operations();
  const OperationTable& table() const override { return operations(); }
  std::chrono::milliseconds default_timeout() const override { return std::chrono::seconds(60); }

  /// One part. For backups, too.
  Task<Reply<nlohmann::json>> export_part(std::string user_id, std::string cursor, bool with_hash);
  struct Import {
    Principal actor;
    std::string user_id;
    nlohmann::json records;  // an array
    bool is_by_admin = false;
    bool overwrite = false;
  };
  Task<Reply<nlohmann::json>> import_part(Import import);

  /// On the audit.
  void tell(const Request& request, std::string_view action) const;

 private:
  Task<Reply<nlohmann::json>> export_for(Request request);
  Task<Reply<nlohmann::json>> import_for(Request request);
  /// What was imported, in memory and to those who listen.
  Task<void> announce(Principal actor, std::string user_id, ImportCount count);

  const Parts parts_;
  const Functions functions_;
};

}  // namespace strawberry::bridge
