"""The errors, as types. A message is `<what is wrong>: <value> (<what to do>)`, and never has a token in it."""

from __future__ import annotations

import socket
import ssl
from typing import Any, Optional

from .limits import LINES_OF_A_TROUBLE_MAX


class SpokeError(Exception):
    """All errors of this package."""


class ConfigError(SpokeError):
    """An option or a local file is wrong; nothing was sent."""


class SkillDefinitionError(SpokeError, TypeError):
    """A function cannot be a skill: a part of its signature cannot be expressed for a hub."""


class Unreachable(SpokeError):
    """No answer came in time: there was no connection, or the hub is away. Whether a call ran is unknown."""


class Refused(SpokeError):
    """The broker does not accept the token. A retry with the same one is useless."""


class TakenOver(SpokeError):
    """Another connection uses this device's id: it runs twice."""


class Stopped(SpokeError):
    """The Spoke was stopped while this waited."""


class QueueFull(SpokeError):
    """The queue of messages kept offline is full; none of them was dropped."""


class HubError(SpokeError):
    """The hub's answer is an error (docs/contract.md, section 3). Programs look at `code`."""

    def __init__(self, code: str, message: str, retryable: bool = False, details: Optional[dict[str, Any]] = None):
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.retryable = retryable
        self.details: dict[str, Any] = details or {}


class SkillFailure(Exception):
    """Raised by a skill: its caller gets `message`, and `code` where there is one, and the log has no traceback."""

    def __init__(self, message: str, code: Optional[str] = None):
        super().__init__(message)
        self.message = message
        self.code = code


class SaidOnce:
    """Which lines of a trouble are still to be said: each once until it is over, and not more than
    LINES_OF_A_TROUBLE_MAX different ones, however long it lasts and however its attempts fail. One thread."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def is_new(self, line: str) -> bool:
        if len(self._said) >= LINES_OF_A_TROUBLE_MAX or line in self._said:
            return False
        self._said.add(line)
        return True

    def over(self) -> None:
        self._said.clear()


def one_line(error: BaseException, characters_max: int = 500) -> str:
    """Returns an exception in words, even if its `__str__` fails."""
    try:
        words = str(error)
    except BaseException:  # the exception of a skill may raise any other
        words = "(its text cannot be had)"
    return printable(f"{type(error).__name__}: {words}" if words else type(error).__name__, characters_max)


def why_unreachable(error: Exception, wants_tls: bool) -> str:
    """Why a connection could not be made, with what to look at."""
    words = printable(getattr(error, "strerror", None) or str(error))
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate verify failed: {printable(error.verify_message)} (is its CA that of cafile=, and its name host=)"
    if isinstance(error, socket.gaierror):
        return f"unknown host (check the name): {words}"
    if isinstance(error, ConnectionRefusedError):
        return f"{words} (is the hub running; are host and port right)"
    if wants_tls and isinstance(error, (ssl.SSLError, ConnectionResetError, EOFError)):
        return f"no TLS: {words} (does it speak TLS on this port)"
    return words


def printable(text: str, characters_max: int = 200) -> str:
    """For a message or a log line: one line, no control characters, no lone surrogates, not longer than that."""
    cut = text[: characters_max + 1]
    safe = "".join(c if c.isprintable() else " " if c.isspace() else "?" for c in cut)
    return safe if len(safe) <= characters_max else safe[: characters_max - 1] + "…"
