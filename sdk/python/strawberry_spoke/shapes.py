"""Types of parameters: the meaning of an annotation, its form in a signature, and whether a value fits it.

The hub checks calls too (docs/contract.md, section 4). They are checked here again since a hub of another version
may not, and since a value must be converted for the skill: `5.0` for `int` is `5`, a member of an Enum is that member.
Pure, any thread.   Errors: Unknown from shape_of, Misfit from fit.   Bounds: NESTING_MAX.
"""

from __future__ import annotations

import collections.abc
import enum
import types
import typing
from collections.abc import Sequence
from typing import Any, Optional

from .errors import printable

NESTING_MAX = 16
_WHOLE_MAX = 2.0**53


class Unknown(Exception):
    """An annotation that cannot be expressed."""


class Misfit(Exception):
    """A value does not fit: `place` is a JSON Pointer below the parameter."""

    def __init__(self, place: str, expected: str, value: Any):
        super().__init__(place, expected)
        self.place = place
        self.expected = expected
        self.value = value

    def words(self, parameter: str) -> str:
        return f"the argument {parameter}{self.place} must be {self.expected} and is {describe(self.value)}"


def describe(value: Any) -> str:
    names = {str: "text", bool: "true or false", int: "a whole number", float: "a number with a fraction",
             list: "an array", dict: "an object", type(None): "null"}
    return names.get(type(value), type(value).__name__)


class Shape:
    """Anything."""

    text = "Any"
    expected = "anything"

    def fit(self, value: Any) -> Any:
        return value


class Simple(Shape):
    _words = {"int": "a whole number", "float": "a number", "str": "text", "bool": "true or false", "None": "null"}

    def __init__(self, name: str):
        self.text = name
        self.expected = self._words[name]

    def fit(self, value: Any) -> Any:
        if self.text == "int":
            if isinstance(value, float) and value.is_integer() and abs(value) <= _WHOLE_MAX:
                return int(value)
            fits = isinstance(value, int) and not isinstance(value, bool)
        elif self.text == "float":
            fits = isinstance(value, (int, float)) and not isinstance(value, bool)
        elif self.text == "str":
            fits = isinstance(value, str)
        elif self.text == "bool":
            fits = isinstance(value, bool)
        else:
            fits = value is None
        if not fits:
            raise Misfit("", self.expected, value)
        return value


class ListOf(Shape):
    expected = "an array"

    def __init__(self, item: Optional[Shape]):
        self.item = item
        self.text = f"list[{item.text}]" if item else "list"

    def fit(self, value: Any) -> Any:
        if not isinstance(value, list):
            raise Misfit("", self.expected, value)
        return value if self.item is None else [_inside(self.item, item, str(i)) for i, item in enumerate(value)]


class DictOf(Shape):
    expected = "an object"

    def __init__(self, item: Optional[Shape]):
        self.item = item
        self.text = f"dict[str, {item.text}]" if item else "dict"

    def fit(self, value: Any) -> Any:
        if not isinstance(value, dict):
            raise Misfit("", self.expected, value)
        return value if self.item is None else {key: _inside(self.item, item, key) for key, item in value.items()}


class Choice(Shape):
    """`Literal`, and an Enum by its values."""

    def __init__(self, values: Sequence[Any], members: Optional[type] = None):
        self.values = list(values)
        self.members = members
        self.text = f"Literal[{', '.join(repr(value) for value in self.values)}]"
        self.expected = printable(" or ".join(repr(value) for value in self.values), 400)

    def fit(self, value: Any) -> Any:
        for known in self.values:
            if type(known) is type(value) and known == value:
                return self.members(value) if self.members else value
        raise Misfit("", self.expected, value)


class AnyOf(Shape):
    def __init__(self, options: list[Shape]):
        self.options = options
        self.text = " | ".join(option.text for option in options)
        self.expected = " or ".join(option.expected for option in options)

    def fit(self, value: Any) -> Any:
        deepest = Misfit("", self.expected, value)
        exact = [option for option in self.options if option.text == type(value).__name__]
        for option in exact + self.options:  # 5.0 for `int | float` stays unchanged
            try:
                return option.fit(value)
            except Misfit as misfit:
                deepest = misfit if misfit.place else deepest
        raise deepest


def _inside(shape: Shape, value: Any, place: str) -> Any:
    try:
        return shape.fit(value)
    except Misfit as misfit:
        step = place.replace("~", "~0").replace("/", "~1")
        raise Misfit(f"/{printable(step, 100)}{misfit.place}", misfit.expected, misfit.value) from None


_SIMPLE = {int: "int", float: "float", str: "str", bool: "bool", None: "None", type(None): "None"}
_ARRAYS = (list, collections.abc.Sequence, collections.abc.MutableSequence, collections.abc.Iterable,
           collections.abc.Collection)
_OBJECTS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)
_UNIONS: tuple[Any, ...] = tuple(u for u in (typing.Union, getattr(types, "UnionType", None)) if u is not None)


def shape_of(annotation: Any, depth: int = 0) -> Shape:
    """Returns the meaning of an evaluated annotation. Raises Unknown."""
    if depth > NESTING_MAX:
        raise Unknown("it is nested too deeply")
    if annotation is Any or annotation is object:
        return Shape()
    if annotation is None or (isinstance(annotation, type) and annotation in _SIMPLE):
        return Simple(_SIMPLE[annotation])
    value = getattr(annotation, "__value__", None)  # `type Level = int`, Python 3.12
    if value is not None and type(annotation).__name__ == "TypeAliasType":
        return shape_of(value, depth + 1)
    origin = typing.get_origin(annotation)
    if origin is None:
        return _plain_class(annotation)
    arguments = typing.get_args(annotation)
    if origin in _UNIONS:
        return AnyOf([shape_of(each, depth + 1) for each in arguments])
    if origin is typing.Literal:
        return Choice([_literal(each) for each in arguments])
    if hasattr(annotation, "__metadata__"):  # Annotated
        return shape_of(arguments[0], depth + 1)
    arguments = tuple(each for each in arguments if not isinstance(each, typing.TypeVar))  # typing.List
    if origin in _ARRAYS:
        return ListOf(shape_of(arguments[0], depth + 1) if arguments else None)
    if origin in _OBJECTS:
        if arguments and arguments[0] not in (str, Any):
            raise Unknown("the keys of a dict are str")
        return DictOf(shape_of(arguments[1], depth + 1) if arguments else None)
    raise Unknown(_ADVICE)


_ADVICE = "use int, float, bool, str, list, dict, Literal, an Enum, Optional or a union of these"


def _plain_class(annotation: Any) -> Shape:
    if annotation in _ARRAYS:
        return ListOf(None)
    if annotation in _OBJECTS or (isinstance(annotation, type) and issubclass(annotation, dict)):
        return DictOf(None)
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        values = [member.value for member in annotation]
        if values and all(type(value) in (str, int) for value in values):
            return Choice(values, annotation)
        raise Unknown("the values of an Enum must be str or int")
    raise Unknown(_ADVICE)


def _literal(value: Any) -> Any:
    if value is None or type(value) in (str, int, bool):
        return value
    raise Unknown("a Literal has str, int, bool or None")
