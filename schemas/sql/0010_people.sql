-- Version 10: where a device is, what else it is called, and what it can do; limits of single users; what was done by
-- whom.

ALTER TABLE devices ADD COLUMN room TEXT NOT NULL DEFAULT '';            -- as its owner wrote it; '' for none
ALTER TABLE devices ADD COLUMN aliases TEXT NOT NULL DEFAULT '[]';       -- JSON array of names, as written
ALTER TABLE devices ADD COLUMN capabilities TEXT NOT NULL DEFAULT '[]';  -- JSON array, each `motor.differential:v1.0`
ALTER TABLE devices ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}';      -- JSON object of the owner's own

-- Instead of the configuration's, for one user.
CREATE TABLE user_limits (
  user_id TEXT NOT NULL,
  name    TEXT NOT NULL,                            -- bridge/ports/limit_store.h
  value   INTEGER NOT NULL,                         -- 0: any number
  PRIMARY KEY (user_id, name)
) WITHOUT ROWID;

-- What stands on `hub/audit` of the bridge, for as long as the configuration says. Acts and refusals are kept apart, so
-- that who is refused often pushes out no act.
CREATE TABLE audit_lines (
  sequence   INTEGER PRIMARY KEY AUTOINCREMENT,     -- order of arrival
  ts         INTEGER NOT NULL,
  is_refusal INTEGER NOT NULL,
  actor      TEXT NOT NULL,                         -- principal id
  user_id    TEXT NOT NULL,                         -- for whom; '' when for nobody
  action     TEXT NOT NULL,                         -- <service>.<op>
  subject    TEXT NOT NULL,
  outcome    TEXT NOT NULL,                         -- ok, or an error's code
  reason     TEXT NOT NULL
);
CREATE INDEX audit_lines_by_kind ON audit_lines (is_refusal, sequence);
CREATE INDEX audit_lines_by_user ON audit_lines (user_id, sequence);
CREATE INDEX audit_lines_by_actor ON audit_lines (actor, sequence);

PRAGMA user_version = 10;
