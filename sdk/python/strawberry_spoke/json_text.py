"""Makes JSON that the hub accepts: UTF-8, no NaN, at most 64 levels, with a size limit while it is made.

Pure.   Errors: NotJson, naming the place.   Bounds: the caller's `bytes_max`; the rest of a value is not visited.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import math
from typing import Any

from . import limits
from .errors import printable

_INTEGER_BITS_MAX = 63  # kept exactly by every JSON library of a hub and its clients, plus the sign


class NotJson(ValueError):
    """A value that cannot be sent."""


def to_text(value: Any, bytes_max: int, what: str = "the result") -> bytes:
    """`value` as JSON. Lone surrogates in texts become U+FFFD: file names of other encodings are common."""
    budget = _Budget(bytes_max, what)
    plain = budget.plain(value, (), 1)
    text = json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")
    if len(text) > bytes_max:
        raise budget.too_large()
    return text


def parse(payload: bytes) -> Any:
    """Raises ValueError for invalid JSON, NaN included."""
    try:
        return json.loads(payload.decode("utf-8"), parse_constant=_refuse)
    except RecursionError:
        raise ValueError("too deep") from None


def _refuse(name: str) -> Any:
    raise ValueError(f"not JSON: {name}")


def whole_text(text: str) -> str:
    """Returns `text` with surrogate pairs joined and lone surrogates replaced."""
    try:
        text.encode("utf-8")
        return text
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class _Budget:
    """One walk through a value: makes it of plain lists, dicts and texts, and counts the bytes it takes at least."""

    def __init__(self, bytes_max: int, what: str):
        self.left = bytes_max
        self.bytes_max = bytes_max
        self.what = what

    def too_large(self) -> NotJson:
        return NotJson(f"{self.what} has more than {self.bytes_max} bytes as JSON (return less of it)")

    def refuse(self, place: tuple[str, ...], why: str) -> NotJson:
        where = f" at {printable('/' + '/'.join(place))}" if place else ""
        return NotJson(f"{self.what} is no JSON{where}: {why}")

    def spend(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise self.too_large()

    def plain(self, value: Any, place: tuple[str, ...], level: int) -> Any:
        if isinstance(value, enum.Enum):
            value = value.value
        if value is None or isinstance(value, bool):
            self.spend(4)
            return value
        if isinstance(value, str):
            self.spend(len(value) + 2)
            return whole_text(str(value))
        if isinstance(value, int):
            if value.bit_length() > _INTEGER_BITS_MAX:
                raise self.refuse(place, "a whole number of more than 64 bits")
            self.spend(1)
            return int(value)
        if isinstance(value, float):
            if not math.isfinite(value):
                raise self.refuse(place, f"{float(value)}")
            self.spend(3)
            return float(value)
        if level > limits.JSON_LEVELS_MAX - 1:  # the answer adds one level
            raise self.refuse((), f"it has more than {limits.JSON_LEVELS_MAX - 1} levels, or leads back to itself")
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        if isinstance(value, dict):
            return self.members(value, place, level)
        if isinstance(value, (list, tuple)):
            self.spend(2)
            items: list[Any] = []
            for index, item in enumerate(value):
                self.spend(1)
                items.append(self.plain(item, place + (str(index),), level + 1))
            return items
        raise self.refuse(place, f"{type(value).__name__} (return None, bool, int, float, str, list or dict)")

    def members(self, value: Any, place: tuple[str, ...], level: int) -> Any:
        self.spend(2)
        members = {}
        for key, item in value.items():
            if isinstance(key, enum.Enum):
                key = key.value
            if not isinstance(key, str):
                if isinstance(key, bool) or not isinstance(key, int):
                    raise self.refuse(place, f"a key that is {type(key).__name__} and not str")
                key = str(key)
            self.spend(len(key) + 4)
            members[whole_text(key)] = self.plain(item, place + (key,), level + 1)
        return members
