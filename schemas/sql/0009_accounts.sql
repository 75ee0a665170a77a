-- Version 9: users may have an account: a name, a role, a password. Tokens may be limited to scopes and skills, and it is
-- known when they were last used.

-- A user without a row here is a member without a password.
CREATE TABLE users (
  user_id       TEXT PRIMARY KEY NOT NULL,
  name          TEXT NOT NULL DEFAULT '',           -- for people; '' for none
  role          TEXT NOT NULL DEFAULT 'member',     -- admin, member or guest
  guest_of      TEXT NOT NULL DEFAULT '',           -- of a guest: the user whose devices it sees
  is_disabled   INTEGER NOT NULL DEFAULT 0,
  password_hash TEXT NOT NULL DEFAULT '',           -- argon2id as libsodium writes it; '' for none
  created_at    INTEGER NOT NULL,
  last_login    INTEGER                             -- with the password
) WITHOUT ROWID;
-- No two differ only in case.
CREATE UNIQUE INDEX users_by_folded_id ON users (lower(user_id));
CREATE INDEX users_by_host ON users (guest_of) WHERE guest_of <> '';
CREATE INDEX taken_ids_by_folded_id ON taken_ids (lower(id));

-- What the broker plugin must know of them. A member that is not disabled is as a user without an account.
CREATE TRIGGER accounts_added AFTER INSERT ON users WHEN NEW.role <> 'member' OR NEW.is_disabled
BEGIN UPDATE directory_revision SET revision = revision + 1; END;
CREATE TRIGGER accounts_removed AFTER DELETE ON users WHEN OLD.role <> 'member' OR OLD.is_disabled
BEGIN UPDATE directory_revision SET revision = revision + 1; END;
CREATE TRIGGER accounts_changed AFTER UPDATE OF role, guest_of, is_disabled ON users
BEGIN UPDATE directory_revision SET revision = revision + 1; END;
-- No device gets such an id.
CREATE TRIGGER account_owners_noted AFTER INSERT ON users
BEGIN INSERT INTO taken_ids VALUES (NEW.user_id, NEW.created_at) ON CONFLICT (id) DO NOTHING; END;

ALTER TABLE issued_tokens ADD COLUMN scope TEXT;      -- as the token says; NULL: it says nothing
ALTER TABLE issued_tokens ADD COLUMN skills TEXT;     -- JSON array of patterns, likewise
ALTER TABLE issued_tokens ADD COLUMN last_used INTEGER;  -- when a connection with it last came or went; NULL: never

PRAGMA user_version = 9;
