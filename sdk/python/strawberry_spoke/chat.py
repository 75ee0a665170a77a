"""A running chat: events as they arrive, questions before a skill runs, the answer.

    for event in spoke.chat("turn on the garden lamp", confirm=lambda question: True):
        if event.kind == "delta":
            print(event.text, end="")

Threading: fed on the network thread, read by one thread (Chat) or task (AsyncChat).
Lifetime: leaving the loop early, or close(), cancels the chat.   Errors: SpokeErrors from the iteration.
Bounds: CHAT_EVENTS_MAX wait; beyond them consecutive texts are joined.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Callable, Optional, Union

from . import limits
from .engine import Engine
from .errors import SpokeError, one_line

log = logging.getLogger("strawberry_spoke")
CONFIRM_S = 10.0  # for the answer to a question


@dataclass(frozen=True)
class ChatEvent:
    """`kind`: `delta` (a piece of the answer: `text`), `tool_call` (a skill is about to run), `tool_result`, `confirm`
    (asked; `allowed` says what was answered), `done` (`text` is the whole answer)."""

    kind: str
    text: str = ""
    device: str = ""
    skill_path: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    success: Optional[bool] = None
    result: Any = None
    error: Any = None
    allowed: Optional[bool] = None
    session_id: Optional[str] = None
    data: dict[str, Any] = field(default_factory=dict)  # unchanged from the hub


Confirm = Callable[[ChatEvent], bool]
AsyncConfirm = Callable[[ChatEvent], Union[bool, Awaitable[bool]]]
Prompt = Union[str, list[dict[str, Any]]]


def chat_body(prompt: Prompt, session_id: Optional[str], options: dict[str, Any]) -> dict[str, Any]:
    messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
    body: dict[str, Any] = {**options, "messages": messages, "stream": True}
    if session_id is not None:
        body["session_id"] = session_id
    return body


def event_of(kind: str, data: dict[str, Any]) -> ChatEvent:
    if kind == "delta":
        return ChatEvent("delta", text=_text_of(data, "delta"), data=data)
    arguments = data.get("arguments")
    return ChatEvent(kind, device=str(data.get("device", "")), skill_path=str(data.get("skill_path", "")),
                     arguments=arguments if isinstance(arguments, dict) else {}, success=data.get("success"),
                     result=data.get("result"), error=data.get("error"), data=data)


def done_event(result: Any) -> ChatEvent:
    data = result if isinstance(result, dict) else {}
    session = data.get("session_id")
    return ChatEvent("done", text=_text_of(data, "message"), data=data,
                     session_id=session if isinstance(session, str) else None)


def _text_of(data: dict[str, Any], member: str) -> str:
    choices = data.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        part = choices[0].get(member)
        content = part.get("content") if isinstance(part, dict) else None
        return content if isinstance(content, str) else ""
    return ""


class _Feed:
    """Passes events from the network thread to the reader; `wake` is called there, after each."""

    def __init__(self, engine: Engine, body: dict[str, Any], timeout_s: float, wake: Callable[[], None]):
        self._engine = engine
        self._events: deque[ChatEvent] = deque()
        self._lock = threading.Lock()
        self._wake = wake
        self._timeout_s = timeout_s
        self.is_over = False
        self.request = engine.ask("chat", body, timeout_s, self._event)
        self.request.future.add_done_callback(self._done)

    def _event(self, kind: str, data: dict[str, Any]) -> None:
        event = event_of(kind, data)
        if kind == "delta" and not event.text:
            return
        with self._lock:
            last = self._events[-1] if len(self._events) >= limits.CHAT_EVENTS_MAX else None
            if last is not None and last.kind == kind == "delta":
                self._events[-1] = ChatEvent("delta", text=last.text + event.text, data=event.data)
            else:
                self._events.append(event)
        self._wake()

    def _done(self, _future: "Future[Any]") -> None:
        self._wake()

    def next(self) -> Optional[ChatEvent]:
        """Returns the next event, or None if there is none yet. Raises the chat's error, StopIteration at its end."""
        with self._lock:
            if self._events:
                return self._events.popleft()
        if self.is_over:
            raise StopIteration
        if not self.request.future.done():
            return None
        with self._lock:
            if self._events:  # it arrived meanwhile
                return self._events.popleft()
        self.is_over = True
        return done_event(self.request.future.result())

    def cancel(self) -> None:
        """Cancels it at the hub: the iteration then raises HubError `cancelled`."""
        if not self.request.future.done():
            self._engine.ask("chat", {"op": "cancel", "cancel": self.request.correlation_id}, CONFIRM_S)

    def answer(self, question: ChatEvent, allow: bool) -> "Future[Any]":
        body = {"op": "confirm", "confirm": str(question.data.get("id", "")), "allow": allow}
        return self._engine.ask("chat", body, CONFIRM_S).future


