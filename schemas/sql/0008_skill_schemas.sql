-- Version 8: a skill may have a JSON Schema of its arguments beside its signature.
ALTER TABLE skills ADD COLUMN input_schema TEXT NOT NULL DEFAULT '';  -- '' for none

PRAGMA user_version = 8;
