"""The blocking API: a device of a hub, and its requests.

    from strawberry_spoke import Spoke, skill

    @skill(class_name="LampSkill")
    def turn_on(brightness: int = 100) -> str:
        \"\"\"Turn the garden lamp on.\"\"\"
        return f"The lamp is on at {brightness} %"

    Spoke(connect="var/lamp", skills=[turn_on]).run()

Threading: every method from any thread, skills included; aio.py has the same for asyncio.
Lifetime: connects at start(), run(), or the first question; stop() takes at most a second.
Errors: SpokeErrors (errors.py).   Bounds: limits.py.
"""

from __future__ import annotations

import logging
import signal
import threading
from concurrent.futures import CancelledError
from concurrent.futures import TimeoutError as FutureTimeout
from pathlib import Path
from types import TracebackType
from typing import Any, Callable, Iterable, List, Mapping, Optional, Sequence, Type, TypeVar

from . import operations as ops
from .chat import Chat, Confirm, Prompt, chat_body
from .credentials import ConnectDirectory, Credentials, PathLike, TokenFile
from .engine import Engine
from .errors import ConfigError, SpokeError, Stopped, Unreachable
from .limits import Limits
from .offline import OfflineQueue, Uploader
from .operations import CHAT_TIMEOUT_S, TIMEOUT_S, Json, Operation
from .requests import GRACE_S
from .skill import SkillTable, collect

log = logging.getLogger("strawberry_spoke")
R = TypeVar("R")
S = TypeVar("S", bound="Spoke")
QUEUE_FILE = "offline.jsonl"


class SpokeBase:
    """The common part of the blocking and the asyncio Spoke."""

    def __init__(self, connect: Optional[PathLike] = None, *, host: Optional[str] = None, port: Optional[int] = None,
                 token_file: Optional[PathLike] = None, tls: Any = None, cafile: Optional[PathLike] = None,
                 skills: Iterable[Any] = (), limits: Optional[Limits] = None, queue_file: Optional[PathLike] = None):
        """The hub and the principal: `connect`, the directory that `strawberryctl device add NAME --user USER
        --mosquitto DIR` wrote (host and port may be given as well), or `token_file` with host, port and tls."""
        self.limits = limits or Limits()
        self._credentials: Credentials
        if connect is not None and token_file is None:
            self._credentials = ConnectDirectory(connect, host, port, cafile)
        elif token_file is not None and connect is None:
            is_tls = bool(tls) or cafile is not None
            port = port or (8883 if is_tls else 1883)
            self._credentials = TokenFile(token_file, host or "127.0.0.1", port, tls, cafile)
        else:
            raise ConfigError("give connect=DIR, or token_file=FILE with host= and port=")
        self._table = SkillTable()
        self._engine = Engine(self._credentials, self._table, self.limits, self._async_loop())
        self._queue_file = Path(queue_file) if queue_file is not None else None
        self._uploader: Optional[Uploader] = None
        self._queue: Optional[OfflineQueue] = None
        self._queue_lock = threading.Lock()
        for source in skills:
            self.add(source)

    def _async_loop(self) -> Any:
        return None

    @property
    def id(self) -> str:
        return self._credentials.id

    def add(self, source: Any, class_name: Optional[str] = None) -> Any:
        """Adds a function, an object or a class with skills. Also a decorator: `@spoke.add`. Registers again when it is
        connected."""
        if not self._credentials.is_device:
            raise ConfigError(f"{self.id} is no device: only devices have skills (strawberryctl device add)")
        self._table.add(collect(source, class_name))
        self._engine.skills_changed()
        return source

    def add_skills(self, skills: Iterable[Any]) -> None:
        """Adds skills made by folder.py."""
        self._table.add(skills)
        self._engine.skills_changed()

    @property
    def is_stopped(self) -> bool:
        return self._engine.is_stopping() or self._engine.failed() is not None

    # Messages kept offline.

    def keep(self, role: str, content: str, session_id: str, title: Optional[str] = None) -> str:
        """Keeps a message in a private file until the hub has it, which may be at once. Returns the message's id.
        `session_id` may be new: `strawberry_spoke.new_id()` makes one."""
        message = self._offline().add(session_id, role, content, title)
        if self._uploader is not None:
            self._uploader.wake()
        return str(message["id"])

    def kept(self) -> int:
        """Returns the number of messages that the hub does not have yet."""
        return self._offline().pending()

    def _offline(self) -> OfflineQueue:
        with self._queue_lock:
            if self._queue is None:
                self._open_queue(self._queue_path(must=True))
            assert self._queue is not None
            return self._queue

    def _queue_path(self, must: bool) -> Optional[Path]:
        folder = self._credentials.folder()
        path = self._queue_file or (folder / QUEUE_FILE if folder is not None else None)
        if path is None and must:
            raise ConfigError("there is no file for what is said offline (give queue_file=)")
        return path

    def _open_queue(self, path: Optional[Path]) -> None:
        assert path is not None
        self._queue = OfflineQueue(path, self.limits)
        self._uploader = Uploader(self._queue, self._send_sync)
        self._engine.on_online.append(self._uploader.wake)
        self._engine.on_end.append(self._uploader.stop)
        self._uploader.wake()

    def _send_sync(self, sessions: List[Json]) -> None:
        operation = ops.sync(sessions)
        _wait(self._engine, operation)

    def _start(self) -> None:
        """With what an earlier run could not upload."""
        path = self._queue_path(must=False)
        if path is not None and path.exists():
            self._offline()
        self._engine.start()

    def _stop(self) -> None:
        if self._uploader is not None:
            self._uploader.stop()
        self._engine.stop()
        if self._queue is not None:
            self._queue.close()

    def _upload(self, timeout_s: float) -> None:
        self._offline()
        assert self._uploader is not None
        self._engine.start()
        is_empty, error = self._uploader.wait(timeout_s)
        if not is_empty:
            raise error or Unreachable(f"{self.kept()} messages are still here after {timeout_s:g} s")


