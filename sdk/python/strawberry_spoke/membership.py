"""Keeps a device registered at the hub: its registration, its heartbeat, its token.

Registers whenever `hub/state` says online, which it does after every connect (it is retained) and when the bridge is
back; and when the hub counts other skills than these. A failed registration is retried. A token with a third
of its lifetime left is renewed and stored; the connection goes on with the old one, until that ends it, and returns
with the new one.
Threading: the network thread.   Errors: on_refused for a registration that would be refused again; all others are
logged and retried.
"""

from __future__ import annotations

import logging
import time
from typing import Any, Callable, Optional

from .credentials import Credentials
from .errors import HubError, SaidOnce, SpokeError
from .limits import Limits
from .loop import Loop, Timer
from .skill import SkillTable
from .token import times_of, utc

log = logging.getLogger("strawberry_spoke")
PATIENCE_S = 10.0  # for one answer of the hub
RETRY_S = 2.0
RETRY_MAX_S = 60.0
TIMER_MAX_S = 24 * 3600.0
RENEWAL_PAUSE_S = 300.0  # at most, whatever the clocks show; shorter for a token with a shorter life
Answer = Callable[[Any, Optional[SpokeError]], None]
Ask = Callable[[str, dict[str, Any], float, Answer], None]


class Membership:
    def __init__(self, loop: Loop, skills: SkillTable, of: Limits, ask: Ask, on_registered: Callable[[], None],
                 on_refused: Callable[[SpokeError], None]):
        self._loop = loop
        self._skills = skills
        self._limits = of
        self._ask = ask
        self._on_registered = on_registered
        self._on_refused = on_refused
        self._registration = 0  # the latest; results of earlier ones are ignored
        self._registered: Optional[int] = None  # skills
        self._was_registered = False
        self._is_connected = False
        self._hub_is_online = False
        self._timer: Optional[Timer] = None
        self._failures = 0
        self._said = SaidOnce()

    def connected(self) -> None:
        self._is_connected = True

    def lost(self) -> None:
        self._is_connected = False
        self._hub_is_online = False
        self._registration += 1
        self._cancel()

    def hub_is(self, state: str) -> None:
        was_online, self._hub_is_online = self._hub_is_online, state == "online"
        if self._hub_is_online:
            self.offer()
        else:
            self._cancel()
            if was_online or self._registered is None:
                log.warning("the hub is not there; waiting for it")

    def hub_is_online(self) -> bool:
        return self._hub_is_online

    def offer(self) -> None:
        """Registers; called again when the skills have changed."""
        if not self._is_connected or not self._hub_is_online or (len(self._skills) == 0 and self._registered is None):
            return
        self._cancel()
        self._registration += 1
        number = self._registration
        skills = self._skills.registration()

        def answered(_result: Any, error: Optional[SpokeError]) -> None:
            if number == self._registration:
                self._registered_or_not(len(skills), error)

        self._ask("skills", {"op": "register", "skills": skills}, PATIENCE_S, answered)

    def _registered_or_not(self, count: int, error: Optional[SpokeError]) -> None:
        if error is None:
            self._failures = 0
            self._said.over()
            self._registered = count
            self._was_registered = True
            log.info("offers %d skill%s", count, "" if count == 1 else "s")
            self._later(self._limits.heartbeat_s, self._beat)
            self._on_registered()
            return
        if self._said.is_new(str(error)):
            log.error("cannot register: %s", error)
        # The hub would refuse it again; or it is too large to be sent at all.
        is_final = error.code in ("bad_request", "forbidden") if isinstance(error, HubError) else type(error) is SpokeError
        if is_final and not self._was_registered:
            self._on_refused(error)
        self._later(min(RETRY_MAX_S, RETRY_S * 2.0 ** min(self._failures, 16)), self.offer)
        self._failures += 1

    def _beat(self) -> None:
        number = self._registration

        def answered(result: Any, error: Optional[SpokeError]) -> None:
            if number != self._registration:
                return
            if error is None and isinstance(result, dict) and result.get("skills") == self._registered:
                self._later(self._limits.heartbeat_s, self._beat)
            else:  # the hub lost them, or another program registered
                self.offer()
                self._later(RETRY_S, self._beat)

        self._ask("skills", {"op": "heartbeat"}, PATIENCE_S, answered)

    def _later(self, delay_s: float, job: Callable[[], None]) -> None:
        self._cancel()
        self._timer = self._loop.later(delay_s, job)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class TokenRenewal:
    def __init__(self, loop: Loop, credentials: Credentials, ask: Ask, is_connected: Callable[[], bool],
                 wall: Callable[[], float] = time.time):
        self._loop = loop
        self._credentials = credentials
        self._ask = ask
        self._is_connected = is_connected
        self._wall = wall
        self._said = SaidOnce()

    def watch(self, token: str, least_s: float = 0.0) -> None:
        times = times_of(token)
        if times is None:
            return
        left_s = times.renew_at - self._wall()
        if left_s > TIMER_MAX_S:  # the wall clock may be set meanwhile
            self._loop.later(TIMER_MAX_S, lambda: self.watch(token))
        else:
            self._loop.later(max(left_s, least_s), lambda: self._renew(token))

    def _renew(self, token: str) -> None:
        if not self._is_connected():
            self._loop.later(RETRY_S, lambda: self.watch(token, RETRY_S))
            return

        old = times_of(token)
        life_s = old.expires_at - old.issued_at if old is not None else TIMER_MAX_S
        pause_s = min(RENEWAL_PAUSE_S, max(1.0, life_s / 10))

        def answered(result: Any, error: Optional[SpokeError]) -> None:
            new = result.get("access_token") if isinstance(result, dict) else None
            times = times_of(new) if isinstance(new, str) else None
            if error is None and isinstance(new, str) and times is not None:
                try:
                    self._credentials.keep(new)
                    self._said.over()
                    log.info("has a new token, valid until %s", utc(times.expires_at))
                    self.watch(new, pause_s)
                    return
                except SpokeError as failed:
                    error = failed
            why = str(error or "the hub sent no token")
            if self._said.is_new(why):
                log.error("cannot renew its token: %s", why)
            self.watch(token, pause_s)

        self._ask("devices", {"op": "refresh_token"}, PATIENCE_S, answered)
