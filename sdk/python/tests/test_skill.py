"""The decorator, and what becomes of functions, objects and classes."""

import asyncio
import functools

import pytest
from strawberry_spoke import SkillDefinitionError, skill
from strawberry_spoke.skill import SkillTable, collect


def paths(source, **options):
    return [each.path for each in collect(source, **options)]


def test_a_function_is_a_skill_of_the_default_class_unless_it_says_another():
    @skill
    def plain(a: int = 1) -> int:
        """Does it.

        More words.
        """
        return a

    @skill(class_name="LampSkill", confirm=True, device_agnostic=True)
    def named():
        pass

    assert plain(3) == 3, "it stays a function"
    (one,) = collect(plain)
    assert one.registration() == {"class_name": "PythonSkill", "function_name": "plain",
                                  "signature": "plain(a: int = 1) -> int", "docstring": "Does it.\n\nMore words."}
    (two,) = collect(named)
    assert two.registration() == {"class_name": "LampSkill", "function_name": "named", "signature": "named()",
                                  "docstring": "", "confirm": True, "device_agnostic": True}
    assert paths(plain, class_name="Other") == ["Other.plain"]


def test_an_object_offers_its_marked_methods():
    class Lamp:
        @skill
        def on(self, level: int = 1):
            return level

        @skill
        @staticmethod
        def version() -> str:
            return "1"

        @skill
        @classmethod
        def make(cls) -> str:
            return cls.__name__

        @skill
        async def later(self):
            return 1

        def helper(self):
            pass

    found = collect(Lamp())
    assert [each.signature for each in found] == ["on(level: int = 1)", "version() -> str", "make() -> str", "later()"]
    assert [each.is_async for each in found] == [False, False, False, True]
    assert found[0].function(5) == 5
    assert found[2].function() == "Lamp"
    assert paths(Lamp) == paths(Lamp()), "a class is made"


def test_a_marked_class_offers_all_public_methods_and_those_it_inherits():
    class Base:
        def ping(self):
            pass

        def gone(self):
            pass

    @skill(confirm=True)
    class Door(Base):
        gone = None

        def open(self):
            pass

        @skill
        def bell(self):
            pass

        def _private(self):
            pass

    assert paths(Door) == ["Door.ping", "Door.open", "Door.bell"]
    assert [each.options.confirm for each in collect(Door)] == [True, True, False]


def test_a_class_named_skill_needs_no_mark_and_may_say_more_in_attributes():
    class CalculatorSkill:
        device_agnostic = True

        def add(self, a: float, b: float) -> float:
            return a + b

    (add,) = collect(CalculatorSkill)
    assert add.path == "CalculatorSkill.add" and add.options.device_agnostic

    class Calculator:
        def add(self):
            pass

    with pytest.raises(SkillDefinitionError, match="Calculator has no skill"):
        collect(Calculator)


def test_what_cannot_be_a_skill_is_refused_at_decoration():
    with pytest.raises(SkillDefinitionError, match="parameter 'data' of send: the annotation bytes"):
        @skill
        def send(data: bytes):
            pass

    with pytest.raises(SkillDefinitionError, match="rows is a generator"):
        @skill
        def rows():
            yield 1

    with pytest.raises(SkillDefinitionError, match="parameter 'x' of on: the annotation set"):
        @skill
        class Lamp:
            def on(self, x: set):
                pass

    with pytest.raises(SkillDefinitionError, match="parameter 'self' of odd"):
        @skill
        def odd(self: bytes):
            pass

    for bad in (5, "text", None and 5, functools.partial(int)):
        with pytest.raises(SkillDefinitionError):
            skill(confirm=False)(bad)
    with pytest.raises(SkillDefinitionError, match="class_name is no Python name: 'a b'"):
        skill(class_name="a b")
    with pytest.raises(SkillDefinitionError, match="timeout_s is out of range"):
        skill(timeout_s=0)


def test_a_method_may_be_decorated_in_the_body_of_its_class():
    class Lamp:
        @skill
        def on(self, level: "int | None" = None):
            pass

        with pytest.raises(SkillDefinitionError):
            @skill
            def off(self, level: bytes):
                pass

    assert collect(Lamp())[0].signature == "on(level: int | None = None)"


def test_a_class_that_cannot_be_made_is_named():
    class LampSkill:
        def __init__(self, port):
            pass

        def on(self):
            pass

    with pytest.raises(SkillDefinitionError, match="LampSkill cannot be made: TypeError"):
        collect(LampSkill)


def test_a_table_refuses_two_of_one_name_and_more_than_a_device_has():
    @skill
    def f():
        pass

    table = SkillTable(collect(f))
    with pytest.raises(SkillDefinitionError, match="two skills have one name: PythonSkill.f"):
        table.add(collect(f))
    table.add(skill_ for number in range(499) for skill_ in collect(f, class_name=f"C{number}"))
    assert len(table) == 500
    with pytest.raises(SkillDefinitionError, match="too many skills: 501"):
        table.add(collect(f, class_name="Last"))
    assert len(table) == 500


def test_a_docstring_is_cut_where_the_hub_would_refuse_it():
    def f():
        pass

    f.__doc__ = "x" * 20000
    assert len(collect(f)[0].docstring) == 16384


def test_a_callable_object_is_no_function():
    class Callable:
        def __call__(self):
            pass

    with pytest.raises(SkillDefinitionError):
        collect(Callable())


def test_an_async_function_is_known_as_such():
    @skill
    async def f() -> int:
        return 5

    (one,) = collect(f)
    assert one.is_async and asyncio.run(one.function()) == 5
