"""Everything that can grow has a limit here; docs/limits.md says what happens at each."""

from __future__ import annotations

import math
from dataclasses import dataclass

# The hub's limits (docs/contract.md): values that it would refuse are refused here, with a better reason.
REQUEST_BYTES_MAX = 256 * 1024
ANSWER_BYTES_MAX = 256 * 1024
JSON_LEVELS_MAX = 64
SKILLS_MAX = 500
SIGNATURE_BYTES_MAX = 2048
PARAMETERS_MAX = 32
NAME_CHARACTERS_MAX = 128
DOCSTRING_CHARACTERS_MAX = 16384
CORRELATION_ID_BYTES_MAX = 256
TIMEOUT_MS_MAX = 120_000
MESSAGE_CHARACTERS_MAX = 131_072  # for one message of a session
SYNC_SESSIONS_MAX = 100
SYNC_MESSAGES_MAX = 1000

# Fixed limits of this package.
ERROR_CHARACTERS_MAX = 2000  # text of a skill's exception for its caller
CONNECT_FILE_BYTES_MAX = 16 * 1024
TOKEN_BYTES_MAX = 8 * 1024
RESULTS_UNACKNOWLEDGED_MAX = 1024
CHAT_EVENTS_MAX = 1000  # that wait for the program; beyond them deltas are joined
POSTED_MAX = 10_000  # jobs that wait for the network thread
LINES_OF_A_TROUBLE_MAX = 8  # different ones, until it is over
REFUSED_PAUSE_MIN_S = 2.0  # after a token was refused: failed logins are counted (docs/contract.md, section 1)
REFUSED_PAUSE_MAX_S = 60.0


@dataclass(frozen=True)
class Limits:
    """Limits that a program may change: `Spoke(limits=Limits(calls_running_max=2))`."""

    calls_running_max: int = 8  # calls that run at once, each in a thread
    calls_waiting_max: int = 64  # calls that wait for their turn; further ones are refused
    calls_stuck_max: int = 16  # calls that did not end in time and keep a thread; then they count as running
    skill_timeout_s: float = 30.0  # for a call without timeout_ms
    answers_remembered_max: int = 256
    answers_remembered_bytes_max: int = 1024 * 1024
    answers_remembered_s: float = 600.0
    requests_max: int = 256  # of this program, pending at once; further ones raise at once
    queue_bytes_max: int = 4 * 1024 * 1024  # of messages kept offline
    queue_messages_max: int = 10_000
    heartbeat_s: float = 600.0  # the hub drops skills without a heartbeat for 30 minutes
    keepalive_s: int = 30
    reconnect_min_s: float = 0.5
    reconnect_max_s: float = 30.0
    refused_s: float = math.inf  # so long a token that was good may be refused before the Spoke gives up
