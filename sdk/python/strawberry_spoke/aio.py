"""The asyncio API: the same Spoke with requests as coroutines; coroutine skills run on the loop that runs it.

    async with AsyncSpoke(connect="var/lamp", skills=[LampSkill]) as spoke:
        print(await spoke.call("speaker.MusicSkill.play", "Yesterday"))
        async for event in spoke.chat("is the lamp on?"):
            ...

Threading: made and used on one running event loop.   Lifetime, errors, bounds: those of spoke.py.
"""

from __future__ import annotations

import asyncio
import signal
from types import TracebackType
from typing import Any, List, Mapping, Optional, Sequence, Type, TypeVar

from . import operations as ops
from .chat import AsyncChat, AsyncConfirm, Prompt, chat_body
from .engine import Engine
from .errors import SpokeError, Unreachable
from .operations import CHAT_TIMEOUT_S, TIMEOUT_S, Json, Operation
from .requests import GRACE_S
from .spoke import SpokeBase, say_something

R = TypeVar("R")
S = TypeVar("S", bound="AsyncSpoke")


async def _wait(engine: Engine, operation: Operation[R]) -> R:
    request = engine.ask(operation.service, operation.body, operation.timeout_s,
                         correlation_id=operation.correlation_id)
    try:
        future = asyncio.wrap_future(request.future)
        return operation.convert(await asyncio.wait_for(future, operation.timeout_s + 2 * GRACE_S))
    except asyncio.TimeoutError:
        raise Unreachable(f"no answer within {operation.timeout_s:g} s: there is no connection") from None
    finally:
        if not request.future.done() or request.future.cancelled():
            engine.forget(request)


class AsyncSessions:
    def __init__(self, engine: Engine):
        self._engine = engine

    async def create(self, title: Optional[str] = None) -> Json:
        return await _wait(self._engine, ops.create_session(title))

    async def list(self, limit: Optional[int] = None, days: Optional[int] = None) -> List[Json]:
        return await _wait(self._engine, ops.list_sessions(limit, days))

    async def get(self, session_id: str) -> Json:
        return await _wait(self._engine, ops.get_session(session_id))

    async def messages(self, session_id: str, limit: Optional[int] = None,
                       before: Optional[str] = None) -> "List[Json]":
        return await _wait(self._engine, ops.messages(session_id, limit, before))

    async def append(self, session_id: str, role: str, content: str, message_id: Optional[str] = None) -> Json:
        return await _wait(self._engine, ops.append(session_id, role, content, message_id))

    async def update(self, session_id: str, title: str) -> Json:
        return await _wait(self._engine, ops.update_session(session_id, title))

    async def delete(self, session_id: str) -> None:
        await _wait(self._engine, ops.delete_session(session_id))


class AsyncSpoke(SpokeBase):
    def _async_loop(self) -> Any:
        return asyncio.get_running_loop()

    @property
    def sessions(self) -> AsyncSessions:
        return AsyncSessions(self._engine)

    async def start(self, timeout_s: Optional[float] = None) -> None:
        self._start()
        if timeout_s is None:
            return
        await self._in_thread(self._engine.joined, timeout_s)
        self._raise_failed()
        if not self._engine.joined():
            raise Unreachable(f"not connected within {timeout_s:g} s: {self._engine.why_not_joined()} (it goes on trying)")

    async def stop(self) -> None:
        await asyncio.get_running_loop().run_in_executor(None, self._stop)

    async def wait(self, timeout_s: Optional[float] = None) -> bool:
        is_over = await self._in_thread(lambda: False, timeout_s)
        self._raise_failed()
        return is_over

    async def run(self) -> None:
        """Serves until it is cancelled, Ctrl-C, SIGTERM or stop(); ends the program as Spoke.run() does."""
        say_something()
        loop = asyncio.get_running_loop()
        numbers = (signal.SIGINT, signal.SIGTERM)
        try:
            for number in numbers:
                loop.add_signal_handler(number, lambda: asyncio.ensure_future(self.stop()))
        except (NotImplementedError, RuntimeError, ValueError):  # not the main thread
            numbers = ()  # type: ignore[assignment]
        try:
            await self.start()
            await self.wait()
        except SpokeError as error:
            raise SystemExit(str(error)) from None
        finally:
            await self.stop()
            for number in numbers:
                loop.remove_signal_handler(number)

    async def _in_thread(self, until: Any, timeout_s: Optional[float]) -> bool:
        """Polls, since a waiting thread could not be cancelled."""
        loop = asyncio.get_running_loop()
        ends_at = None if timeout_s is None else loop.time() + timeout_s
        while not (until() or self.is_stopped):
            if ends_at is not None and loop.time() >= ends_at:
                return False
            await asyncio.sleep(0.02)
        return True

    def _raise_failed(self) -> None:
        failed = self._engine.failed()
        if failed is not None:
            raise failed

    async def __aenter__(self: S) -> S:
        await self.start()
        return self

    async def __aexit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                        traceback: Optional[TracebackType]) -> None:
        await self.stop()

    async def call(self, path: str, /, *args: Any, timeout_s: float = TIMEOUT_S, **kwargs: Any) -> Any:
        return await _wait(self._engine, ops.call(path, args, kwargs, timeout_s))

    async def call_with(self, path: str, args: Sequence[Any] = (), kwargs: Optional[Mapping[str, Any]] = None,
                        timeout_s: float = TIMEOUT_S, correlation_id: Optional[str] = None) -> Any:
        return await _wait(self._engine, ops.call(path, args, kwargs or {}, timeout_s, correlation_id))

    def chat(self, prompt: Prompt, *, session_id: Optional[str] = None, confirm: Optional[AsyncConfirm] = None,
             timeout_s: float = CHAT_TIMEOUT_S, **options: Any) -> AsyncChat:
        """`confirm` may be a coroutine function."""
        return AsyncChat(self._engine, chat_body(prompt, session_id, options), ops.check_timeout(timeout_s), confirm)

    async def search(self, query: str = "", device_limit: int = 10) -> List[Json]:
        return await _wait(self._engine, ops.search(query, device_limit))

    async def skills(self) -> List[Json]:
        return await _wait(self._engine, ops.skills())

    async def describe(self, path: str) -> Json:
        return await _wait(self._engine, ops.describe(path))

    async def devices(self) -> List[Json]:
        return await _wait(self._engine, ops.devices())

    async def me(self) -> Json:
        return await _wait(self._engine, ops.me())

    async def sync(self, timeout_s: float = TIMEOUT_S) -> None:
        await asyncio.get_running_loop().run_in_executor(None, self._upload, timeout_s)
