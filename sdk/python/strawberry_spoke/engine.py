"""The Spoke's only connection and all that uses it: connects, reconnects, passes on messages.

Threading: a thread of its own (loop.py) owns everything; start(), stop(), ask() and changed() from any.
Lifetime: stop() before the program ends, or the device is offline a moment later; once.
Errors: failed() has the error that ended it for good (Refused, TakenOver, a refused registration); all others are
logged and retried.   Bounds: those of its parts.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
import time
from concurrent.futures import Future
from typing import Any, Callable, Optional

from . import limits
from .calls import Calls
from .credentials import Credentials
from .errors import ConfigError, Refused, SaidOnce, SpokeError, Stopped, TakenOver, printable, why_unreachable
from .json_text import parse
from .limits import Limits
from .link import REASON_TAKEN_OVER, Link
from .loop import Loop, Timer
from .loss_policy import BackOff, Loss, LossPolicy, Verdict
from .membership import Answer, Membership, TokenRenewal
from .requests import OnEvent, Request, Requests
from .skill import SkillTable
from .token import why_refused
from .worker import Workers

log = logging.getLogger("strawberry_spoke")
SERVICES = ("skills", "chat", "sessions", "devices")
STOP_S = 0.9
MISC_S = 1.0
CONNACK_S = 10.0
RESEND_S = 0.5
# CONNACK: unsupported version, wrong name or password, not authorised, banned, wrong method
_REFUSALS = (0x84, 0x85, 0x86, 0x87, 0x8A, 0x8C)


class Engine:
    def __init__(self, credentials: Credentials, skills: SkillTable, of: Limits,
                 async_loop: Optional[asyncio.AbstractEventLoop] = None, loop: Optional[Loop] = None):
        self.credentials = credentials
        self.limits = of
        self._skills = skills
        self._loop = loop or Loop()
        # A device has one connection, under its own id. A user's programs may be many.
        self._client_id = credentials.id if credentials.is_device else f"sdk-{secrets.token_hex(8)}"
        level = "sdk" if credentials.is_device else self._client_id
        self._requests = Requests(self._loop, of.requests_max, credentials.id, level, self._publish_request)
        self._workers = Workers(of.calls_running_max, async_loop)
        self._calls = Calls(self._loop, skills, of, self._workers, self._publish_result)
        self._membership = Membership(self._loop, skills, of, self._ask_inside, self._registered, self._give_up)
        self._renewal = TokenRenewal(self._loop, credentials, self._ask_inside,
                                     lambda: self._is_ready and self._membership.hub_is_online())
        self._policy = LossPolicy(of, self._loop.now)
        self._back_off = BackOff(of.reconnect_min_s, of.reconnect_max_s)
        self._refused_back_off = BackOff(max(of.reconnect_min_s, limits.REFUSED_PAUSE_MIN_S), limits.REFUSED_PAUSE_MAX_S)
        self._link: Optional[Link] = None
        self._accepted: Optional[Link] = None  # by the broker; the last one
        self._token = ""
        self._is_ready = False
        self._loss = Loss.UNREACHABLE
        self._said = SaidOnce()
        self._next_attempt: Optional[Timer] = None
        self._refused_state: object = None  # of the token's file, when it was refused
        self._results: dict[str, tuple[bytes, float]] = {}  # not acknowledged, by correlation_id; oldest first
        self._numbers: dict[int, Callable[[int], None]] = {}  # of messages on their way
        self._connack: Optional[Timer] = None
        self._thread: Optional[threading.Thread] = None
        self._starting = threading.Lock()
        self._stopping = threading.Event()
        self._changed = threading.Condition()
        self._is_joined = False
        self._failed: Optional[SpokeError] = None
        self.on_online: list[Callable[[], None]] = []  # the hub is there; on the network thread
        self.on_end: list[Callable[[], None]] = []  # it was stopped or failed; any thread

    # Called on any thread.

    def start(self) -> None:
        """Starts it; a second call does nothing. Raises ConfigError when the token cannot be read."""
        with self._starting:
            if self._thread is not None:
                return
            self._token = self.credentials.token()
            self._thread = threading.Thread(target=self._run, name="strawberry-spoke", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Takes at most a second: pending requests get Stopped."""
        self._stopping.set()
        self._loop.post(self._shut_down, must=True)
        with self._starting:  # a thread can only be joined after it was started
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(STOP_S)  # it may be connecting: then it ends later
        self._tell_end()

    def is_stopping(self) -> bool:
        return self._stopping.is_set()

    def failed(self) -> Optional[SpokeError]:
        return self._failed

    def joined(self) -> bool:
        return self._is_joined

    def why_not_joined(self) -> str:
        """In words; it is another one a moment later."""
        return "the hub has not taken the skills" if self._is_ready else self._requests.why_not_ready

    def wait(self, until: Callable[[], bool], timeout_s: Optional[float]) -> bool:
        """Waits until `until`, failed or stopped; returns False after the timeout."""
        with self._changed:
            return self._changed.wait_for(
                lambda: until() or self._failed is not None or self._stopping.is_set(), timeout_s)

    def ask(self, service: str, body: dict[str, Any], timeout_s: float, on_event: Optional[OnEvent] = None,
            correlation_id: Optional[str] = None) -> Request:
        """Its `future` gets the result."""
        request = Request(service, body, timeout_s, on_event)
        if correlation_id is not None:
            request.correlation_id = correlation_id
        self.start()
        if not self._loop.post(lambda: self._requests.submit(request)):
            is_over = self._stopping.is_set()
            request.future.set_exception(
                self._failed or (Stopped("it was stopped") if is_over else SpokeError("too much waits to be sent")))
        return request

    def forget(self, request: Request) -> None:
        self._loop.post(lambda: self._requests.forget(request))

    def skills_changed(self) -> None:
        if self._thread is not None:
            self._loop.post(self._membership.offer)

    # Called on the network thread.

    def _run(self) -> None:
        self._renewal.watch(self._token)
        self._connect()
        self._loop.later(MISC_S, self._misc)
        self._loop.run(self._before_wait)
        if self._link is not None:
            self._link.drop()
        self._requests.stop(self._failed)
        self._tell_end()

    def _connect(self) -> None:
        self._next_attempt = None
        if self._stopping.is_set() or self._failed is not None:
            return
        try:
            self._token = self.credentials.token()
        except ConfigError as error:  # it was good before: perhaps it is being written
            self._say_once(str(error), str(error))
        link = Link(self.credentials.endpoint, self._client_id, self.credentials.id, self._token,
                    self.limits.keepalive_s)
        link.on_connected = lambda reason: self._connected(link, reason)
        link.on_subscribed = lambda reasons: self._subscribed(link, reasons)
        link.on_message = self._received
        link.on_acknowledged = self._acknowledged
        link.on_closed = lambda reason, words: self._closed(link, reason, words)
        try:
            link.open()
        except (OSError, ValueError) as error:
            link.drop()
            self._lost(Loss.UNREACHABLE, why_unreachable(error, self.credentials.endpoint.tls is not None))
            return
        if self._stopping.is_set():
            link.close()
            return
        self._link = link
        self._connack = self._loop.later(CONNACK_S, lambda: self._no_connack(link))
        self._loop.watch(link.socket(), self._socket_ready)

    def _no_connack(self, link: Link) -> None:
        if link is self._link:
            link.drop()
            self._lost(Loss.UNREACHABLE, "the broker does not answer")

    def _connected(self, link: Link, reason: int) -> None:
        if self._connack is not None:
            self._connack.cancel()
        if reason != 0:
            self._loop.post(lambda: self._refused(link, reason), must=True)  # not within paho's callback
            return
        self._policy.connected()
        self._accepted = link
        topics = [self._requests.response_topic(service) for service in SERVICES] + ["hub/state"]
        if self.credentials.is_device:
            topics.insert(0, f"skills/{self.credentials.id}/call")
        link.subscribe(topics)

    def _refused(self, link: Link, reason: int) -> None:
        link.drop()
        if link is self._link:
            loss = Loss.REFUSED if reason in _REFUSALS else Loss.ENDED
            self._lost(loss, f"the broker refuses the connection, 0x{reason:02x}")

    def _subscribed(self, link: Link, reasons: list[int]) -> None:
        if any(reason >= 0x80 for reason in reasons):
            log.error("the broker refuses a subscription: 0x%02x (the token may not be a device's or user's)",
                      max(reasons))
        log.info("connected to %s as %s", self.credentials.endpoint, self.credentials.id)
        self._said.over()
        self._is_ready = True
        self._back_off.reset()
        self._refused_back_off.reset()
        self._membership.connected()
        self._requests.ready()
        now = self._loop.now()
        for correlation_id, (text, deadline) in list(self._results.items()):
            if deadline > now:
                self._send_result(correlation_id, text)
            else:
                self._results.pop(correlation_id, None)
        if len(self._skills) == 0:
            self._joined()

    def _received(self, topic: str, payload: bytes, is_retained: bool, expiry_s: Optional[int]) -> None:
        if topic == "hub/state":
            self._hub_state(payload)
        elif is_retained:
            pass
        elif topic.endswith("/call"):
            self._calls.received(payload, expiry_s)
        else:
            self._requests.received(payload)

    def _hub_state(self, payload: bytes) -> None:
        try:
            message = parse(payload)
        except ValueError:
            return
        state = message.get("state") if isinstance(message, dict) else None
        if not isinstance(state, str):
            return
        self._membership.hub_is(state)
        if state == "online":
            for job in self.on_online:
                job()

    def _closed(self, link: Link, reason: Optional[int], words: str) -> None:
        if link is self._link:
            if link is not self._accepted and self.credentials.endpoint.tls is None:
                words += " (does it speak TLS on this port; is it a hub's)"
            taken = reason == REASON_TAKEN_OVER
            lost = Loss.TAKEN_OVER if taken else Loss.ENDED
            self._loop.post(lambda: self._lost(lost, printable(words, 200)) if link is self._link else None, must=True)

    def _lost(self, loss: Loss, words: str) -> None:
        self._loop.watch(None)
        self._link = None
        self._is_ready = False
        self._numbers.clear()
        if self._connack is not None:
            self._connack.cancel()
        self._membership.lost()
        self._requests.lost(words)
        if self._stopping.is_set():
            return
        verdict = self._policy.lost(loss)
        name = self.credentials.id
        refusal = (f"the broker does not let it in: {why_refused(self._token, time.time())} "
                   f"({self.credentials.new_token_hint})")
        if verdict is Verdict.TAKEN_OVER:
            self._give_up(TakenOver(f"another connection came as the device {name}: it runs twice, here or on another "
                                    "machine (leave one of them)"))
            return
        if verdict is Verdict.REFUSED:
            self._give_up(Refused(refusal))
            return
        if loss is Loss.REFUSED:
            self._say_once(refusal, f"{refusal}; it is tried again")
            self._refused_state = self.credentials.state()
            self._next_attempt = self._loop.later(self._refused_back_off.next(), self._connect)
        else:  # an outage is one line, however its attempts fail
            self._say_once("not connected", f"not connected to {self.credentials.endpoint} ({words}), trying again")
            self._refused_state = None
            self._next_attempt = self._loop.later(self._back_off.next(), self._connect)

    def _look_for_another_token(self) -> None:
        """Where the one was that is refused."""
        if self._next_attempt is None or self._refused_state is None:
            return
        if self.credentials.state() != self._refused_state:
            self._next_attempt.cancel()
            self._connect()

    def _say_once(self, kind: str, words: str) -> None:
        if self._said.is_new(kind):
            log.warning("%s", words)

    def _give_up(self, error: SpokeError) -> None:
        if self._failed is None:
            self._failed = error
            self._loop.post(self._shut_down, must=True)  # not within paho's callback, which would wait for itself

    def _registered(self) -> None:
        self._joined()

    def _joined(self) -> None:
        with self._changed:
            self._is_joined = True
            self._changed.notify_all()

    def _shut_down(self) -> None:
        self._calls.stop()
        self._requests.stop(self._failed)
        if self._link is not None:
            self._link.close()
        self._loop.stop()

    def _tell_end(self) -> None:
        with self._changed:
            self._changed.notify_all()
        while self.on_end:
            self.on_end.pop()()

    def _socket_ready(self, readable: bool, writable: bool) -> None:
        link = self._link
        if link is not None and readable:
            link.read()
        if link is not None and link is self._link and (writable or link.wants_write()):
            link.write()

    def _before_wait(self) -> bool:
        link = self._link
        if link is None or link.socket() is None:
            return False
        if link.has_more():
            link.read()
        if link is not self._link or link.socket() is None:
            return False
        self._loop.want_write(link.wants_write())
        return link.has_more()

    def _misc(self) -> None:
        if self._link is not None:
            self._link.misc()
        else:
            self._look_for_another_token()
        self._loop.later(MISC_S, self._misc)

    # Outgoing messages.

    def _ask_inside(self, service: str, body: dict[str, Any], timeout_s: float, answered: Answer) -> None:
        request = Request(service, body, timeout_s)

        def done(future: "Future[Any]") -> None:
            error = future.exception()
            if error is None:
                answered(future.result(), None)
            elif isinstance(error, SpokeError) and not isinstance(error, Stopped):
                answered(None, error)

        request.future.add_done_callback(done)
        self._requests.submit(request)

    def _publish_request(self, topic: str, payload: bytes, expiry_s: Optional[int], response_topic: Optional[str],
                         on_refused: Callable[[], None]) -> bool:
        link = self._link
        if link is None or not self._is_ready:
            return False
        number, is_taken = link.publish(topic, payload, expiry_s, response_topic)
        if is_taken:
            self._numbers[number] = lambda reason: on_refused() if reason >= 0x80 else None
        return is_taken

    def _publish_result(self, correlation_id: str, text: bytes, deadline: float) -> None:
        self._results.pop(correlation_id, None)
        self._results[correlation_id] = (text, deadline)
        if len(self._results) > limits.RESULTS_UNACKNOWLEDGED_MAX:
            self._results.pop(next(iter(self._results)))
            log.warning("an answer was dropped: more than %d wait for the broker", limits.RESULTS_UNACKNOWLEDGED_MAX)
        self._send_result(correlation_id, text)

    def _send_result(self, correlation_id: str, text: bytes) -> None:
        if self._link is None or not self._is_ready or self._results.get(correlation_id, (None,))[0] is not text:
            return

        def acknowledged(reason: int) -> None:
            kept, deadline = self._results.get(correlation_id, (None, 0.0))
            if kept is not text:
                return
            if reason >= 0x80 and deadline > self._loop.now():  # the broker had no room for it
                self._loop.later(RESEND_S, lambda: self._send_result(correlation_id, text))
            else:
                self._results.pop(correlation_id, None)

        number, is_taken = self._link.publish(f"skills/{self.credentials.id}/result", text)
        if is_taken:
            self._numbers[number] = acknowledged

    def _acknowledged(self, number: int, reason: int) -> None:
        job = self._numbers.pop(number, None)
        if job is not None:
            job(reason)
