"""The thread that owns the connection: runs posted jobs, timers, and a socket.

Threading: post() from any thread, everything else on the loop's own.   Lifetime: run() ends after stop().
Errors: exceptions of jobs are logged, and the loop goes on.   Bounds: POSTED_MAX jobs wait; then post() is False.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import selectors
import socket
import threading
import time
from collections import deque
from typing import Any, Callable, Optional

from . import limits

log = logging.getLogger("strawberry_spoke")
Job = Callable[[], None]


class Timer:
    """cancel() makes it do nothing."""

    __slots__ = ("job",)

    def __init__(self, job: Job):
        self.job: Optional[Job] = job

    def cancel(self) -> None:
        self.job = None


class Loop:
    _IDLE_S = 1.0

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._posted: deque[Job] = deque()
        self._timers: list[tuple[float, int, Timer]] = []
        self._numbers = itertools.count()
        self._watched: Optional[Any] = None
        self._ready: Callable[[bool, bool], None] = lambda readable, writable: None
        self._stopping = False
        self._closed = False
        self._closing = threading.Lock()

    now = staticmethod(time.monotonic)

    def post(self, job: Job, must: bool = False) -> bool:
        """Returns False when the loop has ended, or (unless it `must`) too many jobs wait."""
        with self._closing:
            if self._closed or (len(self._posted) >= limits.POSTED_MAX and not must):
                return False
            self._posted.append(job)
            try:
                self._waker.send(b"x")
            except BlockingIOError:  # it is full of wake-ups already
                pass
        return True

    def later(self, delay_s: float, job: Job) -> Timer:
        timer = Timer(job)
        heapq.heappush(self._timers, (self.now() + max(0.0, delay_s), next(self._numbers), timer))
        return timer

    def watch(self, sock: Optional[Any], ready: Callable[[bool, bool], None] = lambda r, w: None) -> None:
        """Sets the only socket beside the loop's own; None for none."""
        if self._watched is not None:
            try:
                self._selector.unregister(self._watched)
            except (KeyError, ValueError):
                pass
        self._watched = sock
        self._ready = ready
        if sock is not None:
            self._selector.register(sock, selectors.EVENT_READ)

    def want_write(self, wanted: bool) -> None:
        if self._watched is not None:
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if wanted else 0)
            if self._selector.get_key(self._watched).events != events:
                self._selector.modify(self._watched, events)

    def stop(self) -> None:
        self._stopping = True

    def run(self, before_wait: Callable[[], bool]) -> None:
        """`before_wait` is called before each wait; True: there is more to read already."""
        try:
            while not self._stopping:
                self._turn(before_wait)
        finally:
            self._close()

    def _turn(self, before_wait: Callable[[], bool]) -> None:
        timeout = 0.0 if before_wait() or self._posted else self._until_timer()
        events = self._selector.select(timeout)
        for key, mask in events:
            if key.fileobj is self._woken:
                try:
                    while self._woken.recv(4096):
                        pass
                except BlockingIOError:
                    pass
            elif key.fileobj is self._watched:
                self._do(lambda: self._ready(bool(mask & selectors.EVENT_READ), bool(mask & selectors.EVENT_WRITE)))
        for _ in range(len(self._posted)):
            self._do(self._posted.popleft())
        while self._timers and self._timers[0][0] <= self.now():
            job = heapq.heappop(self._timers)[2].job
            if job is not None:
                self._do(job)

    def _until_timer(self) -> float:
        while self._timers and self._timers[0][2].job is None:
            heapq.heappop(self._timers)
        if not self._timers:
            return self._IDLE_S
        return min(self._IDLE_S, max(0.0, self._timers[0][0] - self.now()))

    @staticmethod
    def _do(job: Job) -> None:
        try:
            job()
        except Exception:
            log.exception("internal error (it goes on)")

    def _close(self) -> None:
        with self._closing:
            self._closed = True
            left = list(self._posted)
            self._posted.clear()
        for job in left:  # so that waiting callers get an answer
            self._do(job)
        self.watch(None)
        self._selector.close()
        self._woken.close()
        self._waker.close()
