-- Version 9: taken by accounts.
PRAGMA user_version = 9;
