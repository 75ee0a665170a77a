"""Calls through a real hub, and the questions a Spoke may ask of it."""

import asyncio
import enum
import json
import threading
import time
from typing import Any, Dict, List, Literal, Optional, Sequence, Tuple, Union

import pytest
from strawberry_spoke import HubError, SkillFailure, Spoke, SpokeError, Unreachable, current_call, new_id, skill
from strawberry_spoke.testing import wait_for


class LampSkill:
    """A lamp."""

    def __init__(self):
        self.runs = []
        self.hold = threading.Event()

    def turn_on(self, brightness: int = 100) -> str:
        """Turn the lamp on."""
        self.runs.append(brightness)
        return f"The lamp is on at {brightness} %"

    async def blink(self, times: int) -> int:
        """Blink."""
        await asyncio.sleep(0.01)
        return times

    def fails(self):
        raise SkillFailure("the bulb is broken", code="broken")

    def hang(self):
        self.hold.wait(30)

    def returns(self, what: str):
        return {"nan": float("nan"), "bytes": b"x", "large": "x" * 10_000_000, "surrogate": "a\udc80"}[what]

    def recurse(self):
        return self.recurse()

    def whose(self):
        return current_call().caller_device_id

    @skill(confirm=True)
    def unlock(self) -> str:
        """Unlock the garden gate."""
        return "unlocked"


@pytest.fixture()
def lamp(hub, spokes):
    source = LampSkill()
    spoke = spokes(hub, "Python Lamp", source)
    spoke.source = source
    yield spoke
    source.hold.set()


def call(hub, function, *args, **options):
    return hub.tester.call(f"python_lamp.LampSkill.{function}", *args, **options)


def error_of(hub, function, *args, **options):
    with pytest.raises(HubError) as error:
        call(hub, function, *args, **options)
    return error.value


def test_skills_are_called_with_what_their_signatures_say(hub, lamp):
    assert call(hub, "turn_on", 40) == "The lamp is on at 40 %"
    assert call(hub, "turn_on") == "The lamp is on at 100 %"
    assert call(hub, "turn_on", brightness=7) == "The lamp is on at 7 %"
    assert call(hub, "blink", 3) == 3
    assert call(hub, "whose") == "tester"
    described = hub.tester.describe("LampSkill.turn_on")
    assert described["signature"] == "turn_on(brightness: int = 100) -> str"
    assert error_of(hub, "turn_on", "bright").code == "bad_request"


def test_what_goes_wrong_in_a_skill_is_told_and_the_next_call_works(hub, lamp):
    failed = error_of(hub, "fails")
    assert (failed.code, failed.message, failed.details["code"]) == ("skill_error", "the bulb is broken", "broken")
    for what, words in [("nan", "no JSON: nan"), ("bytes", "no JSON: bytes"), ("large", "more than"), ("odd", "KeyError")]:
        assert words in error_of(hub, "returns", what).message
    assert call(hub, "returns", "surrogate") == "a\ufffd"
    assert "RecursionError" in error_of(hub, "recurse").message
    assert call(hub, "turn_on", 1) == "The lamp is on at 1 %"


def test_a_skill_that_hangs_is_answered_in_time_and_others_run(hub, lamp):
    hanging = [threading.Thread(target=lambda: error_of(hub, "hang", timeout_s=1)) for _ in range(10)]
    for each in hanging:
        each.start()
    for each in hanging:
        each.join(10)
        assert not each.is_alive()
    began = time.monotonic()
    assert call(hub, "turn_on", 2) == "The lamp is on at 2 %"
    assert time.monotonic() - began < 1


def test_a_call_under_one_correlation_id_runs_once(hub, lamp):
    name = new_id()
    for _ in range(3):
        assert hub.tester.call_with("python_lamp.LampSkill.turn_on", [5], correlation_id=name) == "The lamp is on at 5 %"
    assert lamp.source.runs == [5]


