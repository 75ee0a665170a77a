#include "bridge/users/account_records.h"

#include <utility>

#include "common/text/ids.h"
#include "common/text/json_text.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

constexpr std::size_t name_bytes_max = 128;
constexpr std::size_t hash_bytes_max = 256;
/// How libsodium begins the text of a hash; anything else would be compared with passwords for nothing.
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
  if (user.name.size() > name_bytes_max) return no_account("name");
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
  if (created == record.end() || !created->is_number_integer() || *created < 0) return no_account("created_at");
  user.created_at_ms = created->get<std::int64_t>();
  return user;
}

Task<Reply<bool>> AccountRecords::put(std::string user_id, json record, bool overwrite) {
  if (!record.contains("role")) co_return false;
  auto read = read_account(user_id, record);
  if (!read) co_return tl::unexpected(read.error());
  UserRow user = std::move(*read);
  // Its host may have stayed at the other hub.
  if (parts_.users.find(user.standing.guest_of) == nullptr) user.standing.guest_of.clear();
  const UserRow* known = parts_.users.find(user_id);
  if (known != nullptr) {
    const bool is_same = known->name == user.name && known->standing.role == user.standing.role &&
                         known->standing.guest_of == user.standing.guest_of &&
                         known->standing.is_disabled == user.standing.is_disabled;
    if (!overwrite || is_same) co_return false;
    UserChange change;
    change.name = user.name;
    change.standing = user.standing;
    auto stored = co_await parts_.store.change_user(user_id, std::move(change));
    if (!stored) co_return tl::unexpected(stored.error());
    if (const UserRow* now = parts_.users.find(user_id)) {
      user.password_hash = now->password_hash;
      user.created_at_ms = now->created_at_ms;
      user.last_login_ms = now->last_login_ms;
    }
  } else {
    if (parts_.users.is_full()) co_return error(ErrorCode::busy, "the hub has as many accounts as it may");
    auto stored = co_await parts_.store.add_user(user, /*first_admin=*/false);
    if (!stored) co_return tl::unexpected(stored.error());
  }
  parts_.users.put(std::move(user));
  std::vector<std::string> ids(1, user_id);
  co_await parts_.tell_plugin(std::move(ids));
  co_return true;
}

}  // namespace strawberry::bridge
