"""The signature of a function, by introspection: as text for the hub, and as a binder that checks a call.

Pure, any thread.   Errors: SkillDefinitionError from describe(), naming the function, the parameter and what to do;
BadArguments from Binder.bind(), with Python's own words where Python has some.
Bounds: SIGNATURE_BYTES_MAX, PARAMETERS_MAX.
"""

from __future__ import annotations

import ast
import enum
import inspect
import math
import typing
from collections.abc import Mapping, Sequence
from typing import Any, Callable, Optional

from . import limits
from .errors import SkillDefinitionError, printable
from .shapes import Misfit, Shape, Unknown, shape_of

Parameter = inspect.Parameter


class BadArguments(Exception):
    """A call does not fit the signature."""


class Binder:
    """Binds arguments as Python does, then checks each against its annotation."""

    def __init__(self, signature: inspect.Signature, shapes: dict[str, Shape]):
        self._signature = signature
        self._shapes = shapes

    def bind(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        try:
            bound = self._signature.bind(*args, **kwargs)
        except TypeError as error:
            raise BadArguments(printable(str(error), 300)) from None
        for name, value in bound.arguments.items():
            parameter = self._signature.parameters[name]
            shape = self._shapes[name]
            if parameter.kind is Parameter.VAR_POSITIONAL:
                bound.arguments[name] = tuple(_checked(shape, each, name) for each in value)
            elif parameter.kind is Parameter.VAR_KEYWORD:
                bound.arguments[name] = {key: _checked(shape, each, key) for key, each in value.items()}
            elif not _is_default(parameter.default, value):  # `volume: int = None` also allows None
                bound.arguments[name] = _checked(shape, value, name)
        return bound.args, bound.kwargs


def _is_default(default: Any, value: Any) -> bool:
    return type(default) is type(value) and bool(default == value)


def _checked(shape: Shape, value: Any, name: str) -> Any:
    try:
        return shape.fit(value)
    except Misfit as misfit:
        raise BadArguments(misfit.words(printable(name, 100))) from None


def describe(function: Callable[..., Any], name: str, skip: int = 0, lenient: bool = False) -> tuple[str, Binder]:
    """The signature of `function` under `name`, without its first `skip` parameters (`self`).

    `lenient`: what cannot be expressed takes anything, and is not refused.
    """
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError) as error:
        raise SkillDefinitionError(f"{name} has no signature: {error} (write a function around it)") from None
    parameters = list(signature.parameters.values())[skip:]
    if len(parameters) > limits.PARAMETERS_MAX:
        raise SkillDefinitionError(f"{name} has {len(parameters)} parameters (at most {limits.PARAMETERS_MAX})")
    scope = _Scope(function)
    shapes: dict[str, Shape] = {}
    written: list[str] = []
    for parameter in parameters:
        what = f"parameter {parameter.name!r} of {name}"
        shapes[parameter.name] = _shape(parameter.annotation, what, scope, lenient)
        written.append(_write(parameter, shapes[parameter.name], what, lenient))
    text = f"{name}({', '.join(_with_marks(parameters, written))}){_returns(signature, name, scope, lenient)}"
    if len(text.encode("utf-8", "replace")) > limits.SIGNATURE_BYTES_MAX:
        raise SkillDefinitionError(
            f"the signature of {name} has more than {limits.SIGNATURE_BYTES_MAX} bytes (shorten its types or defaults)")
    bare = [parameter.replace(annotation=Parameter.empty) for parameter in parameters]
    return text, Binder(inspect.Signature(bare), shapes)


def _shape(annotation: Any, what: str, scope: _Scope, lenient: bool) -> Shape:
    if annotation is Parameter.empty:
        return Shape()
    try:
        return shape_of(scope.resolve(annotation))
    except Unknown as error:
        if lenient:
            return Shape()
        raise SkillDefinitionError(
            f"{what}: the annotation {_name_of(annotation)} cannot be expressed ({error})") from None


def _name_of(annotation: Any) -> str:
    if isinstance(annotation, type) and typing.get_origin(annotation) is None:
        return annotation.__name__
    return printable(str(annotation).replace("typing.", ""), 100)


def _write(parameter: inspect.Parameter, shape: Shape, what: str, lenient: bool) -> str:
    stars = "*" if parameter.kind is Parameter.VAR_POSITIONAL else ""
    stars = "**" if parameter.kind is Parameter.VAR_KEYWORD else stars
    # A parameter without annotation gets none: the hub accepts anything for it, like Python.
    is_typed = type(shape) is not Shape
    text = f"{stars}{parameter.name}{': ' + shape.text if is_typed else ''}"
    if parameter.default is Parameter.empty:
        return text
    try:
        default = _literal(parameter.default, 0)
    except Unknown as error:
        if not lenient:
            raise SkillDefinitionError(f"{what}: the default {printable(repr(parameter.default), 60)} cannot be "
                                       f"expressed ({error})") from None
        default = "..."
    return f"{text} = {default}" if is_typed else f"{text}={default}"