def _wait(engine: Engine, operation: Operation[R]) -> R:
    request = engine.ask(operation.service, operation.body, operation.timeout_s,
                         correlation_id=operation.correlation_id)
    try:
        return operation.convert(request.future.result(operation.timeout_s + 2 * GRACE_S))
    except FutureTimeout:  # the network thread is connecting
        engine.forget(request)
        raise Unreachable(f"no answer within {operation.timeout_s:g} s: there is no connection") from None
    except CancelledError:
        raise Stopped("it was stopped") from None


class Sessions:
    """Stored conversations (docs/contract.md, section 6)."""

    def __init__(self, engine: Engine):
        self._engine = engine

    def create(self, title: Optional[str] = None) -> Json:
        return _wait(self._engine, ops.create_session(title))

    def list(self, limit: Optional[int] = None, days: Optional[int] = None) -> List[Json]:
        return _wait(self._engine, ops.list_sessions(limit, days))

    def get(self, session_id: str) -> Json:
        return _wait(self._engine, ops.get_session(session_id))

    def messages(self, session_id: str, limit: Optional[int] = None, before: Optional[str] = None) -> "List[Json]":
        return _wait(self._engine, ops.messages(session_id, limit, before))

    def append(self, session_id: str, role: str, content: str, message_id: Optional[str] = None) -> Json:
        return _wait(self._engine, ops.append(session_id, role, content, message_id))

    def update(self, session_id: str, title: str) -> Json:
        return _wait(self._engine, ops.update_session(session_id, title))

    def delete(self, session_id: str) -> None:
        _wait(self._engine, ops.delete_session(session_id))


