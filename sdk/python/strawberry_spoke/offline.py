"""Messages that the hub does not have yet: in a private file, until the hub has them.

A line is a message. It is on disk when add() returns, and is removed from the file when the hub has confirmed it; sent
twice, it is stored once, since it keeps its id. Messages that the hub refuses for good go to the file `.refused`.
Threading: add() and pending() from any; the upload has a thread of its own.   Lifetime: one process has the file.
Errors: QueueFull, ConfigError. An incomplete line after a power failure is skipped and logged.
Bounds: Limits.queue_bytes_max and queue_messages_max; beyond them add() raises, and nothing is dropped.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import threading
import time
from pathlib import Path
from typing import Any, Callable, Optional, TextIO

from . import limits, operations
from .errors import ConfigError, HubError, QueueFull, SpokeError
from .limits import Limits
from .private_file import read_private, replace_private, sync_folder
from .token import is_id

log = logging.getLogger("strawberry_spoke")
BATCH_BYTES_MAX = 128 * 1024
REFUSED_BYTES_MAX = 16 * 1024 * 1024
_YEAR_2000 = 946_684_800.0  # a clock that was never set shows 1970, which the hub refuses
Message = dict[str, Any]  # session_id, title?, id, role, content, at


def rfc3339(at: float) -> str:
    at = max(at, _YEAR_2000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + f".{int(at * 1000) % 1000:03d}Z"


class OfflineQueue:
    def __init__(self, path: Path, of: Limits):
        self._path = path
        self._limits = of
        self._lock = threading.Lock()
        self._lock_file = self._own()
        self._messages: list[Message] = []
        self._bytes = 0
        self._load()

    def add(self, session_id: str, role: str, content: str, title: Optional[str] = None,
            at: Optional[float] = None) -> Message:
        if not is_id(session_id):
            raise SpokeError(f"no session id: {session_id[:70]!r} (1 to 64 of A-Z, a-z, 0-9, _ and -)")
        message: Message = {"session_id": session_id, "id": operations.new_id(), "role": operations.check_role(role),
                            "content": operations.check_content(content), "at": time.time() if at is None else at}
        if title is not None:
            message["title"] = title[:200]
        line = _line(message)
        with self._lock:
            if len(self._messages) >= self._limits.queue_messages_max:
                raise QueueFull(f"the queue {self._path} is full: {len(self._messages)} messages (connect to the hub)")
            if self._bytes + len(line) > self._limits.queue_bytes_max:
                raise QueueFull(f"the queue {self._path} is full: {self._bytes} bytes (connect to the hub)")
            _append(self._path, line)
            self._messages.append(message)
            self._bytes += len(line)
        return message

    def pending(self) -> int:
        with self._lock:
            return len(self._messages)

    def batch(self) -> list[Message]:
        """Returns the oldest messages, as many as fit into a request."""
        chosen: list[Message] = []
        sessions: set[str] = set()
        size = 0
        with self._lock:
            for message in self._messages[: limits.SYNC_MESSAGES_MAX]:
                size += len(_line(message)) + 200
                sessions.add(message["session_id"])
                if chosen and (size > BATCH_BYTES_MAX or len(sessions) > limits.SYNC_SESSIONS_MAX):
                    break
                chosen.append(message)
        return chosen

    def remove(self, done: list[Message], refused: bool = False) -> None:
        gone = {message["id"] for message in done}
        if refused:
            self._set_aside(done)
        with self._lock:
            left = [message for message in self._messages if message["id"] not in gone]
            lines = [_line(message) for message in left]
            replace_private(self._path, b"".join(lines).decode())
            self._messages = left
            self._bytes = sum(map(len, lines))

    def close(self) -> None:
        self._lock_file.close()

    def _set_aside(self, messages: list[Message]) -> None:
        path = self._path.with_name(self._path.name + ".refused")
        if path.exists() and path.stat().st_size > REFUSED_BYTES_MAX:
            raise ConfigError(f"{path} is full (look at it and delete it)")
        _append(path, b"".join(map(_line, messages)))

    def _own(self) -> TextIO:
        path = self._path.with_name(self._path.name + ".lock")
        try:
            file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+")
        except OSError as error:
            raise ConfigError(f"cannot write {path}: {error.strerror}") from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise ConfigError(f"the queue {self._path} is in use by another process (give this one its own, "
                              "queue_file=)") from None
        return file

    def _load(self) -> None:
        if not self._path.exists():
            return
        text = read_private(self._path, 2 * self._limits.queue_bytes_max + 1024 * 1024)
        bad = 0
        for line in text.split("\n"):
            message = _message(line)
            if not line:
                continue
            if message is None:
                bad += 1
            else:
                self._messages.append(message)
                self._bytes += len(_line(message))
        if bad:
            log.warning("%s: %d line%s cannot be read and are passed over", self._path, bad, "" if bad == 1 else "s")
        # Without its line end the last message would be one line with the next, which nobody could read.
        if bad or (text and not text.endswith("\n")):
            replace_private(self._path, b"".join(map(_line, self._messages)).decode())


def _line(message: Message) -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8") + b"\n"


def _message(line: str) -> Optional[Message]:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict) or not is_id(message.get("session_id")) or not is_id(message.get("id")):
        return None
    is_whole = message.get("role") in ("user", "assistant") and isinstance(message.get("content"), str)
    at = message.get("at")
    return message if is_whole and isinstance(at, (int, float)) and not isinstance(at, bool) else None


def _append(path: Path, lines: bytes) -> None:
    """The line is on disk when it returns; an incomplete one is removed."""
    try:
        is_new = not path.exists()
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            try:
                left = lines
                while left:
                    left = left[os.write(descriptor, left):]
                os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, size)
                raise
        finally:
            os.close(descriptor)
        if is_new:
            sync_folder(path.parent)
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}") from None


def sync_body(messages: list[Message]) -> list[dict[str, Any]]:
    """Returns `sessions` of the operation `sync`: by session, in the order of the messages."""
    sessions: dict[str, dict[str, Any]] = {}
    for message in messages:
        session = sessions.setdefault(message["session_id"], {
            "id": message["session_id"], "created_at": rfc3339(message["at"]), "messages": []})
        if "title" in message:
            session.setdefault("title", message["title"])
        session["messages"].append({"id": message["id"], "role": message["role"], "content": message["content"],
                                    "created_at": rfc3339(message["at"])})
    return list(sessions.values())


class Uploader:
    """Uploads whenever the hub is there: wake() after each change and each time the hub is back."""

    QUOTA_PAUSE_S = 600.0
    RETRY_S = 5.0

    def __init__(self, queue: OfflineQueue, send: Callable[[list[dict[str, Any]]], Any]):
        self._queue = queue
        self._send = send
        self._condition = threading.Condition()
        self._wanted = False
        self._stopped = False
        self._error: Optional[SpokeError] = None
        self._rounds = 0
        self._thread: Optional[threading.Thread] = None

    def wake(self) -> None:
        with self._condition:
            if self._stopped or self._queue.pending() == 0:
                return
            self._wanted = True
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="strawberry-sync", daemon=True)
                self._thread.start()
            self._condition.notify_all()

    def stop(self) -> None:
        with self._condition:
            self._stopped = True
            self._condition.notify_all()

    def wait(self, timeout_s: float) -> tuple[bool, Optional[SpokeError]]:
        """Wakes it and waits: returns whether the queue is empty, and else the last error."""
        with self._condition:
            rounds = self._rounds  # before it is woken: the round may be over at once
        self.wake()
        with self._condition:
            is_done = self._condition.wait_for(
                lambda: self._queue.pending() == 0 or self._stopped or self._rounds > rounds + 1
                or (self._rounds > rounds and self._error is not None), timeout_s)
            return self._queue.pending() == 0, self._error if is_done else None

    def _run(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._wanted or self._stopped)
                if self._stopped:
                    return
                self._wanted = False
            pause_s = self._round()
            with self._condition:
                self._rounds += 1
                self._condition.notify_all()
                if pause_s is not None:
                    self._condition.wait_for(lambda: self._wanted or self._stopped, pause_s)
                    self._wanted = True

    def _round(self) -> Optional[float]:
        """Uploads all messages; after a failure, returns the pause before the next attempt."""
        self._error = None
        while not self._stopped:
            batch = self._queue.batch()
            if not batch:
                return None
            try:
                self._send(sync_body(batch))
                self._queue.remove(batch)
                log.info("the hub has %d message%s that were kept", len(batch), "" if len(batch) == 1 else "s")
            except HubError as error:
                self._error = error
                if error.code not in ("bad_request", "not_found", "forbidden", "too_large"):
                    log.warning("what was said offline stays here: %s", error)
                    return self.QUOTA_PAUSE_S if error.code == "quota_exceeded" else self.RETRY_S
                self._set_aside(batch, error)
            except SpokeError as error:
                self._error = error
                log.debug("what was said offline stays here: %s", error)
                return self.RETRY_S
        return None

    def _set_aside(self, batch: list[Message], error: HubError) -> None:
        """One session makes the whole batch fail: the one that the hub names; otherwise each is tried alone."""
        named = error.details.get("session_id")
        sessions = [named] if isinstance(named, str) else []
        if not any(message["session_id"] in sessions for message in batch):
            sessions = [batch[0]["session_id"]]
        first = [message for message in batch if message["session_id"] in sessions]
        if len(first) < len(batch) and not isinstance(named, str):
            try:
                self._send(sync_body(first))
                self._queue.remove(first)
                return
            except HubError as again:
                error = again
        self._queue.remove(first, refused=True)
        log.error("the hub refuses the session %s for good: %s (its %d messages are in %s)", first[0]["session_id"],
                  error, len(first), "the file .refused beside the queue")
