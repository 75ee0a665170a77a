#include "bridge/users/account_records.h"

#include <utility>

#include "bridge/users/user_events.h"
#include "bridge/users/user_records.h"
#include "common/text/ids.h"
#include "common/text/json_text.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

constexpr std::size_t name_bytes_max = 128;
constexpr std::size_t hash_bytes_max = 256;
/// The beginning of libsodium's hashes; comparing a password with anything else would be useless.
constexpr std::string_view hash_begins = "$argon2id$";

tl::unexpected<Error> no_account(const char* member) {
  return error(ErrorCode::bad_request, std::string("not an account: its ") + member + " is none",
               {{"path", std::string("/records/0/") + member}});
}

}  // namespace

json AccountRecords::read(const std::string& user_id, bool with_hash) const {
  const UserRow* user = parts_.users.find(user_id);
  if (user == nullptr) return nullptr;
  json record{{"name", user->name},
              {"role", to_string(user->standing.role)},
              {"guest_of", user->standing.guest_of},
              {"disabled", user->standing.is_disabled},
              {"created_at", user->created_at_ms}};
  if (with_hash && !user->password_hash.empty()) record["password_hash"] = user->password_hash;
  return record;
}

Reply<UserRow> read_account(const std::string& user_id, const json& record) {
  UserRow user;
  user.user_id = user_id;
  user.name = text_member(record, "name");
  if (user.name.size() > name_bytes_max || user.name.find('\0') != std::string::npos) return no_account("name");
  const auto role = parse_role(text_member(record, "role"));
  if (!role) return no_account("role");
  user.standing.role = *role;
  user.standing.guest_of = text_member(record, "guest_of");
  if (!user.standing.guest_of.empty() && !is_valid_id(user.standing.guest_of)) return no_account("guest_of");
  user.standing.is_disabled = is_true(record, "disabled");
  user.password_hash = text_member(record, "password_hash");
  const bool is_hash = user.password_hash.starts_with(hash_begins) && user.password_hash.size() <= hash_bytes_max;
  if (!user.password_hash.empty() && !is_hash) return no_account("password_hash");
  const auto created = record.find("created_at");
  if (created == record.end() || !created->is_number_integer() || *created < 0 || *created > rfc3339_ms_max)
    return no_account("created_at");
  user.created_at_ms = created->get<std::int64_t>();
  return user;
}

Reply<std::optional<AccountImport>> AccountRecords::wanted(const std::string& user_id, const json& record,
                                                           bool overwrite) const {
  if (!record.contains("role")) return std::nullopt;
  auto read = read_account(user_id, record);
  if (!read) return tl::unexpected(read.error());
  AccountImport account;
  account.user = std::move(*read);
  UserStanding& standing = account.user.standing;
  // Its host may have stayed at the other hub.
  if (parts_.users.find(standing.guest_of) == nullptr) standing.guest_of.clear();
  const UserRow* known = parts_.users.find(user_id);
  account.is_new = known == nullptr;
  if (account.is_new && parts_.users.is_full()) return error(ErrorCode::busy, "the hub has as many accounts as it may");
  const bool is_same = known != nullptr && known->name == account.user.name && known->standing.role == standing.role &&
                       known->standing.guest_of == standing.guest_of &&
                       known->standing.is_disabled == standing.is_disabled;
  if (!account.is_new && (!overwrite || is_same)) return std::nullopt;
  return account;
}

Task<void> AccountRecords::written(AccountImport account) {
  const std::string user_id = account.user.user_id;
  const UserStanding before = parts_.users.standing_of(user_id);
  if (account.is_new) {
    parts_.users.put(std::move(account.user));
  } else {
    parts_.users.change(user_id, account.change());
  }
  if (const auto changed = standing_change(user_id, before, parts_.users.standing_of(user_id)))
    parts_.events.publish(*changed);
  std::vector<std::string> ids(1, user_id);
  co_await parts_.tell_plugin(std::move(ids));
}

}  // namespace strawberry::bridge
