"""Threads and the event loop that skills run in, for real."""

import asyncio
import threading
import time

import pytest
from strawberry_spoke import skill
from strawberry_spoke.skill import collect
from strawberry_spoke.worker import CallInfo, Work, Workers


class Done:
    def __init__(self):
        self.outcome = None
        self._event = threading.Event()

    def __call__(self, outcome):
        self.outcome = outcome
        self._event.set()

    def wait(self, timeout_s=10.0):
        assert self._event.wait(timeout_s)
        return self.outcome


def work(function, *args):
    return Work(collect(skill(function))[0], args, {}, CallInfo("1", "x", "", "", 1.0))


@pytest.fixture()
def workers():
    made = Workers(2)
    yield made
    made.stop()


def run(workers, function, *args):
    done = Done()
    made = work(function, *args)
    workers.run(made, done)
    return made, done


def test_functions_run_in_threads_that_are_used_again(workers):
    names = []

    def who():
        names.append(threading.current_thread().name)
        return threading.get_ident()

    idents = set()
    for _ in range(5):
        made, done = run(workers, who)
        idents.add(done.wait().result)
        workers.freed(made, 0)
    assert len(idents) == 1 and names[0] == "strawberry-skill"
    assert threading.main_thread().name not in names


def test_a_coroutine_runs_on_a_loop_and_is_cancelled_when_it_takes_too_long(workers):
    seen = []

    async def slow():
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    async def quick():
        await asyncio.sleep(0)
        return 5

    hanging, done = run(workers, slow)
    _, other = run(workers, quick)
    assert other.wait().result == b"5"
    workers.interrupt(hanging)
    assert done.wait().error["code"] == "timeout" and seen == ["cancelled"]


def test_a_coroutine_that_blocks_its_loop_does_not_keep_others_from_running(workers, caplog):
    go_on = threading.Event()

    async def blocks():
        go_on.wait(30)

    async def quick():
        return 5

    run(workers, blocks)
    _, first = run(workers, quick)
    time.sleep(2.1)
    _, second = run(workers, quick)
    assert second.wait().result == b"5"
    assert "a coroutine blocks the event loop of the skills" in caplog.text
    assert first.outcome is None
    go_on.set()
    first.wait()


def test_a_coroutine_that_ends_frees_no_thread(workers):
    go_on = threading.Event()

    async def quick():
        return 5

    run(workers, named(go_on.wait))
    coroutine, done = run(workers, quick)
    done.wait()
    workers.freed(coroutine, 1)
    _, function = run(workers, named(lambda seconds: None))
    assert function.wait(5).error is None, "it has a thread of its own"
    go_on.set()


def test_a_function_that_returns_a_coroutine_is_awaited(workers):
    async def inner():
        return 7

    def outer():
        return inner()

    assert run(workers, outer)[1].wait().result == b"7"


def test_threads_that_took_the_place_of_stuck_ones_go_when_those_are_back(workers):
    go_on = threading.Event()
    held = [run(workers, lambda_) for lambda_ in [named(go_on.wait)] * 5]
    assert alive() == 5
    go_on.set()
    for index, (made, done) in enumerate(held):
        done.wait()
        workers.freed(made, 4 - index)
    ends_at = time.monotonic() + 5
    while alive() > 2 and time.monotonic() < ends_at:
        time.sleep(0.01)
    assert alive() == 2


def named(function):
    def hold():
        function(30)

    return hold


def alive():
    return sum(thread.name == "strawberry-skill" for thread in threading.enumerate())
