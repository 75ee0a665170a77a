-- Version 4: tokens that were issued by name, and what is announced to Home Assistant.

-- Issued by strawberryctl. Only a list for people: what a token may do stands in the token itself.
CREATE TABLE issued_tokens (
  jti        TEXT PRIMARY KEY NOT NULL,
  name       TEXT NOT NULL,                         -- "" when it was given none
  type       TEXT NOT NULL,                         -- device, user, admin or enroll
  subject    TEXT NOT NULL,                         -- the principal's id
  user_id    TEXT NOT NULL,
  kid        TEXT NOT NULL DEFAULT '',              -- of the key that signed it
  issued_at  INTEGER NOT NULL,                      -- as the token says: whole seconds
  expires_at INTEGER NOT NULL                       -- the row is of no use afterwards
) WITHOUT ROWID;
CREATE INDEX issued_tokens_by_name ON issued_tokens (name);

-- Retained topics below homeassistant/ that the bridge has published: whatever happens meanwhile, it can clear them.
CREATE TABLE announced_topics (
  topic TEXT PRIMARY KEY NOT NULL
) WITHOUT ROWID;

PRAGMA user_version = 4;
