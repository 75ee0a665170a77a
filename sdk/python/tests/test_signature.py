"""Signatures by introspection, and calls bound and checked as Python does."""

import dataclasses
import enum
import functools
import sys
from typing import Any, Dict, List, Literal, Mapping, NamedTuple, Optional, Sequence, Tuple, TypeVar, Union

import pytest
from strawberry_spoke.errors import SkillDefinitionError
from strawberry_spoke.signature import BadArguments, describe


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1


@dataclasses.dataclass
class State:
    on: bool


def written(function, **options):
    return describe(function, function.__name__, **options)[0]


def bind(function, *args, **kwargs):
    return describe(function, function.__name__)[1].bind(args, kwargs)


def test_what_annotations_say_is_written_as_the_hub_reads_it():
    def f(a: int, b: float, c: bool, d: str, e: list, g: dict, h: Any, i: Optional[int], j: Union[int, str, None],
          k: List[int], m: Dict[str, float], n: Literal["x", 1, None], o: Sequence[str], p: Mapping[str, Any],
          q: Colour, r: Level, s: List, t: "int", u: List["int"], v: object, w):
        pass

    assert written(f) == (
        "f(a: int, b: float, c: bool, d: str, e: list, g: dict, h, i: int | None, j: int | str | None, k: list[int], "
        "m: dict[str, float], n: Literal['x', 1, None], o: list[str], p: dict[str, Any], q: Literal['red', 'blue'], "
        "r: Literal[1], s: list, t: int, u: list[int], v, w)")


def test_kinds_of_parameters_and_defaults_are_kept():
    def f(a, b=1, /, c=-0.5, *rest: int, d: str = "it's", e=None, g=(1,), h=[1, {"k": True}], **more: float) -> bool:
        pass

    assert written(f) == ("f(a, b=1, /, c=-0.5, *rest: int, d: str = \"it's\", e=None, g=(1,), h=[1, {'k': True}], "
                          "**more: float) -> bool")

    def g(a, /, *, b):
        pass

    assert written(g) == "g(a, /, *, b)"


def test_a_union_of_python_310_in_a_text_is_understood_by_python_39():
    def f(a: "int | None" = None, b: "list[int | str]" = [], c: "Literal['a|b', 'c']" = "c") -> "dict[str, int] | None":
        pass

    assert written(f) == ("f(a: int | None = None, b: list[int | str] = [], c: Literal['a|b', 'c'] = 'c') "
                          "-> dict[str, int] | None")


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the statement `type` is of Python 3.12")
def test_a_type_alias_is_what_it_stands_for():
    scope = {}
    exec("type Level = int | None\ndef f(a: Level): pass", scope)
    assert written(scope["f"]) == "f(a: int | None)"


def test_what_a_skill_returns_may_be_a_dataclass_or_tuple():
    def f() -> State:
        pass

    def g() -> Tuple[int, str]:
        pass

    assert written(f) == "f() -> dict"
    assert written(g) == "g() -> list"


T = TypeVar("T")


class Pair(NamedTuple):
    a: int


@pytest.mark.parametrize("annotation", [bytes, complex, set, State, T, Dict[int, str], List[bytes], Tuple[int], "Lamp",
                                        "1 +", Pair, type, Literal[b"x"], Optional[State]])
def test_an_annotation_that_cannot_be_expressed_is_refused_by_name(annotation):
    def dim(level):
        pass

    dim.__annotations__["level"] = annotation
    with pytest.raises(SkillDefinitionError, match="parameter 'level' of dim: the annotation .* cannot be expressed"):
        written(dim)
    assert written(dim, lenient=True) == "dim(level)"


@pytest.mark.parametrize("default", [float("nan"), float("inf"), object(), b"x", {1: 2}, "\ud800", {"a": {1}}])
def test_a_default_that_cannot_be_expressed_is_refused_by_name(default):
    def dim(level=default):
        pass

    with pytest.raises(SkillDefinitionError, match="parameter 'level' of dim: the default .* cannot be expressed"):
        written(dim)
    assert written(dim, lenient=True) == "dim(level=...)"


def test_a_return_that_cannot_be_sent_is_refused():
    def f() -> bytes:
        pass

    with pytest.raises(SkillDefinitionError, match="f returns bytes, which cannot be sent"):
        written(f)