def test_a_call_that_the_hub_makes_again_is_not_run_again(hub, lamp):
    call_text = json.dumps({"correlation_id": "twice", "skill_path": "LampSkill.turn_on", "args": [5], "kwargs": {}})
    for _ in range(2):
        lamp._engine._loop.post(
            lambda: lamp._engine._received(f"skills/{lamp.id}/call", call_text.encode(), False, None))
    assert wait_for(lambda: lamp.source.runs == [5])
    time.sleep(0.2)
    assert lamp.source.runs == [5]


def test_many_calls_at_once_are_all_answered(hub, lamp):
    answers = []

    def some(first):
        for number in range(first, first + 50):
            answers.append(call(hub, "turn_on", number) == f"The lamp is on at {number} %")

    threads = [threading.Thread(target=some, args=(50 * number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == [True] * 400


def test_a_spoke_calls_and_finds_others(hub, lamp, spokes):
    other = spokes(hub, "Python Tablet")
    assert other.call("python_lamp.LampSkill.turn_on", 9) == "The lamp is on at 9 %"
    assert "LampSkill.turn_on" in [each["path"] for each in other.search("lamp")]
    assert {"Python Lamp", "Python Tablet"} <= {each["name"] for each in other.devices()}
    assert other.me()["name"] == "Python Tablet"
    assert [each for each in other.skills() if each["function_name"] == "blink"][0]["device_id"] == lamp.id
    with pytest.raises(HubError) as error:
        other.call("LampSkill.turn_off")
    assert error.value.code == "not_found"
    with pytest.raises(SpokeError, match="timeout_s is out of range"):
        other.call("LampSkill.turn_on", timeout_s=0)


def test_a_skill_may_call_others(hub, lamp, spokes):
    spokes_made = {}

    @skill(class_name="SceneSkill")
    def evening() -> str:
        return spokes_made["scene"].call("python_lamp.LampSkill.turn_on", 20)

    spokes_made["scene"] = spokes(hub, "Python Scene", evening)
    assert hub.call("python_scene.SceneSkill.evening") == "The lamp is on at 20 %"


def test_skills_may_be_added_later(hub, lamp):
    @lamp.add
    @skill(class_name="LateSkill")
    def late() -> int:
        return 1

    assert wait_for(lambda: "late" in [each["function_name"] for each in hub.tester.skills()])
    assert hub.call("python_lamp.LateSkill.late") == 1


def test_a_chat_runs_skills_and_says_what_happens(hub, lamp):
    events = list(hub.tester.chat("turn on the python lamp"))
    assert [each.kind for each in events if each.kind != "delta"] == ["tool_call", "tool_result", "done"]
    assert events[0].skill_path == "LampSkill.turn_on" and events[1].success is True
    assert "".join(each.text for each in events if each.kind == "delta") == events[-1].text
    assert "The lamp is on at 100 %" in hub.tester.chat("turn on the python lamp").text()
    answer = hub.tester.chat("turn on the python lamp", session_id="new").response()
    assert hub.tester.sessions.messages(answer.session_id)[0]["content"] == "turn on the python lamp"


def test_a_skill_marked_confirm_asks_first(hub, lamp):
    asked = []

    def yes(question):
        asked.append(question.skill_path)
        return True

    words = "unlock on the python lamp"
    events = list(hub.tester.chat(words, confirm=yes))
    assert asked == ["LampSkill.unlock"]
    assert [(each.kind, each.allowed) for each in events if each.kind == "confirm"] == [("confirm", True)]
    assert [each.result for each in events if each.kind == "tool_result"] == ["unlocked"]

    def broken(question):
        raise RuntimeError

    for confirm in (None, lambda question: False, lambda question: 1, broken):
        events = list(hub.tester.chat(words, confirm=confirm))
        assert [each.success for each in events if each.kind == "tool_result"] == [False], confirm


def test_a_chat_that_is_left_is_taken_back(hub, lamp):
    class SlowSkill:
        def paint(self, name: str = "fence") -> str:
            """Paint the fence slowly."""
            lamp.source.hold.wait(20)
            return "painted"

    lamp.add(SlowSkill())
    assert wait_for(lambda: hub.tester.search("paint"))
    chat = hub.tester.chat("paint fence on the python lamp")
    for event in chat:
        if event.kind == "tool_call":
            break
    else:
        pytest.fail(f"no call: {event}")
    with pytest.raises(HubError) as error:
        chat._feed.request.future.result(5)
    assert error.value.code == "cancelled"
    chat = hub.tester.chat("paint fence on the python lamp")
    with pytest.raises(HubError, match="cancelled"):
        for event in chat:
            chat.cancel()
    assert list(chat) == []


def test_sessions_are_stored_changed_and_deleted(hub):
    sessions = hub.tester.sessions
    made = sessions.create("Garden")
    name = new_id()
    for _ in range(2):
        sessions.append(made["session_id"], "user", "hello", name)
    sessions.append(made["session_id"], "assistant", "hi")
    assert [each["content"] for each in sessions.messages(made["session_id"])] == ["hello", "hi"]
    sessions.update(made["session_id"], "Yard")
    assert sessions.get(made["session_id"])["title"] == "Yard"
    assert made["session_id"] in [each["session_id"] for each in sessions.list(limit=500)]
    sessions.delete(made["session_id"])
    with pytest.raises(HubError) as error:
        sessions.get(made["session_id"])
    assert error.value.code == "not_found"


def test_without_a_hub_a_question_ends_at_its_timeout(tmp_path, hub):
    spoke = Spoke(connect=hub.device("Python Lonely"), host="127.0.0.1", port=9)
    began = time.monotonic()
    with spoke, pytest.raises(Unreachable, match="not connected: .*refused"):
        spoke.call("x.Y.z", timeout_s=0.5)
    assert time.monotonic() - began < 3


class Colour(enum.Enum):
    RED = "red"
    BLUE = "it's blue"


def test_every_signature_that_is_written_is_one_that_the_hub_reads(hub, spokes):
    seen = []

    class KindsSkill:
        def types(self, a: int, b: float, c: bool, d: str, e: list, g: dict, h: Any, i: Optional[int],
                  j: Union[int, str, None], k: List[int], m: Dict[str, float], n: Literal["x", 1, None], o: Sequence[str],
                  q: Colour, t: "int | None", w) -> "dict[str, int] | None":
            seen.append((a, q))

        def kinds(self, a, b=1, /, c=-0.5, *rest: int, d: str = "it's\n\"ü\"", e=None, g=(1,), h=[1, {"k": True}],
                  i=1e-300, **more: float) -> Tuple[int, ...]:
            return (a, len(rest), sorted(more))

        def größe(self, weiß: int = 1, /, *, 名前: str = "x") -> str:
            return 名前 * weiß

        def nothing(self):
            pass

    spokes(hub, "Python Kinds", KindsSkill)
    hub.call("python_kinds.KindsSkill.types", 1, 2, True, "x", [], {}, None, None, "x", [1], {"a": 2}, 1, ["x"], "red", 5, {})
    assert seen == [(1, Colour.RED)]
    assert hub.call("python_kinds.KindsSkill.kinds", 1, 2, 3, 4, 5, z=1.5, y=2) == [1, 2, ["y", "z"]]
    assert hub.tester.call_with("python_kinds.KindsSkill.größe", [3], {"名前": "ab"}) == "ababab"
    parameters = hub.tester.describe("KindsSkill.types")
    assert '"enum":["red","it\'s blue"]' in json.dumps(parameters, separators=(",", ":"))
    for bad in (["x"] * 16, [1] * 3):
        with pytest.raises(HubError) as error:
            hub.call("python_kinds.KindsSkill.types", *bad)
        assert error.value.code == "bad_request"
