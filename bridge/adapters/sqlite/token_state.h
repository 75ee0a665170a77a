/// The state of a listed token, in SQL, for the bridge and the command line: by the same rules as the broker plugin's
/// (broker-plugin/authenticator.h).
#pragma once

/// The state of row `t` of issued_tokens as a number, TokenState; `?1` is now. The caller appends `ELSE 0 END`.
#define STRAWBERRY_TOKEN_STATE_CASES                                                              \
  "CASE"                                                                                          \
  " WHEN EXISTS (SELECT 1 FROM revoked_tokens r WHERE r.jti IN (t.jti, t.root_jti)) THEN 2"       \
  " WHEN t.type IN ('enroll', 'grant')"                                                           \
  "   AND EXISTS (SELECT 1 FROM spent_tokens s WHERE s.enroll_id = t.subject) THEN 3"             \
  " WHEN t.expires_at <= ?1 THEN 1"                                                               \
  " WHEN EXISTS (SELECT 1 FROM user_revocations u WHERE u.user_id = t.user_id"                    \
  "   AND u.tokens_valid_from > t.issued_at) THEN 2"                                              \
  " WHEN t.type = 'device' AND NOT EXISTS (SELECT 1 FROM devices d WHERE d.device_id = t.subject" \
  "   AND d.user_id = t.user_id AND d.is_active AND d.tokens_valid_from <= t.issued_at) THEN 2"
