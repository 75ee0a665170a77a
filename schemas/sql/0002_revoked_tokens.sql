-- Version 2: single tokens can be taken back, by the `jti` they carry.

CREATE TABLE revoked_tokens (
  jti        TEXT PRIMARY KEY NOT NULL,
  revoked_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL                       -- of the token; the row is of no use afterwards
) WITHOUT ROWID;

CREATE TRIGGER tokens_revoked AFTER INSERT ON revoked_tokens
BEGIN UPDATE directory_revision SET revision = revision + 1; END;
CREATE TRIGGER revocations_removed AFTER DELETE ON revoked_tokens
BEGIN UPDATE directory_revision SET revision = revision + 1; END;

PRAGMA user_version = 2;
