"""What a skill returns as JSON: what is none is refused with its place, and nothing is too large or too deep."""

import dataclasses
import enum
import json

import pytest
from strawberry_spoke.json_text import NotJson, parse, to_text


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Point:
    x: int
    y: "object"


def text(value, bytes_max=1000):
    return to_text(value, bytes_max).decode()


def test_what_json_can_say_is_said():
    assert text({"a": [1, -2.5, True, None, "ü", (1, 2)], "b": Colour.RED, 3: Point(1, {"z": 2})}) == (
        '{"a":[1,-2.5,true,null,"ü",[1,2]],"b":"red","3":{"x":1,"y":{"z":2}}}')


@pytest.mark.parametrize("value, words", [
    (float("nan"), "the result is no JSON: nan"),
    ({"a": [1, float("inf")]}, "the result is no JSON at /a/1: inf"),
    (b"x", "the result is no JSON: bytes"),
    ({"a": {1, 2}}, "at /a: set"),
    (object(), "object"),
    ({(1, 2): 3}, "a key that is tuple and not str"),
    ({None: 3}, "a key that is NoneType"),
    (2**64, "more than 64 bits"),
    (lambda: 1, "function"),
    (Point, "type"),
])
def test_what_is_no_json_is_refused_with_its_place(value, words):
    with pytest.raises(NotJson) as error:
        text(value)
    assert words in str(error.value)


def test_depth_ends_before_the_hubs_limit_and_before_pythons():
    value = []
    for _ in range(61):
        value = [value]
    assert json.loads(text({"result": value}))  # 63 levels, and one of the answer's own
    with pytest.raises(NotJson, match="more than 63 levels"):
        text({"result": [value]})
    endless = []
    endless.append(endless)
    with pytest.raises(NotJson, match="leads back to itself"):
        text(endless)


def test_lone_surrogates_are_replaced_and_pairs_put_together():
    assert text("a\udc80b") == '"a\ufffdb"'
    assert text("\ud83d\ude00") == '"\U0001f600"'
    assert text({"\udc80": 1}) == '{"\ufffd":1}'


def test_size_is_bounded_before_the_text_is_made():
    assert len(text("x" * 998)) == 1000
    for value in ("x" * 999, "\x00" * 400, ["x"] * 500, "ü" * 600, [0] * 1000):
        with pytest.raises(NotJson, match="more than 1000 bytes"):
            text(value)


def test_no_more_is_looked_at_than_fits():
    looked_at = []

    class Endless(list):
        def __iter__(self):
            for number in range(100_000):
                looked_at.append(number)
                yield number

    with pytest.raises(NotJson, match="more than 1000 bytes"):
        text(Endless())
    assert len(looked_at) < 1001


def test_rubbish_is_no_json():
    for payload in (b"", b"{", b"\xff", b"NaN", b'{"a":Infinity}', b"[" * 100000):
        with pytest.raises(ValueError):
            parse(payload)
    assert parse(b'{"a":[1]}') == {"a": [1]}
