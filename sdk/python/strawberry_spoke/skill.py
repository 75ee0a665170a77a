"""`@skill`, and the skills made from functions, objects and classes that have it.

    @skill
    def turn_on(brightness: int = 100) -> str:
        \"\"\"Turn the lamp on.\"\"\"

    class LampSkill:
        @skill(confirm=True)
        def unlock(self) -> None: ...

    @skill                      # all public methods
    class ClockSkill: ...

Threading: any.   Errors: SkillDefinitionError at decoration, so that no program starts with an invalid skill.
Bounds: the hub's for names, docstrings and signatures (limits.py); a longer docstring is cut.
"""

from __future__ import annotations

import inspect
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Callable, Optional, TypeVar, Union, overload

from . import limits
from .errors import SkillDefinitionError
from .json_text import whole_text
from .signature import Binder, describe

T = TypeVar("T", bound=Union[Callable[..., Any], type])
_MARK = "__strawberry_skill__"
CLASS_NAME_DEFAULT = "PythonSkill"


@dataclass(frozen=True)
class SkillOptions:
    class_name: Optional[str] = None
    confirm: bool = False
    device_agnostic: bool = False
    timeout_s: Optional[float] = None


@dataclass(frozen=True)
class Skill:
    """One function that can be called by the hub."""

    class_name: str
    function_name: str
    signature: str
    docstring: str
    options: SkillOptions
    function: Callable[..., Any]
    is_async: bool
    binder: Binder

    @property
    def path(self) -> str:
        return f"{self.class_name}.{self.function_name}"

    def registration(self) -> dict[str, Any]:
        said: dict[str, Any] = {"class_name": self.class_name, "function_name": self.function_name,
                                "signature": self.signature, "docstring": self.docstring}
        if self.options.confirm:
            said["confirm"] = True
        if self.options.device_agnostic:
            said["device_agnostic"] = True
        return said


@overload
def skill(target: T) -> T: ...
@overload
def skill(*, class_name: Optional[str] = None, confirm: bool = False, device_agnostic: bool = False,
          timeout_s: Optional[float] = None) -> Callable[[T], T]: ...
def skill(target: Any = None, *, class_name: Optional[str] = None, confirm: bool = False,
          device_agnostic: bool = False, timeout_s: Optional[float] = None) -> Any:
    """Marks a function, a method or a class (then all its public methods).

    class_name: the skill's class; for a method, and unless said, the name of its class.
    confirm: the user is asked before a model's call runs.
    device_agnostic: any device that offers it will do.
    timeout_s: a call that takes longer is answered as failed; never longer than its caller waits.
    """
    options = SkillOptions(class_name, confirm, device_agnostic, timeout_s)
    if class_name is not None:
        check_name(class_name, "class_name")
    if timeout_s is not None and not 0 < timeout_s <= limits.TIMEOUT_MS_MAX / 1000:
        raise SkillDefinitionError(f"timeout_s is out of range: {timeout_s} (0 to {limits.TIMEOUT_MS_MAX // 1000})")

    def mark(marked: Any) -> Any:
        if inspect.isclass(marked):
            for name, member in public_methods(marked):
                _check_method(marked, name, member)
        elif callable(marked) or isinstance(marked, (staticmethod, classmethod)):
            _check_function(marked)
        else:
            raise SkillDefinitionError(f"{type(marked).__name__} cannot be a skill (decorate a function or a class)")
        setattr(_inner(marked), _MARK, options)
        return marked

    return mark if target is None else mark(target)


def options_of(marked: Any) -> Optional[SkillOptions]:
    inner = _inner(marked)
    found = vars(inner).get(_MARK) if inspect.isclass(inner) else getattr(inner, _MARK, None)
    return found if isinstance(found, SkillOptions) else None


def _inner(marked: Any) -> Any:
    """A bound method, a staticmethod and a classmethod keep their attributes in the function."""
    return marked if inspect.isclass(marked) else getattr(marked, "__func__", marked)


def check_name(name: str, what: str) -> str:
    name = unicodedata.normalize("NFKC", name)
    if not name.isidentifier() or len(name) > limits.NAME_CHARACTERS_MAX:
        raise SkillDefinitionError(f"{what} is no Python name: {name[:60]!r} (letters, digits and _, at most "
                                   f"{limits.NAME_CHARACTERS_MAX})")
    return name


def public_methods(owner: type) -> list[Any]:
    """Names and members of a class and what it inherits, in the order of their definition, without `_names`."""
    found: dict[str, Any] = {}
    for ancestor in reversed(owner.__mro__[:-1]):  # without object
        for name, member in vars(ancestor).items():
            if name.startswith("_"):
                continue
            if inspect.isfunction(member) or isinstance(member, (staticmethod, classmethod)):
                found[name] = member
            else:
                found.pop(name, None)  # replaced by a subclass
    return list(found.items())


