"""This Spoke's recent answers, so that a repeated call does not run again (docs/contract.md, section 4).

Threading: one thread.   Bounds: answers, bytes and age (Limits); the oldest is dropped first.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Callable, Optional

from .limits import Limits


class RecentCalls:
    def __init__(self, limits: Limits, now: Callable[[], float]):
        self._limits = limits
        self._now = now
        self._answers: OrderedDict[str, tuple[float, bytes]] = OrderedDict()  # oldest first
        self._bytes = 0

    def answer_to(self, correlation_id: str) -> Optional[bytes]:
        self._expire()
        found = self._answers.get(correlation_id)
        return None if found is None else found[1]

    def remember(self, correlation_id: str, answer: bytes) -> None:
        """Keeps the first answer."""
        self._expire()
        if correlation_id in self._answers:
            return
        self._answers[correlation_id] = (self._now(), answer)
        self._bytes += self._cost(correlation_id, answer)
        while (len(self._answers) > self._limits.answers_remembered_max
               or self._bytes > self._limits.answers_remembered_bytes_max):
            self._forget_oldest()

    def __len__(self) -> int:
        return len(self._answers)

    def size(self) -> int:
        """Returns the counted size in bytes."""
        return self._bytes

    @staticmethod
    def _cost(correlation_id: str, answer: bytes) -> int:
        return 2 * len(correlation_id) + len(answer)

    def _expire(self) -> None:
        oldest_allowed = self._now() - self._limits.answers_remembered_s
        while self._answers and next(iter(self._answers.values()))[0] <= oldest_allowed:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        correlation_id, (_, answer) = self._answers.popitem(last=False)
        self._bytes -= self._cost(correlation_id, answer)
