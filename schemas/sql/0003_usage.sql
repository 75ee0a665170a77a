-- Version 3: what of language models was used, by day.

CREATE TABLE usage (
  user_id           TEXT NOT NULL,
  day               INTEGER NOT NULL,               -- days since the Unix epoch, UTC
  device_id         TEXT NOT NULL,                  -- who asked; the device may be gone
  provider          TEXT NOT NULL,
  model             TEXT NOT NULL,                  -- as the provider names it
  estimated         INTEGER NOT NULL,               -- 1: the provider did not say how many tokens it were
  requests          INTEGER NOT NULL,
  prompt_tokens     INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL,
  PRIMARY KEY (user_id, day, device_id, provider, model, estimated)
) WITHOUT ROWID;
CREATE INDEX usage_by_day ON usage (day);

PRAGMA user_version = 3;
