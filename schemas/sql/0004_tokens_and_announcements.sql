-- Version 4: tokens that were issued by name, what is announced to Home Assistant, and how many chats there were.

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

-- What is announced to Home Assistant: the retained topics that the bridge has published below homeassistant/. Whatever
-- happens meanwhile, it can clear them. One row for `homeassistant/device/<id>/config` and the `state` beside it.
CREATE TABLE announced_topics (
  topic       TEXT PRIMARY KEY NOT NULL,            -- the one that ends in /config
  user_id     TEXT NOT NULL,                        -- whose Home Assistant it is for
  config_hash INTEGER NOT NULL,                     -- of what was published, so that the same is not published again
  buttons     TEXT NOT NULL,                        -- those it has or had, with a space between them: each is taken away by name
  is_orphan   INTEGER NOT NULL DEFAULT 0            -- 1: the device is gone, and who had it has yet to be told
) WITHOUT ROWID;
CREATE INDEX orphaned_topics ON announced_topics (topic) WHERE is_orphan = 1;

-- The broker plugin lets the last message about a device through to who had it.
CREATE TRIGGER announced_devices_removed AFTER DELETE ON devices
BEGIN
  UPDATE announced_topics SET is_orphan = 1 WHERE topic = 'homeassistant/device/' || OLD.device_id || '/config';
END;

-- Begun by each user; of the last days only.
CREATE TABLE chats_of_day (
  day     INTEGER NOT NULL,                         -- days since the Unix epoch, UTC
  user_id TEXT NOT NULL,
  chats   INTEGER NOT NULL,
  PRIMARY KEY (day, user_id)
) WITHOUT ROWID;

PRAGMA user_version = 4;
