-- The hub's database, version 1. Times are milliseconds since the Unix epoch, UTC.
-- Opened in WAL mode by the bridge (the only writer) and read-only by the broker plugin and strawberryctl.

CREATE TABLE devices (
  device_id           TEXT PRIMARY KEY NOT NULL,
  user_id             TEXT NOT NULL,
  name                TEXT NOT NULL,
  normalized_name     TEXT NOT NULL,
  is_active           INTEGER NOT NULL DEFAULT 1,
  tokens_valid_from   INTEGER NOT NULL DEFAULT 0,   -- tokens with an older iat are refused
  created_at          INTEGER NOT NULL,
  last_seen           INTEGER,
  skills_heartbeat_at INTEGER,                      -- last registration or heartbeat
  UNIQUE (user_id, normalized_name)
) WITHOUT ROWID;

CREATE TABLE skills (
  device_id       TEXT NOT NULL REFERENCES devices (device_id) ON DELETE CASCADE,
  position        INTEGER NOT NULL,                 -- as the device listed them
  class_name      TEXT NOT NULL,
  function_name   TEXT NOT NULL,
  signature       TEXT NOT NULL,
  docstring       TEXT NOT NULL DEFAULT '',
  device_agnostic INTEGER NOT NULL DEFAULT 0,
  confirm         INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (device_id, position)
) WITHOUT ROWID;

CREATE TABLE sessions (
  session_id    TEXT PRIMARY KEY NOT NULL,
  user_id       TEXT NOT NULL,
  device_id     TEXT NOT NULL,                      -- who opened it; the device may be gone
  title         TEXT NOT NULL DEFAULT '',
  message_count INTEGER NOT NULL DEFAULT 0,
  is_active     INTEGER NOT NULL DEFAULT 1,
  created_at    INTEGER NOT NULL,
  last_activity INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user_id, last_activity);

CREATE TABLE messages (
  sequence   INTEGER PRIMARY KEY,                   -- order of arrival, for messages of the same millisecond
  session_id TEXT NOT NULL REFERENCES sessions (session_id) ON DELETE CASCADE,
  message_id TEXT NOT NULL,
  role       TEXT NOT NULL,
  content    TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (session_id, message_id)
);
CREATE INDEX messages_by_time ON messages (session_id, created_at, sequence);

-- One-time (enroll) tokens that have registered their device, by principal id.
CREATE TABLE spent_tokens (
  enroll_id TEXT PRIMARY KEY NOT NULL,
  spent_at  INTEGER NOT NULL
) WITHOUT ROWID;

-- Moves whenever something changes that the broker plugin must know, and only then.
CREATE TABLE directory_revision (revision INTEGER NOT NULL);
INSERT INTO directory_revision VALUES (0);

CREATE TRIGGER devices_added AFTER INSERT ON devices
BEGIN UPDATE directory_revision SET revision = revision + 1; END;
CREATE TRIGGER devices_removed AFTER DELETE ON devices
BEGIN UPDATE directory_revision SET revision = revision + 1; END;
CREATE TRIGGER devices_changed AFTER UPDATE OF user_id, name, is_active, tokens_valid_from ON devices
BEGIN UPDATE directory_revision SET revision = revision + 1; END;
CREATE TRIGGER tokens_spent AFTER INSERT ON spent_tokens
BEGIN UPDATE directory_revision SET revision = revision + 1; END;

PRAGMA application_id = 0x53744875;  -- 'StHu'
PRAGMA user_version = 1;
