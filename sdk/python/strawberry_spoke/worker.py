"""Runs skills: threads for functions, an event loop for coroutines.

Threading: run(), freed(), interrupt() and stop() on the network thread; `done` is called on the skill's thread.
Lifetime: threads are daemons, since a hanging one must not keep the program from ending.
Bounds: as many threads as calls were started and have not ended (calls.py limits those).
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import logging
import queue
import threading
from dataclasses import dataclass
from typing import Any, Callable, Optional

from . import json_text, limits
from .errors import SkillFailure, one_line, printable
from .skill import Skill

log = logging.getLogger("strawberry_spoke")
_ANSWER_FRAME_BYTES = 2048  # for an answer without its result


@dataclass(frozen=True)
class CallInfo:
    """The caller: `strawberry_spoke.current_call()` in a skill."""

    correlation_id: str
    skill_path: str
    caller_device_id: str
    caller_device_name: str
    timeout_s: float


_current: contextvars.ContextVar[Optional[CallInfo]] = contextvars.ContextVar("strawberry_call", default=None)


def current_call() -> Optional[CallInfo]:
    """Returns the call that runs in this thread or task; None outside of a skill."""
    return _current.get()


@dataclass(frozen=True)
class Outcome:
    result: bytes = b"null"  # JSON
    error: Optional[dict[str, Any]] = None


def failure(code: str, message: str) -> Outcome:
    return Outcome(error={"code": code, "message": printable(message, limits.ERROR_CHARACTERS_MAX)})


@dataclass(eq=False)
class Work:
    skill: Skill
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    info: CallInfo
    task: Optional["asyncio.Task[None]"] = None


Done = Callable[[Outcome], Any]


class Workers:
    def __init__(self, running_max: int, loop: Optional[asyncio.AbstractEventLoop] = None):
        self._running_max = running_max
        self._jobs: queue.SimpleQueue[Optional[tuple[Work, Done]]] = queue.SimpleQueue()
        self._threads = 0
        self._busy = 0
        self._given_loop = loop
        self._own_loop: Optional[_LoopThread] = None

    def run(self, work: Work, done: Done) -> None:
        """Raises RuntimeError when no thread can be started."""
        if work.skill.is_async:
            self._run_async(work, done)
            return
        if self._busy >= self._threads:
            threading.Thread(target=self._work, name="strawberry-skill", daemon=True).start()
            self._threads += 1
        self._busy += 1
        self._jobs.put((work, done))

    def freed(self, work: Work, still_needed: int) -> None:
        """Called after each end of a call: ends threads that replaced stuck ones, when those are back."""
        if work.skill.is_async:
            return
        self._busy -= 1
        if self._threads > max(self._running_max, self._busy + still_needed):
            self._threads -= 1
            self._jobs.put(None)

    def interrupt(self, work: Work) -> None:
        """Cancels a coroutine. A thread cannot be cancelled."""
        loop = self._loop_of_skills()
        if work.task is not None and loop is not None:
            try:
                loop.call_soon_threadsafe(work.task.cancel)
            except RuntimeError:  # the loop has ended
                pass

    def stop(self) -> None:
        for _ in range(self._threads):
            self._jobs.put(None)
        if self._own_loop is not None:
            self._own_loop.stop()

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None:
                return
            work, done = job
            context = contextvars.copy_context()
            done(context.run(self._outcome_of, work))
            del job, work, done, context  # frees the call's objects before it waits for the next one

    def _outcome_of(self, work: Work) -> Outcome:
        _current.set(work.info)
        try:
            value = work.skill.function(*work.args, **work.kwargs)
            if inspect.isawaitable(value):
                value = asyncio.run(_await(value))
            return _success(value)
        except BaseException as error:  # SystemExit is also a failure of the skill
            return _failed(work.skill.path, error)

    def _loop_of_skills(self) -> Optional[asyncio.AbstractEventLoop]:
        return self._given_loop or (self._own_loop.loop if self._own_loop else None)

    def _run_async(self, work: Work, done: Done) -> None:
        if self._given_loop is None and (self._own_loop is None or self._own_loop.is_blocked()):
            if self._own_loop is not None:
                log.error("a coroutine blocks the event loop of the skills: %s (use await, or a plain function); "
                          "further calls get another loop", self._own_loop.last_path)
            self._own_loop = _LoopThread()
        if self._own_loop is not None:
            self._own_loop.last_path = work.skill.path
        loop = self._loop_of_skills()
        assert loop is not None
        loop.call_soon_threadsafe(self._begin, loop, work, done)

    def _begin(self, loop: asyncio.AbstractEventLoop, work: Work, done: Done) -> None:
        work.task = loop.create_task(self._awaited(work, done))

    @staticmethod
    async def _awaited(work: Work, done: Done) -> None:
        _current.set(work.info)
        try:
            outcome = _success(await work.skill.function(*work.args, **work.kwargs))
        except asyncio.CancelledError:
            outcome = failure("timeout", "it was cancelled")
        except Exception as error:
            outcome = _failed(work.skill.path, error)
        done(outcome)


async def _await(value: Any) -> Any:
    return await value


def _success(value: Any) -> Outcome:
    return Outcome(json_text.to_text(value, limits.ANSWER_BYTES_MAX - _ANSWER_FRAME_BYTES))


def _failed(path: str, error: BaseException) -> Outcome:
    if isinstance(error, SkillFailure):
        return failure(error.code or "skill_failed", error.message)
    if isinstance(error, json_text.NotJson):
        return failure("bad_result", str(error))
    log.debug("%s raised", path, exc_info=error)
    return failure("exception", one_line(error, limits.ERROR_CHARACTERS_MAX))


class _LoopThread:
    """An event loop in a thread of its own. It records that it is not blocked."""

    _TURN_S = 0.5
    _BLOCKED_S = 2.0

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.last_path = ""
        self._turned_at = self.loop.time()
        threading.Thread(target=self._run, name="strawberry-async", daemon=True).start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self._turn()
        self.loop.run_forever()
        self.loop.close()

    def _turn(self) -> None:
        self._turned_at = self.loop.time()
        self.loop.call_later(self._TURN_S, self._turn)

    def is_blocked(self) -> bool:
        return self.loop.time() - self._turned_at > self._BLOCKED_S

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
