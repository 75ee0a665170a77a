#!/usr/bin/env python3
"""Compares signatures.json with Python itself.

Each entry is a signature, whether the hub takes it, and the JSON Schema it then gives. Python must think the same of it,
and see the same parameters, defaults and literals. `python` says what Python thinks where the hub may differ, `why` the
reason, also for another schema; `printed` marks what inspect.signature prints and Python does not read. What
inspect.signature prints of the functions below must be among those that are taken.

    check_signatures.py signatures.json
    check_signatures.py --printed         what inspect.signature prints
"""
import ast
import collections.abc
import enum
import inspect
import json
import math
import pathlib
import re
import sys
import typing
import warnings

T = typing.TypeVar("T")
Color = enum.Enum("Color", "RED")


class Thing:
    pass


def printed_1(a: typing.Optional[int] = None, *args: str, b: "list[int]" = (), **kwargs: T) -> typing.List[T]: ...
def printed_2(a=object(), b: Color = Color.RED, c=lambda x, y=1: x, d: Thing = Thing()): ...
def printed_3(a: list[int] | None = None, /, b: typing.Literal["a'b", 'c"d', "\\", "\n"] = "a'b", *, c: float = 1e300): ...
def printed_4(a: collections.abc.Callable[..., int] = print, b: typing.Callable[[int], str] = str) -> None: ...
def printed_5(größe: float = math.inf, b: bytes = b"\xff'", c: complex = 1 + 2j, d=..., e=NotImplemented): ...
def printed_6(a: typing.Annotated[int, "from 0 to 100"] = 5, b: typing.Union[int, str, None] = "x", c: type = int): ...
def printed_7(a={"k": [1, (2,), {3}]}, b="it's", c='"', d="'\"", e="\t\x00\u00e4\U0001f600\ud800"): ...
def printed_8(a: typing.Tuple[int, ...] = (1,), b: dict[str, typing.Any] = {}, c=frozenset({1}), d=sys.stdout): ...


def local():
    class Inner:
        pass

    def printed_9(a: Inner = None, b: list[Inner] = []) -> Inner: ...

    return printed_9


def printed():
    """Signatures as a Spoke registers them (examples/spoke.py), always at the same addresses."""
    functions = [function for name, function in globals().items() if name.startswith("printed_")] + [local()]
    for function in functions:
        text = function.__name__ + str(inspect.signature(function))
        yield re.sub(r"0x[0-9a-f]+>", "0x7f1c2a3b4c50>", text)


def thinks(signature):
    """What Python thinks of it: whether it is one."""
    try:
        compile(f"def {signature}: pass", "signature", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


class NoJson(Exception):
    pass


def to_json(value):
    """A Python value as JSON has it; NoJson when JSON has none such."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        if any("\ud800" <= letter <= "\udfff" for letter in value):
            raise NoJson
        return value
    if isinstance(value, int) and -(2**63) <= value < 2**64:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {to_json(key): to_json(item) for key, item in value.items()}
    raise NoJson


def literal(node):
    try:
        return to_json(ast.literal_eval(node))
    except (ValueError, TypeError, SyntaxError) as problem:
        raise NoJson from problem


def literals_of(annotation):
    """What a whole `Literal[…]` allows; NoJson when it is none."""
    if not isinstance(annotation, ast.Subscript) or not ast.unparse(annotation.value).endswith("Literal"):
        raise NoJson
    chosen = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
    values = []
    for node in chosen:
        values += literals_of(node) if isinstance(node, ast.Subscript) else [literal(node)]
    return values


def same(a, b):
    """Equal, and of one type: 1, 1.0 and True are three values."""
    return json.dumps(a) == json.dumps(b)


def differences(signature, schema):
    arguments = ast.parse(f"def {signature}: pass").body[0].args
    by_position = arguments.posonlyargs + arguments.args
    defaults = [None] * (len(by_position) - len(arguments.defaults)) + arguments.defaults
    pairs = list(zip(by_position, defaults)) + list(zip(arguments.kwonlyargs, arguments.kw_defaults))
    names = [argument.arg for argument, _ in pairs] + ([arguments.vararg.arg] if arguments.vararg else [])
    if sorted(names) != sorted(schema["properties"]):
        yield f"the parameters are {names}"
    required = [argument.arg for argument, default in pairs if default is None]
    if required != schema["required"]:
        yield f"required are {required}"
    if schema["additionalProperties"] is not (arguments.kwarg is not None):
        yield "additionalProperties"
    for argument, default in pairs:
        said = schema["properties"].get(argument.arg, {})
        try:
            wanted = {"default": literal(default)} if default is not None else {}
        except NoJson:
            wanted = {}
        if not same({key: said[key] for key in said if key == "default"}, wanted):
            yield f"{argument.arg}: the default is {wanted}"
        try:
            wanted = literals_of(argument.annotation)
        except NoJson:
            continue
        if not same(said.get("enum"), wanted):
            yield f"{argument.arg}: the literals are {wanted}"


def main():
    warnings.simplefilter("ignore")  # '\d', 1if x else 2
    if sys.argv[1] == "--printed":
        print("\n".join(printed()))
        return 0
    corpus = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    problems = []
    for entry in corpus:
        signature = entry["signature"]
        if entry.get("printed"):
            if thinks(signature):
                problems.append(f"{signature!r}: Python reads it after all")
            continue
        wanted = entry.get("python", entry["accepted"])
        if thinks(signature) != wanted:
            problems.append(f"{signature!r}: Python {'refuses' if wanted else 'takes'} it")
        elif entry["accepted"] and "why" not in entry:
            problems += [f"{signature!r}: for Python {text}" for text in differences(signature, entry["schema"])]
    taken = {entry["signature"] for entry in corpus if entry["accepted"]}
    problems += [f"{signature!r} is not among those that are taken" for signature in printed() if signature not in taken]
    if len(corpus) < 80:
        problems.append(f"only {len(corpus)} signatures")
    print("\n".join(problems) or f"{len(corpus)} signatures, as Python has them")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
