-- Version 7: every token that the hub gives out is on the list, with the one it was made from; all of a user's tokens can
-- be taken back at once.

-- A token and all that were made from it by `refresh_token` are a line. Each names the first of it, with which they all
-- die: the broker plugin looks for that one in `revoked_tokens`, too.
ALTER TABLE issued_tokens ADD COLUMN parent_jti TEXT NOT NULL DEFAULT '';  -- the token that asked for it; '' for none
ALTER TABLE issued_tokens ADD COLUMN root_jti TEXT NOT NULL DEFAULT '';    -- the first of its line, which may be itself
UPDATE issued_tokens SET root_jti = jti;
CREATE INDEX issued_tokens_by_root ON issued_tokens (root_jti);
CREATE INDEX issued_tokens_by_parent ON issued_tokens (parent_jti);
CREATE INDEX issued_tokens_by_holder ON issued_tokens (user_id, subject, expires_at);
CREATE INDEX issued_tokens_by_expiry ON issued_tokens (expires_at);

-- How many rows of the list are a user's ('' for admins), and '*' how many there are; whoever writes.
CREATE TABLE token_counts (
  user_id TEXT PRIMARY KEY NOT NULL,
  tokens  INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO token_counts (user_id, tokens) SELECT user_id, count(*) FROM issued_tokens GROUP BY user_id;
INSERT INTO token_counts (user_id, tokens) SELECT '*', count(*) FROM issued_tokens;

CREATE TRIGGER issued_token_added AFTER INSERT ON issued_tokens
BEGIN
  INSERT INTO token_counts (user_id, tokens) VALUES (NEW.user_id, 1), ('*', 1)
  ON CONFLICT (user_id) DO UPDATE SET tokens = tokens + 1;
END;
CREATE TRIGGER issued_token_removed AFTER DELETE ON issued_tokens
BEGIN
  UPDATE token_counts SET tokens = tokens - 1 WHERE user_id IN (OLD.user_id, '*');
  DELETE FROM token_counts WHERE user_id = OLD.user_id AND tokens <= 0;
END;

-- Users all of whose tokens were taken back: what was issued before is refused, theirs and their devices'.
CREATE TABLE user_revocations (
  user_id           TEXT PRIMARY KEY NOT NULL,
  tokens_valid_from INTEGER NOT NULL                -- tokens with an older iat are refused
) WITHOUT ROWID;

CREATE TRIGGER user_tokens_revoked AFTER INSERT ON user_revocations
BEGIN UPDATE directory_revision SET revision = revision + 1; END;
CREATE TRIGGER user_tokens_revoked_again AFTER UPDATE ON user_revocations
BEGIN UPDATE directory_revision SET revision = revision + 1; END;
CREATE TRIGGER user_revocations_removed AFTER DELETE ON user_revocations
BEGIN UPDATE directory_revision SET revision = revision + 1; END;

PRAGMA user_version = 7;
