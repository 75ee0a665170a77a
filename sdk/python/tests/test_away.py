"""A hub that is away for a day, with a clock that the test moves: pauses, lines, and what grows meanwhile."""

import logging
import threading

import pytest
from conftest import FakeLoop
from strawberry_spoke import engine as engine_module
from strawberry_spoke.credentials import TokenFile
from strawberry_spoke.engine import MISC_S, Engine
from strawberry_spoke.errors import SaidOnce, SpokeError
from strawberry_spoke.limits import LINES_OF_A_TROUBLE_MAX, Limits
from strawberry_spoke.loss_policy import Loss, LossPolicy, Verdict
from strawberry_spoke.private_file import replace_private
from strawberry_spoke.skill import SkillTable
from test_small_parts import a_token

DAY_S = 24 * 3600
NOW = 1_000_000.0  # of the wall clock, when the day begins
REASONS = [f"reason {number}" for number in range(20)]


class AwayLoop(FakeLoop):
    def watch(self, socket, ready=None):
        pass

    def running(self):
        return sum(timer.job is not None for _, _, timer in self.timers)


class FakeLink:
    """What the test says of the broker: `why_not` an exception, `refusal` a reason of CONNACK, or neither."""

    why_not = None
    refusal = 0
    made = []

    def __init__(self, *_):
        FakeLink.made.append(self)
        self.sent = []

    def open(self):
        if FakeLink.why_not is not None:
            raise FakeLink.why_not(len(FakeLink.made))

    def socket(self):
        self.on_connected(FakeLink.refusal)

    def subscribe(self, topics):
        self.on_subscribed([1] * len(topics))

    def publish(self, topic, payload, *_):
        self.sent.append((topic, payload))
        return len(self.sent), True

    def misc(self):
        pass

    def drop(self):
        pass

    close = drop


@pytest.fixture()
def away(monkeypatch, tmp_path):
    """A Spoke that was connected, and whose token is to be renewed in an hour."""
    monkeypatch.setattr(engine_module, "Link", FakeLink)
    monkeypatch.setattr(FakeLink, "made", [])
    monkeypatch.setattr(FakeLink, "why_not", None)
    monkeypatch.setattr(FakeLink, "refusal", 0)
    path = tmp_path / "token"
    replace_private(path, a_token(iat=NOW - 3600, exp=NOW + DAY_S / 2))
    loop = AwayLoop()
    engine = Engine(TokenFile(path, "127.0.0.1", 1, None, None), SkillTable([]), Limits(), loop=loop)
    engine._thread = threading.current_thread()
    began = loop.now()
    wall = lambda: NOW + loop.now() - began  # noqa: E731
    engine._renewal._wall = wall
    monkeypatch.setattr(engine_module.time, "time", wall)
    engine._renewal.watch(engine.credentials.token())
    loop.later(MISC_S, engine._misc)
    engine._connect()
    assert engine._is_ready
    return engine, loop, path


def lines(log):
    return [record.getMessage() for record in log.records if record.levelno >= logging.WARNING]


def lose(engine, why_not):
    FakeLink.why_not = why_not
    engine._lost(Loss.ENDED, "the broker is gone")


def test_a_day_without_a_broker_is_one_line_and_nothing_grows(away, log):
    engine, loop, _ = away
    log.clear()
    lose(engine, lambda attempt: OSError(REASONS[attempt % len(REASONS)]))
    before = loop.running()
    for _ in range(24):
        asked = [engine.ask("devices", {"op": "me"}, 60.0) for _ in range(300)]
        refused = [each for each in asked if each.future.done()]
        assert len(refused) == 300 - Limits().requests_max
        assert "too many requests at once" in str(refused[0].future.exception())
        loop.advance(DAY_S / 24)
        assert all(isinstance(each.future.exception(), SpokeError) for each in asked)
        assert loop.running() <= before, "timers"
    assert DAY_S / 30 <= len(FakeLink.made) <= DAY_S / 15 + 10
    assert lines(log) == ["not connected to 127.0.0.1:1 (the broker is gone), trying again"]
    FakeLink.why_not = None
    replace_private(engine.credentials.place(), a_token(iat=NOW, exp=NOW + 2 * DAY_S))
    loop.advance(31)
    assert engine._is_ready, "it came back by itself"


def test_a_token_whose_time_passed_meanwhile_is_renewed_when_the_broker_is_back(away):
    engine, loop, path = away
    replace_private(path, a_token(iat=NOW - 3600, exp=NOW + 2 * DAY_S))
    engine._renewal.watch(engine.credentials.token())
    lose(engine, lambda _: OSError("refused"))
    loop.advance(1.5 * DAY_S)
    FakeLink.why_not = None
    loop.advance(35)
    assert engine._is_ready and not any(b"refresh_token" in payload for _, payload in engine._link.sent), "no hub yet"
    engine._received("hub/state", b'{"state":"online"}', True, None)
    loop.advance(3)
    assert any(b"refresh_token" in payload for _, payload in engine._link.sent)


def test_a_token_that_expired_meanwhile_is_one_line_a_day_and_another_one_is_used_within_a_second(away, log):
    engine, loop, path = away
    log.clear()
    lose(engine, lambda _: OSError("refused"))
    loop.advance(DAY_S)
    FakeLink.why_not, FakeLink.refusal = None, 0x87
    before = len(FakeLink.made)
    loop.advance(DAY_S)
    assert DAY_S / 60 <= len(FakeLink.made) - before <= DAY_S / 30 + 10, "failed logins are counted"
    assert len(lines(log)) == 2
    assert "its token has expired, on 1970-01-13T01:46:40Z" in lines(log)[1]
    assert f"strawberryctl token issue --device lamp --output FILE, for {path}" in lines(log)[1]
    FakeLink.refusal = 0
    loop.advance(0.1)
    replace_private(path, a_token(iat=NOW + 2 * DAY_S, exp=NOW + 9 * DAY_S))
    loop.advance(MISC_S)
    assert engine._is_ready


def test_a_broker_that_is_started_again_and_again_does_not_mean_that_it_runs_twice():
    clock = AwayLoop()
    policy = LossPolicy(Limits(), clock.now)
    for _ in range(1000):
        policy.connected()
        clock.advance(1)
        assert policy.lost(Loss.ENDED) is Verdict.TRY_AGAIN
        assert policy.lost(Loss.UNREACHABLE) is Verdict.TRY_AGAIN


def test_a_trouble_is_so_many_lines_and_no_more():
    said = SaidOnce()
    assert sum(said.is_new(f"reason {number}") for number in range(1000)) == LINES_OF_A_TROUBLE_MAX
    said.over()
    assert said.is_new("reason 0") and not said.is_new("reason 0")
