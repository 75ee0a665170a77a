"""A token's claims. Not verified: only the hub can do that. Pure."""

from __future__ import annotations

import base64
import binascii
import re
import time
from dataclasses import dataclass
from typing import Any, Optional

from . import json_text

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_RENEWED_AT = 2 / 3  # of its life: a third is left
CLOCK_LEEWAY_S = 60


def is_id(text: Any) -> bool:
    return isinstance(text, str) and _ID.match(text) is not None


@dataclass(frozen=True)
class TokenTimes:
    issued_at: float
    expires_at: float

    @property
    def renew_at(self) -> float:
        return self.issued_at + (self.expires_at - self.issued_at) * _RENEWED_AT


def claims_of(token: str) -> Optional[dict[str, Any]]:
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        text = base64.b64decode(parts[1] + "=" * (-len(parts[1]) % 4), altchars=b"-_", validate=True)
        claims = json_text.parse(text)
    except (ValueError, binascii.Error):
        return None
    return claims if isinstance(claims, dict) else None


def times_of(token: str) -> Optional[TokenTimes]:
    claims = claims_of(token) or {}
    issued, expires = claims.get("iat"), claims.get("exp")
    for each in (issued, expires):
        if isinstance(each, bool) or not isinstance(each, (int, float)) or not 0 <= each < 253402300800:
            return None
    assert issued is not None and expires is not None
    return TokenTimes(float(issued), float(expires)) if expires > issued else None


def why_refused(token: str, now: float) -> str:
    times = times_of(token)
    if times is None:
        return "it is no token"
    if times.expires_at <= now:
        return f"its token has expired, on {utc(times.expires_at)}"
    if times.issued_at > now + CLOCK_LEEWAY_S:
        return f"its token is not valid before {utc(times.issued_at)}: compare the clocks"
    return "its token or the device was revoked, the device was deleted, or the token is another hub's"


def utc(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