def _with_marks(parameters: Sequence[inspect.Parameter], written: Sequence[str]) -> list[str]:
    """Adds the `/` and `*` that separate the kinds of parameters."""
    marked: list[str] = []
    has_star = False
    for index, (parameter, text) in enumerate(zip(parameters, written)):
        if parameter.kind is Parameter.VAR_POSITIONAL:
            has_star = True
        if parameter.kind is Parameter.KEYWORD_ONLY and not has_star:
            marked.append("*")
            has_star = True
        marked.append(text)
        is_last = index + 1 == len(parameters) or parameters[index + 1].kind is not Parameter.POSITIONAL_ONLY
        if parameter.kind is Parameter.POSITIONAL_ONLY and is_last:
            marked.append("/")
    return marked


def _returns(signature: inspect.Signature, name: str, scope: _Scope, lenient: bool) -> str:
    annotation = signature.return_annotation
    if annotation is inspect.Signature.empty:
        return ""
    resolved = None
    try:
        resolved = scope.resolve(annotation)
        return f" -> {shape_of(resolved).text}"
    except Unknown as error:
        if hasattr(resolved, "__dataclass_fields__"):
            return " -> dict"
        if typing.get_origin(resolved) is tuple or resolved is tuple:
            return " -> list"
        if lenient:
            return ""
        raise SkillDefinitionError(
            f"{name} returns {_name_of(annotation)}, which cannot be sent ({error}, or a dataclass)") from None


def _literal(value: Any, depth: int) -> str:
    """Returns a default in the form that Python and the hub read."""
    if depth > 8:
        raise Unknown("it is nested too deeply")
    if isinstance(value, enum.Enum):
        value = value.value
    if value is None or type(value) in (bool, int):
        return repr(value)
    if type(value) is float:
        if not math.isfinite(value):
            raise Unknown("JSON has no such number; use None")
        return repr(value)
    if type(value) is str:
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise Unknown("it is no Unicode") from None
        return repr(value)
    if type(value) is list:
        return f"[{', '.join(_literal(each, depth + 1) for each in value)}]"
    if type(value) is tuple:
        inner = ", ".join(_literal(each, depth + 1) for each in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if type(value) is dict and all(type(key) is str for key in value):
        return "{" + ", ".join(f"{key!r}: {_literal(each, depth + 1)}" for key, each in value.items()) + "}"
    raise Unknown("use None, bool, int, float, str, list or dict")


class _Scope:
    """The namespace for annotations that are texts."""

    def __init__(self, function: Callable[..., Any]):
        inner = inspect.unwrap(function)
        inner = getattr(inner, "__func__", inner)
        self._globals: dict[str, Any] = dict(vars(typing))
        self._globals.update(getattr(inner, "__globals__", {}))
        closure = getattr(inner, "__closure__", None) or ()
        names = getattr(getattr(inner, "__code__", None), "co_freevars", ())
        for name, cell in zip(names, closure):
            try:
                self._globals[name] = cell.cell_contents
            except ValueError:  # not bound yet
                pass

    def resolve(self, annotation: Any) -> Any:
        """Evaluates annotations that are texts. `int | None` means a union on Python 3.9, too."""
        if isinstance(annotation, typing.ForwardRef):
            annotation = annotation.__forward_arg__
        if not isinstance(annotation, str):
            return self._resolve_inside(annotation)
        try:
            tree = ast.parse(annotation.strip(), mode="eval")
            code = compile(ast.fix_missing_locations(_Unions().visit(tree)), "<annotation>", "eval")
            # In the module's namespace, like typing.get_type_hints.
            found = eval(code, {**self._globals, "__strawberry_union": typing.Union})
        except Exception as error:
            raise Unknown(f"it is not known here: {printable(str(error), 100)}") from None
        return self._resolve_inside(found)

    def _resolve_inside(self, annotation: Any) -> Any:
        """Texts inside of it: `List["int"]`."""
        arguments = typing.get_args(annotation)
        if not arguments or typing.get_origin(annotation) is typing.Literal:
            return annotation
        if not any(isinstance(each, (typing.ForwardRef, str)) for each in arguments):
            return annotation
        resolved = tuple(self.resolve(each) if isinstance(each, (typing.ForwardRef, str)) else each
                         for each in arguments)
        if hasattr(annotation, "copy_with"):
            return annotation.copy_with(resolved)
        origin: Optional[Any] = typing.get_origin(annotation)
        return origin[resolved] if origin is not None else annotation


class _Unions(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> Any:
        self.generic_visit(node)
        if not isinstance(node.op, ast.BitOr):
            return node
        both: Any = ast.Tuple(elts=[node.left, node.right], ctx=ast.Load())
        return ast.Subscript(value=ast.Name(id="__strawberry_union", ctx=ast.Load()), slice=both, ctx=ast.Load())

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        # The contents of Literal[...] are not types.
        name = node.value
        word = name.id if isinstance(name, ast.Name) else name.attr if isinstance(name, ast.Attribute) else ""
        return node if word == "Literal" else self.generic_visit(node)
