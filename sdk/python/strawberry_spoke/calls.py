"""Calls from the hub: parses, queues and runs them, and answers each once.

Decides on the network thread; skills run in worker.py's threads, or on an event loop. A call that takes longer than its
caller waits (or the skill's `timeout_s`) is answered as failed. Its thread cannot be ended: it is counted as stuck,
another takes its place, and its late result is logged and dropped.
Errors: every exception of a skill becomes an answer.   Bounds: Limits.calls_*; answers of ANSWER_BYTES_MAX.
"""

from __future__ import annotations

import json
import logging
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Callable, Optional

from . import json_text, limits
from .errors import printable
from .limits import Limits
from .loop import Loop, Timer
from .recent_calls import RecentCalls
from .signature import BadArguments
from .skill import Skill, SkillTable
from .worker import CallInfo, Outcome, Work, Workers, failure

log = logging.getLogger("strawberry_spoke")
TIMEOUT_MS_DEFAULT = 30_000
EARLIER_MAX_S = 0.2


@dataclass
class _Call:
    correlation_id: str
    skill: Skill
    work: Work
    came_at: float
    deadline: float
    is_stuck: bool = False
    timer: Optional[Timer] = field(default=None)


class Calls:
    def __init__(self, loop: Loop, skills: SkillTable, of: Limits, workers: Workers,
                 publish: Callable[[str, bytes, float], None]):
        self._loop = loop
        self._skills = skills
        self._limits = of
        self._workers = workers
        self._publish = publish
        self._recent = RecentCalls(of, loop.now)
        self._running: dict[str, _Call] = {}
        self._stuck: dict[str, _Call] = {}
        self._waiting: deque[_Call] = deque()
        self._is_stopped = False

    def stop(self) -> None:
        self._is_stopped = True
        self._waiting.clear()
        self._workers.stop()

    def received(self, payload: bytes, expiry_s: Optional[int]) -> None:
        if self._is_stopped:
            return
        try:
            message = json_text.parse(payload)
        except ValueError:
            log.warning("a call was not understood: it is no JSON")
            return
        correlation_id = message.get("correlation_id") if isinstance(message, dict) else None
        if not isinstance(correlation_id, str) or not 0 < len(correlation_id) <= limits.CORRELATION_ID_BYTES_MAX:
            log.warning("a call was not understood: it has no correlation_id")
            return
        earlier = self._recent.answer_to(correlation_id)
        now = self._loop.now()
        if earlier is not None:
            self._publish(correlation_id, earlier, now + TIMEOUT_MS_DEFAULT / 1000)
        elif correlation_id not in self._running and not any(
                each.correlation_id == correlation_id for each in self._waiting):  # else its only answer follows
            self._understand(message, correlation_id, now, expiry_s)

    def _understand(self, message: dict[str, Any], correlation_id: str, now: float, expiry_s: Optional[int]) -> None:
        path = message.get("skill_path")
        skill = self._skills.find(path) if isinstance(path, str) else None
        deadline = now + self._timeout_s(message, expiry_s)
        try:
            if skill is None:
                raise BadArguments(f"there is no skill {printable(str(path), 100)}")
            args, kwargs = message.get("args"), message.get("kwargs")
            args, kwargs = [] if args is None else args, {} if kwargs is None else kwargs
            if not isinstance(args, list) or not isinstance(kwargs, dict):
                raise BadArguments("args must be an array and kwargs an object")
            bound = skill.binder.bind(args, kwargs)
        except BadArguments as error:
            words = printable(str(path), 100) if isinstance(path, str) else "?"
            self._answer(correlation_id, words, now, deadline, failure("bad_request", str(error)))
            return
        if skill.options.timeout_s is not None:
            deadline = min(deadline, now + skill.options.timeout_s)
        info = CallInfo(correlation_id, skill.path, _text(message.get("caller_device_id")),
                        _text(message.get("caller_device_name")), deadline - now)
        call = _Call(correlation_id, skill, Work(skill, bound[0], bound[1], info), now, deadline)
        if len(self._running) < self._capacity():
            self._start(call)
        elif self._capacity() > 0 and len(self._waiting) < self._limits.calls_waiting_max:
            self._waiting.append(call)
            call.timer = self._loop.later(deadline - now, lambda: self._overdue(call))
        elif self._capacity() <= 0:
            self._finish(call, failure("stuck", f"{len(self._stuck)} calls never ended and no more can be started"))
        else:
            self._finish(call, failure("busy", f"too many calls at once: {len(self._running)} are running and "
                                               f"{len(self._waiting)} waiting"))

    def _timeout_s(self, message: dict[str, Any], expiry_s: Optional[int]) -> float:
        wanted = message.get("timeout_ms")
        if isinstance(wanted, bool) or not isinstance(wanted, int):
            timeout_s = self._limits.skill_timeout_s
        else:
            timeout_s = min(max(wanted, 1), limits.TIMEOUT_MS_MAX) / 1000
        # The hub's Message Expiry is up to two seconds less than the time left, and the broker counts it down.
        left_s = timeout_s if expiry_s is None else min(timeout_s, expiry_s + 2.0)
        return left_s - min(EARLIER_MAX_S, left_s * 0.05)  # the hub waits longer, so that its caller gets the result

    def _capacity(self) -> int:
        return self._limits.calls_running_max - max(0, len(self._stuck) - self._limits.calls_stuck_max)

    def _start(self, call: _Call) -> None:
        self._running[call.correlation_id] = call
        if call.timer is not None:
            call.timer.cancel()
        call.timer = self._loop.later(call.deadline - self._loop.now(), lambda: self._overdue(call))
        try:
            self._workers.run(call.work, lambda outcome: self._loop.post(lambda: self._ended(call, outcome), must=True))
        except RuntimeError as error:  # no thread can be started
            self._running.pop(call.correlation_id, None)
            self._finish(call, failure("busy", f"cannot run: {error}"))

    def _ended(self, call: _Call, outcome: Outcome) -> None:
        self._workers.freed(call.work, len(self._running) + len(self._stuck) - 1 + len(self._waiting))
        if call.is_stuck:
            self._stuck.pop(call.correlation_id, None)
            took = self._loop.now() - call.came_at
            log.warning("%s  ended after %.1f s, too late: what it returned is dropped", call.skill.path, took)
        else:
            self._running.pop(call.correlation_id, None)
            self._finish(call, outcome)
        self._start_waiting()

    def _overdue(self, call: _Call) -> None:
        if call in self._waiting:
            self._waiting.remove(call)
            self._finish(call, failure("timeout", "its turn did not come in time"))
            return
        if self._running.pop(call.correlation_id, None) is None:
            return
        call.is_stuck = True
        self._stuck[call.correlation_id] = call
        self._workers.interrupt(call.work)
        self._finish(call, failure("timeout", f"it did not end within {call.deadline - call.came_at:.3g} s"))
        if len(self._stuck) >= self._limits.calls_stuck_max:
            log.error("%d calls have not ended and keep their threads (give the skill a timeout of its own; start "
                      "this program again)", len(self._stuck))
        self._start_waiting()

    def _start_waiting(self) -> None:
        while self._waiting and len(self._running) < self._capacity() and not self._is_stopped:
            self._start(self._waiting.popleft())
        if self._capacity() <= 0:
            while self._waiting:
                self._finish(self._waiting.popleft(), failure("stuck", f"{len(self._stuck)} calls never ended"))

    def _finish(self, call: _Call, outcome: Outcome) -> None:
        if call.timer is not None:
            call.timer.cancel()
        self._answer(call.correlation_id, call.skill.path, call.came_at, call.deadline, outcome)

    def _answer(self, correlation_id: str, path: str, came_at: float, deadline: float, outcome: Outcome) -> None:
        if self._is_stopped:
            return
        text = answer_text(correlation_id, outcome)
        self._recent.remember(correlation_id, text)
        self._publish(correlation_id, text, deadline)
        took_ms = (self._loop.now() - came_at) * 1000
        if outcome.error is None:
            log.info("%s  %.0f ms", path, took_ms)
        else:
            log.warning("%s  %.0f ms  failed: %s", path, took_ms, printable(str(outcome.error["message"]), 500))


def answer_text(correlation_id: str, outcome: Outcome) -> bytes:
    """`outcome.result` is already JSON, made on the skill's thread."""
    head = json.dumps({"correlation_id": correlation_id, "success": outcome.error is None})[:-1].encode()
    if outcome.error is None:
        return head + b',"result":' + outcome.result + b',"error":null}'
    error = json_text.to_text(outcome.error, limits.ANSWER_BYTES_MAX, "the error")
    return head + b',"result":null,"error":' + error + b"}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
