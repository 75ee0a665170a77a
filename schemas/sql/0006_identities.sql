-- Version 6: which ids are somebody's, and which were a device's.

-- Of users and admins: no device may have one. Kept by the triggers below, whoever writes; the bridge adds who asks.
-- Nothing is ever removed: whoever has a token of that id may come back.
CREATE TABLE taken_ids (
  id         TEXT PRIMARY KEY NOT NULL,
  first_seen INTEGER NOT NULL
) WITHOUT ROWID;

INSERT INTO taken_ids (id, first_seen)
SELECT id, min(seen) FROM (
  SELECT user_id AS id, created_at AS seen FROM devices
  UNION ALL SELECT CASE type WHEN 'admin' THEN subject ELSE user_id END, issued_at FROM issued_tokens
  UNION ALL SELECT user_id, created_at FROM sessions
  UNION ALL SELECT user_id, day * 86400000 FROM usage
  UNION ALL SELECT user_id, day * 86400000 FROM chats_of_day)
WHERE id <> '' GROUP BY id;

CREATE TRIGGER owners_noted AFTER INSERT ON devices
BEGIN INSERT INTO taken_ids VALUES (NEW.user_id, NEW.created_at) ON CONFLICT (id) DO NOTHING; END;
CREATE TRIGGER token_holders_noted AFTER INSERT ON issued_tokens
WHEN CASE NEW.type WHEN 'admin' THEN NEW.subject ELSE NEW.user_id END <> ''
BEGIN
  INSERT INTO taken_ids VALUES (CASE NEW.type WHEN 'admin' THEN NEW.subject ELSE NEW.user_id END, NEW.issued_at)
  ON CONFLICT (id) DO NOTHING;
END;
CREATE TRIGGER session_owners_noted AFTER INSERT ON sessions WHEN NEW.user_id <> ''
BEGIN INSERT INTO taken_ids VALUES (NEW.user_id, NEW.created_at) ON CONFLICT (id) DO NOTHING; END;

-- Devices that are gone. When one of that id comes again, the tokens of before stay dead.
CREATE TABLE deleted_devices (
  device_id         TEXT PRIMARY KEY NOT NULL,
  user_id           TEXT NOT NULL,                  -- who had it last
  tokens_valid_from INTEGER NOT NULL                -- tokens with an older iat are refused
) WITHOUT ROWID;
CREATE INDEX deleted_devices_by_user ON deleted_devices (user_id, tokens_valid_from);

PRAGMA user_version = 6;
