"""Calls of the hub with a clock of the test's: each is answered once, whatever the skill does."""

import contextvars
import json
import logging

import pytest
from strawberry_spoke import SkillFailure, current_call, skill
from strawberry_spoke.calls import Calls
from strawberry_spoke.limits import ANSWER_BYTES_MAX, Limits
from strawberry_spoke.skill import SkillTable, collect
from strawberry_spoke.worker import Workers, failure


class HeldWorkers:
    """Runs nothing until the test says so."""

    def __init__(self):
        self.held = []
        self.interrupted = []
        self.thread_can_be_had = True

    def run(self, work, done):
        if not self.thread_can_be_had:
            raise RuntimeError("can't start new thread")
        self.held.append((work, done))

    def let_go(self, index=0):
        work, done = self.held.pop(index)
        done(contextvars.copy_context().run(Workers(1)._outcome_of, work))

    def freed(self, work, needed):
        pass

    def interrupt(self, work):
        self.interrupted.append(work)

    def stop(self):
        pass


class Fixture:
    def __init__(self, loop, source, **limits):
        self.loop = loop
        self.workers = HeldWorkers()
        self.answers = []
        self.calls = Calls(loop, SkillTable(collect(source)), Limits(**limits), self.workers,
                           lambda correlation_id, text, deadline: self.answers.append(json.loads(text)))

    def call(self, correlation_id="1", path="LampSkill.on", args=(), kwargs=None, expiry_s=None, **more):
        message = {"v": 1, "correlation_id": correlation_id, "skill_path": path, "args": list(args),
                   "kwargs": kwargs or {}, **more}
        self.calls.received(json.dumps(message).encode(), expiry_s)

    @property
    def last(self):
        return self.answers[-1]


@skill(class_name="LampSkill")
def on(level: int = 100) -> str:
    return f"on at {level}"


@pytest.fixture()
def lamp(loop):
    return Fixture(loop, on, calls_running_max=2, calls_waiting_max=2, calls_stuck_max=2)


def test_a_call_is_run_and_answered(lamp):
    lamp.call(args=[40])
    assert lamp.answers == []
    lamp.workers.let_go()
    assert lamp.answers == [{"correlation_id": "1", "success": True, "result": "on at 40", "error": None}]


def test_a_call_that_comes_again_is_not_run_again_and_gets_the_same_answer(lamp):
    lamp.call()
    lamp.call()
    assert len(lamp.workers.held) == 1
    lamp.workers.let_go()
    lamp.call()
    assert lamp.workers.held == [] and lamp.answers == [lamp.answers[0]] * 2
    lamp.loop.advance(600)
    lamp.call()
    assert len(lamp.workers.held) == 1, "after ten minutes it is a new one"


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"5", b'"x"', b"{}", b'{"correlation_id":5}', b"\xff",
                                     b'{"correlation_id":null}', b'{"correlation_id":""}', b"NaN", b"[" * 10000,
                                     json.dumps({"correlation_id": "x" * 257}).encode()])
def test_what_is_no_call_is_passed_over(lamp, payload):
    lamp.calls.received(payload, None)
    assert lamp.answers == [] and lamp.workers.held == []


@pytest.mark.parametrize("change, words", [
    ({"path": "LampSkill.off"}, "there is no skill LampSkill.off"),
    ({"path": 5}, "there is no skill 5"),
    ({"path": "LampSkill.__init__"}, "there is no skill"),
    ({"args": ["bright"]}, "the argument level must be a whole number and is text"),
    ({"args": [1, 2]}, "too many positional arguments"),
    ({"kwargs": {"levle": 1}}, "unexpected keyword argument 'levle'"),
])
def test_a_call_that_does_not_fit_is_told_why(lamp, change, words):
    lamp.call(**change)
    assert lamp.last["error"]["code"] == "bad_request" and words in lamp.last["error"]["message"]


def test_args_and_kwargs_of_another_type_are_refused(lamp):
    lamp.calls.received(b'{"correlation_id":"1","skill_path":"LampSkill.on","args":5}', None)
    lamp.calls.received(b'{"correlation_id":"2","skill_path":"LampSkill.on","kwargs":"z"}', None)
    assert [each["error"]["code"] for each in lamp.answers] == ["bad_request"] * 2
    lamp.calls.received(b'{"correlation_id":"3","skill_path":"LampSkill.on","args":null}', None)
    assert len(lamp.workers.held) == 1


def test_so_many_run_so_many_wait_and_the_rest_is_refused(lamp):
    for number in range(5):
        lamp.call(str(number))
    assert len(lamp.workers.held) == 2
    assert lamp.answers == [{"correlation_id": "4", "success": False, "result": None, "error": {
        "code": "busy", "message": "too many calls at once: 2 are running and 2 waiting"}}]
    lamp.workers.let_go()
    assert len(lamp.workers.held) == 2
    for _ in range(3):
        lamp.workers.let_go()
    assert [each["correlation_id"] for each in lamp.answers] == ["4", "0", "1", "2", "3"]


def test_a_call_ends_a_little_before_its_caller_stops_waiting(lamp):
    lamp.call(timeout_ms=1000)
    lamp.loop.advance(0.949)
    assert lamp.answers == []
    lamp.loop.advance(0.002)
    assert lamp.last["error"] == {"code": "timeout", "message": "it did not end within 0.95 s"}