def _answered(question: ChatEvent, allow: bool) -> ChatEvent:
    return ChatEvent("confirm", device=question.device, skill_path=question.skill_path,
                     arguments=question.arguments, allowed=allow, data=question.data)


class Chat:
    """Iterate over it, or call `text()`."""

    def __init__(self, engine: Engine, body: dict[str, Any], timeout_s: float, confirm: Optional[Confirm]):
        self._news = threading.Event()
        self._confirm = confirm
        self._feed = _Feed(engine, body, timeout_s, self._news.set)

    def __iter__(self) -> Iterator[ChatEvent]:
        try:
            while True:
                self._news.clear()
                try:
                    event = self._feed.next()
                except StopIteration:
                    return
                if event is None:
                    self._news.wait(1.0)
                elif event.kind == "confirm":
                    yield self._ask(event)
                else:
                    yield event
        finally:
            self.close()

    def text(self) -> str:
        """Waits for the whole answer and returns it."""
        return self.response().text

    def response(self) -> ChatEvent:
        """Returns the event `done`: text, session and the hub's response in `data`."""
        last = ChatEvent("done")
        for last in self:
            pass
        return last

    def cancel(self) -> None:
        self._feed.cancel()

    def close(self) -> None:
        """Cancels it if it is still running."""
        if not self._feed.is_over:
            self._feed.is_over = True
            self._feed.cancel()

    def _ask(self, question: ChatEvent) -> ChatEvent:
        try:
            allow = self._confirm is not None and self._confirm(question) is True
        except Exception as error:
            log.error("the confirm function failed, which is a no: %s", one_line(error))
            allow = False
        try:
            self._feed.answer(question, allow).result(CONFIRM_S + 1)
        except SpokeError as error:  # too late
            log.warning("the answer to %s did not count: %s", question.skill_path, error)
            allow = False
        return _answered(question, allow)


class AsyncChat:
    """`async for event in …`, or `await ….text()`."""

    def __init__(self, engine: Engine, body: dict[str, Any], timeout_s: float, confirm: Optional[AsyncConfirm]):
        loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._confirm = confirm

        def wake() -> None:
            try:
                loop.call_soon_threadsafe(self._news.set)
            except RuntimeError:  # the loop has ended, so nothing reads any more
                pass

        self._feed = _Feed(engine, body, timeout_s, wake)

    async def __aiter__(self) -> AsyncIterator[ChatEvent]:
        try:
            while True:
                self._news.clear()
                try:
                    event = self._feed.next()
                except StopIteration:
                    return
                if event is None:
                    await self._news.wait()
                elif event.kind == "confirm":
                    yield await self._ask(event)
                else:
                    yield event
        finally:
            self.close()

    async def text(self) -> str:
        return (await self.response()).text

    async def response(self) -> ChatEvent:
        last = ChatEvent("done")
        async for last in self:
            pass
        return last

    def cancel(self) -> None:
        self._feed.cancel()

    def close(self) -> None:
        if not self._feed.is_over:
            self._feed.is_over = True
            self._feed.cancel()

    async def _ask(self, question: ChatEvent) -> ChatEvent:
        try:
            answer: Any = False if self._confirm is None else self._confirm(question)
            if inspect.isawaitable(answer):
                answer = await answer
            allow = answer is True
        except Exception as error:
            log.error("the confirm function failed, which is a no: %s", one_line(error))
            allow = False
        try:
            await asyncio.wrap_future(self._feed.answer(question, allow))
        except SpokeError as error:
            log.warning("the answer to %s did not count: %s", question.skill_path, error)
            allow = False
        return _answered(question, allow)
