-- Version 5: what each user keeps in sessions is counted, so that a limit can be looked at with every write.

-- Kept right by the triggers below, whoever writes. A session counts 1024 bytes, a message 256 and its content: what
-- their rows and indexes take besides.
CREATE TABLE user_storage (
  user_id  TEXT PRIMARY KEY NOT NULL,
  sessions INTEGER NOT NULL,
  messages INTEGER NOT NULL,
  bytes    INTEGER NOT NULL
) WITHOUT ROWID;

INSERT INTO user_storage (user_id, sessions, messages, bytes)
SELECT s.user_id, count(*), coalesce(sum(m.messages), 0), 1024 * count(*) + coalesce(sum(m.bytes), 0)
FROM sessions s LEFT JOIN
  (SELECT session_id, count(*) AS messages, sum(256 + length(CAST(content AS BLOB))) AS bytes
   FROM messages GROUP BY session_id) m ON m.session_id = s.session_id
GROUP BY s.user_id;

CREATE TRIGGER stored_session_added AFTER INSERT ON sessions
BEGIN
  INSERT INTO user_storage (user_id, sessions, messages, bytes) VALUES (NEW.user_id, 1, 0, 1024)
  ON CONFLICT (user_id) DO UPDATE SET sessions = sessions + 1, bytes = bytes + 1024;
END;

-- Its messages go with it, and are counted here: one by one they would be looked up in a session that is gone.
CREATE TRIGGER stored_session_removed BEFORE DELETE ON sessions
BEGIN
  UPDATE user_storage SET sessions = sessions - 1,
    messages = messages - (SELECT count(*) FROM messages WHERE session_id = OLD.session_id),
    bytes = bytes - 1024 -
      (SELECT coalesce(sum(256 + length(CAST(content AS BLOB))), 0) FROM messages WHERE session_id = OLD.session_id)
  WHERE user_id = OLD.user_id;
  DELETE FROM user_storage WHERE user_id = OLD.user_id AND sessions <= 0;
END;

CREATE TRIGGER stored_message_added AFTER INSERT ON messages
BEGIN
  UPDATE user_storage SET messages = messages + 1, bytes = bytes + 256 + length(CAST(NEW.content AS BLOB))
  WHERE user_id = (SELECT user_id FROM sessions WHERE session_id = NEW.session_id);
END;

PRAGMA user_version = 5;
