-- Version 6: a placeholder, so that the numbers fit.

PRAGMA user_version = 6;