def test_the_deadline_is_the_earliest_of_all(loop):
    @skill(class_name="LampSkill", timeout_s=3)
    def on():
        pass

    for options, seconds in [({}, 3), ({"timeout_ms": 1000}, 0.95), ({"expiry_s": 0}, 1.9),
                             ({"timeout_ms": -5}, 0.00095), ({"timeout_ms": True}, 3), ({"timeout_ms": 10**12}, 3)]:
        lamp = Fixture(loop, on)
        lamp.call(**options)
        lamp.loop.advance(seconds - 0.0001)
        assert lamp.answers == [], options
        lamp.loop.advance(0.0002)
        assert lamp.last["error"]["code"] == "timeout", options


def test_what_waits_too_long_for_its_turn_is_told_so(lamp):
    for number in range(3):
        lamp.call(str(number), timeout_ms=1000 if number == 2 else 60000)
    lamp.loop.advance(1)
    assert lamp.answers[0]["error"] == {"code": "timeout", "message": "its turn did not come in time"}
    lamp.workers.let_go()
    assert lamp.workers.held != [] and len(lamp.answers) == 2


def test_a_call_that_hangs_does_not_keep_others_from_running(lamp, caplog):
    for number in range(4):
        lamp.call(str(number), timeout_ms=1000 if number < 2 else 60000)
    lamp.loop.advance(1)
    assert [each["error"]["code"] for each in lamp.answers] == ["timeout", "timeout"]
    assert len(lamp.workers.held) == 4, "those that waited have begun"
    assert len(lamp.workers.interrupted) == 2
    assert "2 calls have not ended and keep their threads" in caplog.text
    lamp.workers.let_go(0)
    assert len(lamp.answers) == 2 and "ended after 1.0 s, too late" in caplog.text


def test_when_too_many_hang_there_is_no_room_left_and_that_is_said(lamp):
    for number in range(6):
        lamp.call(str(number), timeout_ms=1000)
        if number % 2:
            lamp.loop.advance(1)
    assert [each["error"]["code"] for each in lamp.answers] == ["timeout"] * 4 + ["stuck"] * 2
    lamp.workers.let_go()
    lamp.call("6")
    assert len(lamp.workers.held) == 4, "one came back: there is room for one"
    lamp.workers.let_go(3)
    assert lamp.last["success"] is True


def test_without_a_thread_a_call_is_refused(lamp):
    lamp.workers.thread_can_be_had = False
    lamp.call()
    assert lamp.last["error"]["code"] == "busy" and "can't start new thread" in lamp.last["error"]["message"]
    lamp.workers.thread_can_be_had = True
    lamp.call("2")
    lamp.workers.let_go()
    assert lamp.last["success"] is True


def test_nothing_is_answered_after_the_end(lamp):
    lamp.call()
    lamp.calls.stop()
    lamp.workers.let_go()
    lamp.call("2")
    assert lamp.answers == []


def outcome_of(loop, function):
    fixture = Fixture(loop, skill(class_name="LampSkill")(function))
    fixture.call(path=f"LampSkill.{function.__name__}")
    fixture.workers.let_go()
    return fixture.last


def test_whatever_a_skill_does_is_an_answer(loop, caplog):
    def fails():
        raise ValueError("no such lamp")

    def says_why():
        raise SkillFailure("the lamp is broken", code="broken")

    def leaves():
        raise SystemExit(3)

    def recursive():
        return recursive()

    class Odd(Exception):
        def __str__(self):
            raise RuntimeError

    def odd():
        raise Odd

    def large():
        return "x" * 10_000_000

    def nan():
        return float("nan")

    def rude():
        raise ValueError("x" * 100_000 + "\udc80\n")

    def endless():
        value = {}
        value["again"] = value
        return value

    for function, code, words in [(fails, "exception", "ValueError: no such lamp"),
                                  (says_why, "broken", "the lamp is broken"), (leaves, "exception", "SystemExit: 3"),
                                  (recursive, "exception", "RecursionError"), (odd, "exception", "Odd"),
                                  (large, "bad_result", "more than"), (nan, "bad_result", "nan"),
                                  (rude, "exception", "ValueError: xxx"), (endless, "bad_result", "leads back"),
                                  ]:
        answer = outcome_of(loop, function)
        assert answer["success"] is False and answer["error"]["code"] == code, function
        assert words in answer["error"]["message"] and len(answer["error"]["message"]) <= 2000
    lines = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(lines) == 9 and not any("\n" in line for line in lines), "one line each"


def test_the_largest_result_fits_an_answer(loop):
    def largest():
        return "x" * (ANSWER_BYTES_MAX - 2050)

    answer = outcome_of(loop, largest)
    assert answer["success"] and len(json.dumps(answer)) <= ANSWER_BYTES_MAX


def test_a_skill_knows_who_called(loop):
    seen = []

    @skill(class_name="LampSkill")
    def on():
        seen.append(current_call())

    fixture = Fixture(loop, on)
    fixture.call(caller_device_id="tablet", caller_device_name="Tablet", timeout_ms=1000)
    fixture.workers.let_go()
    assert (seen[0].caller_device_id, seen[0].caller_device_name, seen[0].skill_path) == ("tablet", "Tablet", "LampSkill.on")
    assert current_call() is None


def test_an_error_is_cut_and_one_line():
    outcome = failure("x", "a\nb" + "c" * 5000)
    assert len(outcome.error["message"]) == 2000 and "\n" not in outcome.error["message"]
