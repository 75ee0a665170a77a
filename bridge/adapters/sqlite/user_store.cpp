#include <utility>

#include "bridge/adapters/sqlite/personal_tokens.h"
#include "bridge/adapters/sqlite/sqlite_writer.h"
#include "bridge/adapters/sqlite/statement_cache.h"
#include "bridge/adapters/sqlite/stores.h"
#include "bridge/adapters/sqlite/user_rows.h"

namespace strawberry::bridge {
namespace {

Reply<std::vector<std::string>> users_without_account_within(StatementCache& statements, std::size_t limit) {
  return read_users_without_account(statements, limit);
}

class SqliteUserStore final : public UserStore {
 public:
  explicit SqliteUserStore(SqliteWriter& writer) : writer_(writer) {}

  Task<Reply<void>> add_user(UserRow user, bool first_admin) override {
    const SqliteWriter::Place place{user.user_id};
    return writer_.run(place, insert_user, std::move(user), first_admin);
  }
  Task<Reply<void>> change_user(std::string user_id, UserChange change) override {
    const SqliteWriter::Place place{user_id};
    return writer_.run(place, update_user, std::move(user_id), std::move(change));
  }
  Task<Reply<void>> set_last_login(std::string user_id, std::int64_t now_ms) override {
    const SqliteWriter::Place place{user_id};
    return writer_.run(place, write_last_login, std::move(user_id), now_ms);
  }
  Task<Reply<DeletedUser>> delete_user(std::string user_id, std::int64_t now_ms) override {
    const SqliteWriter::Place place{user_id};
    return writer_.run(place, remove_user, std::move(user_id), now_ms);
  }
  Task<Reply<std::vector<std::string>>> users_without_account(std::size_t limit) override {
    return writer_.run({hub_itself}, users_without_account_within, limit);
  }
  Task<Reply<std::vector<std::string>>> add_named_token(NewToken token, bool beside_others) override {
    const SqliteWriter::Place place{token.row.user_id};
    return writer_.run_within(place, add_named_token_within, std::optional<NewToken>(std::move(token)), beside_others);
  }
  Task<Reply<void>> add_login_token(NewToken token, std::size_t logins_max) override {
    const SqliteWriter::Place place{token.row.user_id};
    return writer_.run_within(place, add_login_token_within, std::optional<NewToken>(std::move(token)), logins_max);
  }
  Task<Reply<ListedTokens>> list_tokens(TokenSearch search, std::int64_t now_ms) override {
    const auto bytes = [](const ListedTokens& list) { return list.tokens.size() * bytes_of_job; };
    const SqliteWriter::Place place{search.user_id.empty() ? std::string(hub_itself) : search.user_id};
    return writer_.run_reading(place, bytes, read_tokens, std::move(search), now_ms);
  }
  Task<Reply<std::vector<std::string>>> revoke_tokens(TokenChoice which, std::int64_t now_ms) override {
    const SqliteWriter::Place place{which.user_id.empty() ? std::string(hub_itself) : which.user_id};
    return writer_.run(place, revoke_chosen_tokens, std::move(which), now_ms);
  }
  Task<Reply<RevokedUser>> revoke_all_tokens(std::string user_id, std::int64_t now_ms) override {
    const SqliteWriter::Place place{user_id};
    return writer_.run(place, revoke_all_tokens_of, std::move(user_id), now_ms);
  }
  Task<Reply<void>> note_used(std::vector<TokenUse> uses) override {
    const SqliteWriter::Place place{hub_itself, bytes_of_job * uses.size()};
    return writer_.run(place, write_last_used, std::move(uses));
  }

 private:
  SqliteWriter& writer_;
};

}  // namespace

std::unique_ptr<UserStore> make_user_store(SqliteWriter& writer) { return std::make_unique<SqliteUserStore>(writer); }

}  // namespace strawberry::bridge