class Spoke(SpokeBase):
    @property
    def sessions(self) -> Sessions:
        return Sessions(self._engine)

    # Lifetime.

    def start(self, timeout_s: Optional[float] = None) -> None:
        """Connects in the background. With `timeout_s`, waits until the hub has its skills: raises Unreachable when
        that takes longer, and what ended it for good (Refused, TakenOver, HubError)."""
        self._start()
        if timeout_s is None:
            return
        self._engine.wait(self._engine.joined, timeout_s)
        self._raise_failed()
        if not self._engine.joined():
            raise Unreachable(f"not connected within {timeout_s:g} s: {self._engine.why_not_joined()} (it goes on trying)")

    def stop(self) -> None:
        """Takes at most a second."""
        self._stop()

    def wait(self, timeout_s: Optional[float] = None) -> bool:
        """Waits until it is stopped; False after the timeout. Raises the error that ended it for good."""
        is_over = self._engine.wait(lambda: False, timeout_s)
        self._raise_failed()
        return is_over

    def run(self) -> None:
        """The main part of a program: serves until Ctrl-C, SIGTERM or stop(). Says what happens on standard error
        unless logging was set up. What cannot be put right by trying again ends the program with exit code 1 and one
        line (SystemExit)."""
        say_something()
        restore = self._stop_on_signals()
        try:
            self.start()
            while not self.wait(3600.0):
                pass
        except SpokeError as error:
            self.stop()
            raise SystemExit(str(error)) from None
        finally:
            self.stop()
            restore()

    def _stop_on_signals(self) -> Callable[[], None]:
        if threading.current_thread() is not threading.main_thread():
            return lambda: None
        # Only a flag and a wake-up: the handler may interrupt any code of this thread.
        before = {number: signal.signal(number, lambda *_: self._request_stop())
                  for number in (signal.SIGINT, signal.SIGTERM)}

        def restore() -> None:
            for number, handler in before.items():
                signal.signal(number, handler)

        return restore

    def _request_stop(self) -> None:
        threading.Thread(target=self._stop, daemon=True).start()

    def _raise_failed(self) -> None:
        failed = self._engine.failed()
        if failed is not None:
            raise failed

    def __enter__(self: S) -> S:
        self.start()
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 traceback: Optional[TracebackType]) -> None:
        self.stop()

    # Requests.

    def call(self, path: str, /, *args: Any, timeout_s: float = TIMEOUT_S, **kwargs: Any) -> Any:
        """Returns the skill's result: `spoke.call("garden_lamp.LampSkill.turn_on", brightness=40)`. Raises HubError,
        `skill_error` when the skill failed."""
        return _wait(self._engine, ops.call(path, args, kwargs, timeout_s))

    def call_with(self, path: str, args: Sequence[Any] = (), kwargs: Optional[Mapping[str, Any]] = None,
                  timeout_s: float = TIMEOUT_S, correlation_id: Optional[str] = None) -> Any:
        """The same for any names of arguments. Under a `correlation_id` that was used within ten minutes nothing runs
        again, and the answer is the same."""
        return _wait(self._engine, ops.call(path, args, kwargs or {}, timeout_s, correlation_id))

    def chat(self, prompt: Prompt, *, session_id: Optional[str] = None, confirm: Optional[Confirm] = None,
             timeout_s: float = CHAT_TIMEOUT_S, **options: Any) -> Chat:
        """Words, or OpenAI's messages. Iterate over the result for its events, or ask for its `text()`. `confirm` is
        asked before a skill marked so runs; without it the answer is no. `options` are OpenAI's (`model`, …)."""
        return Chat(self._engine, chat_body(prompt, session_id, options), ops.check_timeout(timeout_s), confirm)

    def search(self, query: str = "", device_limit: int = 10) -> List[Json]:
        return _wait(self._engine, ops.search(query, device_limit))

    def skills(self) -> List[Json]:
        """Returns all skills of the user's devices."""
        return _wait(self._engine, ops.skills())

    def describe(self, path: str) -> Json:
        return _wait(self._engine, ops.describe(path))

    def devices(self) -> List[Json]:
        return _wait(self._engine, ops.devices())

    def me(self) -> Json:
        return _wait(self._engine, ops.me())

    def sync(self, timeout_s: float = TIMEOUT_S) -> None:
        """Waits until the hub has all kept messages."""
        self._upload(timeout_s)


def say_something() -> None:
    if not log.handlers and not logging.getLogger().handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(message)s"))
        log.addHandler(handler)
        if log.level == logging.NOTSET:
            log.setLevel(logging.INFO)
