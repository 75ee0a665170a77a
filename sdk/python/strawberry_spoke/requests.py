"""Requests to the hub that wait for their one response.

Each is sent when there is a connection, and again, under the same correlation_id, when the connection was lost or the
broker had no room for it: the hub runs it once and answers it again (docs/contract.md, section 3).
Threading: the network thread.   Errors: the future gets HubError, Unreachable, Stopped.
Bounds: Limits.requests_max under way, REQUEST_BYTES_MAX each; each ends at its timeout.
"""

from __future__ import annotations

import math
import uuid
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Callable, Optional, Protocol

from . import json_text, limits
from .errors import HubError, SpokeError, Stopped, Unreachable, printable
from .loop import Loop, Timer

GRACE_S = 0.5  # the hub's own answer `timeout` is more precise
RESEND_S = 0.5  # when the broker had no room
OnEvent = Callable[[str, dict[str, Any]], None]


class Publisher(Protocol):
    def __call__(self, topic: str, payload: bytes, expiry_s: Optional[int], response_topic: Optional[str],
                 on_refused: Callable[[], None]) -> bool: ...


@dataclass(eq=False)
class Request:
    service: str
    body: dict[str, Any]
    timeout_s: float
    on_event: Optional[OnEvent] = None
    correlation_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    future: "Future[Any]" = field(default_factory=Future)
    deadline: float = 0.0
    was_sent: bool = False
    timer: Optional[Timer] = None

    def payload(self, left_s: float) -> bytes:
        body = {**self.body, "v": 1, "correlation_id": self.correlation_id,
                "timeout_ms": min(limits.TIMEOUT_MS_MAX, max(1, math.floor(left_s * 1000)))}
        return json_text.to_text(body, limits.REQUEST_BYTES_MAX, "the request")


class Requests:
    def __init__(self, loop: Loop, requests_max: int, principal_id: str, response_level: str, publish: Publisher):
        self._loop = loop
        self._requests_max = requests_max
        self._id = principal_id
        self._level = response_level
        self._publish = publish
        self._under_way: dict[str, Request] = {}
        self._is_ready = False
        self._stopped: Optional[SpokeError] = None
        self.why_not_ready = "there is no connection yet"

    def response_topic(self, service: str) -> str:
        return f"{service}/{self._id}/response/{self._level}"

    def submit(self, request: Request) -> None:
        if self._stopped is not None:
            _fail(request, self._stopped)
        elif len(self._under_way) >= self._requests_max:
            _fail(request, SpokeError(f"too many requests at once: {len(self._under_way)} (wait for their answers)"))
        else:
            request.deadline = self._loop.now() + request.timeout_s
            request.timer = self._loop.later(request.timeout_s + GRACE_S, lambda: self._overdue(request))
            self._under_way[request.correlation_id] = request
            if self._is_ready:
                self._send(request)

    def forget(self, request: Request) -> None:
        """Called when nothing waits for it any more."""
        self._take(request.correlation_id)

    def ready(self) -> None:
        self._is_ready = True
        for request in list(self._under_way.values()):
            self._send(request)

    def lost(self, why: str) -> None:
        self._is_ready = False
        self.why_not_ready = why

    def stop(self, error: Optional[SpokeError] = None) -> None:
        self._stopped = error or Stopped("it was stopped")
        for request in list(self._under_way.values()):
            self._take(request.correlation_id)
            _fail(request, self._stopped)

    def received(self, payload: bytes) -> None:
        try:
            message = json_text.parse(payload)
        except ValueError:
            return
        correlation_id = message.get("correlation_id") if isinstance(message, dict) else None
        request = self._under_way.get(correlation_id) if isinstance(correlation_id, str) else None
        if request is None:
            return
        if "success" not in message:
            event, data = message.get("event"), message.get("data")
            if request.on_event is not None and isinstance(event, str) and isinstance(data, dict):
                request.on_event(event, data)
            return
        self._take(request.correlation_id)
        if message["success"] is True:
            _succeed(request, message.get("result"))
        else:
            _fail(request, hub_error(message.get("error")))

    def _send(self, request: Request) -> None:
        left_s = request.deadline - self._loop.now()
        if left_s <= 0 or request.correlation_id not in self._under_way or not self._is_ready:
            return
        try:
            payload = request.payload(left_s)
        except json_text.NotJson as error:
            self._take(request.correlation_id)
            _fail(request, SpokeError(str(error)))
            return

        def refused() -> None:
            self._loop.later(RESEND_S, lambda: self._send(request))

        is_sent = self._publish(f"{request.service}/{self._id}/request", payload, max(1, math.ceil(left_s)),
                                self.response_topic(request.service), refused)
        request.was_sent = request.was_sent or is_sent

    def _overdue(self, request: Request) -> None:
        if self._take(request.correlation_id) is None:
            return
        if request.was_sent and self._is_ready:
            words = "the hub did not answer: it may be away, and whether it was done is unknown"
        else:
            words = f"not connected: {self.why_not_ready}"
        _fail(request, Unreachable(f"no answer within {request.timeout_s:g} s: {words}"))

    def _take(self, correlation_id: str) -> Optional[Request]:
        request = self._under_way.pop(correlation_id, None)
        if request is not None and request.timer is not None:
            request.timer.cancel()
        return request


def hub_error(error: Any) -> HubError:
    if not isinstance(error, dict):
        return HubError("internal", printable(str(error)) if error is not None else "the hub gave no reason")
    details = error.get("details")
    return HubError(str(error.get("code", "internal")), printable(str(error.get("message", "")), 2000),
                    error.get("retryable") is True, details if isinstance(details, dict) else None)


def _succeed(request: Request, result: Any) -> None:
    if request.future.set_running_or_notify_cancel():
        request.future.set_result(result)


def _fail(request: Request, error: BaseException) -> None:
    if not request.future.done() and request.future.set_running_or_notify_cancel():
        request.future.set_exception(error)
