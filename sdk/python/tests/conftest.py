"""What the tests share: a hub for all of them, and Spokes that are stopped at the end of each."""

import heapq
import itertools
import logging
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from strawberry_spoke import Spoke  # noqa: E402
from strawberry_spoke.errors import SpokeError  # noqa: E402
from strawberry_spoke.testing import TestHub, find_programs  # noqa: E402


@pytest.fixture(scope="session")
def programs():
    try:
        return find_programs()
    except SpokeError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def hub(programs):
    with TestHub(programs) as hub:
        yield hub


@pytest.fixture()
def own_hub(programs):
    """For tests that stop it or what it is made of."""
    with TestHub(programs) as hub:
        yield hub


@pytest.fixture()
def spokes():
    """Makes Spokes: `spokes(hub, "Lamp", LampSkill)`."""
    made = []

    def make(hub, name, *skills, start=True, **options):
        spoke = Spoke(connect=hub.device(name), skills=skills, **options)
        made.append(spoke)
        if start:
            spoke.start(timeout_s=20)
        return spoke

    yield make
    for spoke in made:
        spoke.stop()


@pytest.fixture(autouse=True)
def log(caplog):
    caplog.set_level(logging.INFO, logger="strawberry_spoke")
    return caplog


class FakeLoop:
    """A Loop with a clock that the test moves; posted jobs run at once."""

    def __init__(self):
        self.time = 1000.0
        self.timers = []
        self.numbers = itertools.count()

    def now(self):
        return self.time

    def post(self, job, must=False):
        job()
        return True

    def later(self, delay_s, job):
        timer = FakeTimer(self.time + delay_s, job)
        heapq.heappush(self.timers, (timer.at, next(self.numbers), timer))
        return timer

    def advance(self, seconds):
        ends_at = self.time + seconds
        while self.timers and self.timers[0][0] <= ends_at:
            at, _, timer = heapq.heappop(self.timers)
            if timer.job is not None:
                self.time = max(self.time, at)
                timer.job()
        self.time = ends_at


class FakeTimer:
    def __init__(self, at, job):
        self.at = at
        self.job = job

    def cancel(self):
        self.job = None


@pytest.fixture()
def loop():
    return FakeLoop()