def _check_method(owner: type, name: str, member: Any) -> None:
    skip = 0 if isinstance(member, (staticmethod, classmethod)) else 1
    function = member.__get__(None, owner) if skip == 0 else member
    _refuse_generators(function, name)
    describe(function, check_name(name, "the name of a skill"), skip)


def _check_function(function: Any) -> None:
    inner = _inner(function)
    name = getattr(inner, "__name__", None)
    if name is None:
        raise SkillDefinitionError(f"{type(inner).__name__} has no name (decorate a function)")
    _refuse_generators(inner, name)
    describe(inner, check_name(name, "the name of a skill"), _self_of(function, inner))


def _self_of(function: Any, inner: Any) -> int:
    """Returns 1 for a method in the body of a class, which still has its `self`."""
    if isinstance(function, staticmethod) or inspect.ismethod(function):
        return 0
    if isinstance(function, classmethod):
        return 1
    scope = getattr(inner, "__qualname__", "").rpartition(".")[0]
    if not scope or scope.endswith("<locals>"):
        return 0
    first = next(iter(inspect.signature(inner).parameters.values()), None)
    return 1 if first is not None and first.name in ("self", "cls", "_") else 0


def _refuse_generators(function: Any, name: str) -> None:
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise SkillDefinitionError(f"{name} is a generator (return a list)")


def make_skill(function: Callable[..., Any], name: str, class_name: str, options: SkillOptions,
               lenient: bool = False) -> Skill:
    """For a function whose `self` is bound."""
    _refuse_generators(function, name)
    name = check_name(name, "the name of a skill")
    signature, binder = describe(function, name, 0, lenient)
    docstring = whole_text(inspect.getdoc(function) or "")[: limits.DOCSTRING_CHARACTERS_MAX]
    return Skill(check_name(class_name, "class_name"), name, signature, docstring, options, function,
                 inspect.iscoroutinefunction(function), binder)


def collect(source: Any, class_name: Optional[str] = None, lenient: bool = False) -> list[Skill]:
    """The skills of a function, an object, or a class, of which an object is made.

    An object offers its methods marked with @skill; all public ones if its class is marked, or named `…Skill`.
    """
    if inspect.isclass(source):
        try:
            source = source()
        except Exception as error:
            raise SkillDefinitionError(f"{source.__name__} cannot be made: {type(error).__name__}: {error} "
                                       f"(give an object of it)") from error
    if inspect.isroutine(source):
        options = options_of(source) or SkillOptions()
        owner = getattr(source, "__self__", None)
        default = type(owner).__name__ if owner is not None and not inspect.ismodule(owner) else CLASS_NAME_DEFAULT
        return [make_skill(source, source.__name__, options.class_name or class_name or default, options, lenient)]
    return _collect_object(source, class_name, lenient)


def _collect_object(source: Any, class_name: Optional[str], lenient: bool) -> list[Skill]:
    owner = type(source)
    of_class = options_of(owner)
    methods = public_methods(owner)
    marked = [(name, options_of(member)) for name, member in methods]
    takes_all = of_class is not None or owner.__name__.endswith("Skill")
    default = of_class or SkillOptions(confirm=getattr(owner, "confirm", None) is True,
                                       device_agnostic=getattr(owner, "device_agnostic", None) is True)
    chosen = [(name, own or default) for name, own in marked if own or takes_all]
    if not chosen:
        raise SkillDefinitionError(f"{owner.__name__} has no skill (mark its methods, or the class, with @skill)")
    name_of_class = class_name or default.class_name or owner.__name__
    return [make_skill(getattr(source, name), name, options.class_name or name_of_class, options, lenient)
            for name, options in chosen]


class SkillTable:
    """All skills of a Spoke, by path."""

    def __init__(self, skills: Iterable[Skill] = ()):
        self._skills: dict[str, Skill] = {}
        self.add(skills)

    def add(self, skills: Iterable[Skill]) -> None:
        added = list(skills)
        paths = set(self._skills)
        for each in added:
            if each.path in paths:
                raise SkillDefinitionError(f"two skills have one name: {each.path} (give one of them a class_name)")
            paths.add(each.path)
        if len(paths) > limits.SKILLS_MAX:
            raise SkillDefinitionError(f"too many skills: {len(paths)} (a device has at most {limits.SKILLS_MAX})")
        self._skills.update((each.path, each) for each in added)

    def find(self, path: str) -> Optional[Skill]:
        return self._skills.get(path)

    def registration(self) -> list[dict[str, Any]]:
        return [each.registration() for each in list(self._skills.values())]

    def __len__(self) -> int:
        return len(self._skills)
