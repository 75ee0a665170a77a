"""Decides whether a Spoke that lost its connection, or is refused, tries again, and after which pause. Pure except for
its clock.

Two processes with one device id take the connection from each other for ever: the one that was there first is told by
MQTT 5 (0x8E) and gives way. A broker that does not tell is noticed by connections that never last, one after the other:
an attempt between them that finds no broker means that the broker is what comes and goes.
Threading: one thread.
"""

from __future__ import annotations

import enum
import random
from typing import Callable, Optional

from .limits import Limits


class Loss(enum.Enum):
    UNREACHABLE = "unreachable"  # no broker, or the network failed
    REFUSED = "refused"  # the broker does not accept the token
    TAKEN_OVER = "taken over"  # another connection used the same client id
    ENDED = "ended"  # the connection ended for another reason


class Verdict(enum.Enum):
    TRY_AGAIN = "try again"
    TAKEN_OVER = "taken over"
    REFUSED = "refused"


class LossPolicy:
    QUICK_LOSS_S = 5.0  # a shorter connection was lost quickly
    QUICK_LOSSES_MAX = 5  # in a row; then this device runs twice

    def __init__(self, limits: Limits, now: Callable[[], float]):
        self._limits = limits
        self._now = now
        self._was_connected = False
        self._connected_at: Optional[float] = None
        self._refused_since: Optional[float] = None
        self._quick_losses = 0

    def connected(self) -> None:
        self._was_connected = True
        self._connected_at = self._now()
        self._refused_since = None

    def lost(self, loss: Loss) -> Verdict:
        """Called after each lost connection and each failed attempt."""
        connected_at, self._connected_at = self._connected_at, None
        if loss is Loss.TAKEN_OVER:
            return Verdict.TAKEN_OVER
        if connected_at is not None:
            is_quick = self._now() - connected_at < self.QUICK_LOSS_S
            self._quick_losses = self._quick_losses + 1 if is_quick else 0
            if self._quick_losses >= self.QUICK_LOSSES_MAX:
                return Verdict.TAKEN_OVER
        elif loss is Loss.UNREACHABLE:
            self._quick_losses = 0
        if loss is not Loss.REFUSED:
            return Verdict.TRY_AGAIN
        if not self._was_connected:
            return Verdict.REFUSED
        if self._refused_since is None:
            self._refused_since = self._now()
        # Keys, database, clocks or the token itself may be put right.
        is_over = self._now() - self._refused_since >= self._limits.refused_s
        return Verdict.REFUSED if is_over else Verdict.TRY_AGAIN


class BackOff:
    """Pauses that double up to a limit, each between half and all of that, so that a thousand devices do not come at
    once after a power cut."""

    def __init__(self, least_s: float, most_s: float, random_part: Callable[[], float] = random.random):
        self._least_s = least_s
        self._most_s = most_s
        self._random_part = random_part
        self._attempts = 0

    def next(self) -> float:
        whole = min(self._most_s, self._least_s * 2.0 ** min(self._attempts, 32))
        self._attempts += 1
        return whole * (0.5 + 0.5 * self._random_part())

    def reset(self) -> None:
        self._attempts = 0