def test_a_signature_has_limits():
    scope = {}
    exec(f"def many({', '.join(f'a{i}' for i in range(32))}): pass", scope)
    exec(f"def too_many({', '.join(f'a{i}' for i in range(33))}): pass", scope)
    written(scope["many"])
    with pytest.raises(SkillDefinitionError, match="33 parameters"):
        written(scope["too_many"])

    def long(a="x" * 2038):
        pass

    assert len(written(long)) == 2048

    def too_long(a="x" * 2035):
        pass

    with pytest.raises(SkillDefinitionError, match="more than 2048 bytes"):
        written(too_long)


def test_what_has_no_signature_is_refused():
    with pytest.raises(SkillDefinitionError, match="has no signature"):
        describe(max, "max")


def test_a_wrapped_function_has_the_signature_of_what_it_wraps():
    def f(a: int) -> int:
        return a

    @functools.wraps(f)
    def wrapper(*args, **kwargs):
        return f(*args, **kwargs)

    assert written(wrapper) == "f(a: int) -> int"


def test_arguments_are_bound_as_python_binds_them():
    def f(a, b=2, *rest, c, **more):
        pass

    assert bind(f, 1, c=3) == ((1,), {"c": 3})
    assert bind(f, 1, 5, 6, c=3, d=4) == ((1, 5, 6), {"c": 3, "d": 4})
    for args, kwargs, words in [((), {"c": 1}, "missing a required argument: 'a'"),
                                ((1,), {}, "missing a required.*argument: 'c'"),
                                ((1,), {"a": 2, "c": 1}, "multiple values for argument 'a'")]:
        with pytest.raises(BadArguments, match=words):
            bind(f, *args, **kwargs)

    def g(a, /):
        pass

    with pytest.raises(BadArguments, match="too many positional"):
        bind(g, 1, 2)
    with pytest.raises(BadArguments):
        bind(g, a=1)


@pytest.mark.parametrize("annotation, good, bad", [
    (int, [0, -5, 2**70], [True, 1.5, "1", None, [], 1e300]),
    (float, [1.5, 2], [True, "1", None]),
    (bool, [True, False], [0, 1, "true", None]),
    (str, ["", "x"], [1, None, ["x"]]),
    (list, [[], [1, "x"]], ["x", {}, None]),
    (List[int], [[], [1]], [["x"], [True], {}]),
    (dict, [{}, {"a": 1}], [[], None]),
    (Dict[str, int], [{}, {"a": 1}], [{"a": "x"}]),
    (Optional[int], [None, 1], ["x"]),
    (Union[int, List[str]], [1, ["x"]], [[1], "x"]),
    (Literal["a", 1], ["a", 1], ["b", True, 2, 1.0, None]),
    (Any, [None, 1, "x", [], {}], []),
])
def test_arguments_are_checked_against_their_annotations(annotation, good, bad):
    def f(a):
        pass

    f.__annotations__["a"] = annotation
    for value in good:
        assert bind(f, value) == ((value,), {})
    for value in bad:
        with pytest.raises(BadArguments, match="the argument a"):
            bind(f, value)


def test_a_whole_number_written_with_a_fraction_becomes_an_int():
    def f(a: int, b: float, c: "int | float"):
        pass

    (a, b, c), _ = bind(f, 5.0, 5, 5.0)
    assert (type(a), type(b), type(c)) == (int, int, float)


def test_a_value_of_an_enum_becomes_its_member():
    def f(colour: Colour, level: Level = Level.LOW):
        pass

    assert written(f) == "f(colour: Literal['red', 'blue'], level: Literal[1] = 1)"
    assert bind(f, "red") == ((Colour.RED,), {})
    with pytest.raises(BadArguments, match="must be 'red' or 'blue' and is text"):
        bind(f, "green")


def test_a_misfit_names_the_place_inside():
    def f(a: Dict[str, List[int]], *rest: int, **more: int):
        pass

    with pytest.raises(BadArguments, match=r"the argument a/x~1y/1 must be a whole number and is text"):
        bind(f, {"x/y": [1, "2"]})
    with pytest.raises(BadArguments, match="the argument rest"):
        bind(f, {}, 1, "x")
    with pytest.raises(BadArguments, match="the argument b"):
        bind(f, {}, b="x")


def test_a_default_of_another_type_may_be_given():
    def f(volume: int = None):
        pass

    assert bind(f, None) == ((None,), {})
    with pytest.raises(BadArguments):
        bind(f, "x")
