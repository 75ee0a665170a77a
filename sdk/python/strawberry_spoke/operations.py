"""The requests to a hub, as data: the blocking and the asyncio API send the same.

Pure.   Errors: SpokeError for requests that the hub would refuse anyway.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Callable, Generic, Optional, TypeVar

from . import limits
from .errors import SpokeError, printable
from .json_text import whole_text

R = TypeVar("R")
Json = dict[str, Any]
TIMEOUT_S = 30.0
CHAT_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Operation(Generic[R]):
    service: str
    body: Json
    timeout_s: float
    convert: Callable[[Any], R]
    correlation_id: Optional[str] = None


def _same(result: Any) -> Any:
    return result


def _object(result: Any) -> Json:
    return result if isinstance(result, dict) else {}


def _list_in(member: str) -> Callable[[Any], list[Json]]:
    def convert(result: Any) -> list[Json]:
        found = _object(result).get(member)
        return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []

    return convert


def _with(body: Json, **optional: Any) -> Json:
    return {**body, **{name: value for name, value in optional.items() if value is not None}}


def check_timeout(timeout_s: float) -> float:
    if not 0 < timeout_s <= limits.TIMEOUT_MS_MAX / 1000:
        raise SpokeError(f"timeout_s is out of range: {timeout_s} (0 to {limits.TIMEOUT_MS_MAX // 1000})")
    return timeout_s


def call(path: str, args: Sequence[Any], kwargs: Mapping[str, Any], timeout_s: float,
         correlation_id: Optional[str] = None) -> Operation[Any]:
    body = {"op": "call", "skill_path": path, "args": list(args), "kwargs": dict(kwargs)}
    return Operation("skills", body, check_timeout(timeout_s), _same, correlation_id)


def search(query: str, device_limit: int) -> Operation[list[Json]]:
    return Operation("skills", {"op": "search", "query": query, "device_limit": device_limit}, TIMEOUT_S,
                     _list_in("results"))


def skills() -> Operation[list[Json]]:
    return Operation("skills", {"op": "list"}, TIMEOUT_S, _list_in("skills"))


def describe(path: str) -> Operation[Json]:
    return Operation("skills", {"op": "describe", "path": path}, TIMEOUT_S, _object)


def devices() -> Operation[list[Json]]:
    return Operation("devices", {"op": "list"}, TIMEOUT_S, _list_in("devices"))


def me() -> Operation[Json]:
    return Operation("devices", {"op": "me"}, TIMEOUT_S, _object)


def create_session(title: Optional[str]) -> Operation[Json]:
    return Operation("sessions", _with({"op": "create"}, title=title), TIMEOUT_S, _object)


def list_sessions(limit: Optional[int], days: Optional[int]) -> Operation[list[Json]]:
    return Operation("sessions", _with({"op": "list"}, limit=limit, days=days), TIMEOUT_S, _list_in("sessions"))


def get_session(session_id: str) -> Operation[Json]:
    return Operation("sessions", {"op": "get", "session_id": session_id}, TIMEOUT_S, _object)


def messages(session_id: str, limit: Optional[int], before: Optional[str]) -> Operation[list[Json]]:
    body = _with({"op": "messages", "session_id": session_id}, limit=limit, before=before)
    return Operation("sessions", body, TIMEOUT_S, _list_in("messages"))


def append(session_id: str, role: str, content: str, message_id: Optional[str]) -> Operation[Json]:
    """Adds a message_id when none is given: sent again after a lost connection, it is stored once."""
    body = {"op": "append", "session_id": session_id, "role": check_role(role), "content": check_content(content),
            "message_id": message_id or new_id()}
    return Operation("sessions", body, TIMEOUT_S, _object)


def update_session(session_id: str, title: str) -> Operation[Json]:
    return Operation("sessions", {"op": "update", "session_id": session_id, "title": title}, TIMEOUT_S, _object)


def delete_session(session_id: str) -> Operation[Json]:
    return Operation("sessions", {"op": "delete", "session_id": session_id}, TIMEOUT_S, _object)


def sync(sessions: list[Json], timeout_s: float = TIMEOUT_S) -> Operation[list[Json]]:
    return Operation("sessions", {"op": "sync", "sessions": sessions}, timeout_s, _list_in("sessions"))


def check_role(role: str) -> str:
    if role not in ("user", "assistant"):
        raise SpokeError(f"unknown role: {printable(str(role), 60)} (user or assistant)")
    return role


def check_content(content: str) -> str:
    if len(content) > limits.MESSAGE_CHARACTERS_MAX:
        raise SpokeError(f"a message is too long: {len(content)} characters (at most {limits.MESSAGE_CHARACTERS_MAX})")
    return whole_text(content)


def new_id() -> str:
    return uuid.uuid4().hex
