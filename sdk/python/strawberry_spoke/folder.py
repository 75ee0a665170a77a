"""A folder of skills in the layout of the Python hub's Spokes: the public methods of each class `SomethingSkill` are
skills.

    skills/lamp_skill/skill.py      a folder with skill.py, FOLDER.py, main.py or __init__.py, which may import its
                                    neighbours (`from . import helpers`)
    skills/clock.py                 or a file

A class is made without arguments (`settings_manager=None` is passed where it has such a parameter); `device_agnostic
= True` and `confirm = True` in the class hold for its methods, and @skill where it stands. Names that begin with `_`
are skipped. A parameter whose annotation the hub cannot express accepts anything.
Threading: one thread.   Errors: none raised for the folder's contents: each broken file and class is in `failures`, by
name, and the rest loads.   Bounds: FILES_MAX; the hub's for skills.
"""

from __future__ import annotations

import importlib.util
import inspect
import logging
import sys
import types
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

from .credentials import PathLike
from .errors import ConfigError, SkillDefinitionError, one_line
from .skill import Skill, SkillTable, collect

log = logging.getLogger("strawberry_spoke")
FILES_MAX = 500
_ROOT = "strawberry_skills"


@dataclass
class LoadedFolder:
    skills: list[Skill] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)  # key: file, or file and class; value: the reason


def load_folder(folder: PathLike) -> LoadedFolder:
    """Imports the files, with the permissions of this program, like any import."""
    path = Path(folder)
    if not path.is_dir():
        raise ConfigError(f"there is no folder {path}")
    loaded = LoadedFolder()
    table = SkillTable()
    files = sorted(path.iterdir())
    if len(files) > FILES_MAX:
        raise ConfigError(f"too many files in {path}: {len(files)} (at most {FILES_MAX})")
    for file in files:
        entry = _entry(file)
        if entry is not None:
            _load(file, entry, loaded, table)
    for name, why in loaded.failures.items():
        log.error("%s: not loaded: %s", name, why)
    return loaded


def _entry(file: Path) -> Optional[Path]:
    if file.name.startswith((".", "_")):
        return None
    if file.is_dir():
        names = ("skill.py", f"{file.name}.py", "main.py", "__init__.py")
        return next((file / name for name in names if (file / name).is_file()), None)
    return file if file.suffix == ".py" else None


def _load(file: Path, entry: Path, loaded: LoadedFolder, table: SkillTable) -> None:
    name = str(entry.relative_to(file.parent))
    try:
        module = _import(file, entry)
        waiter = getattr(module, "wait_for_discovery", None)  # for classes that are made while it loads
        if callable(waiter):
            waiter()
    except BaseException as error:  # a SyntaxError, an exit() in it: the others load
        if isinstance(error, KeyboardInterrupt):
            raise
        loaded.failures[name] = one_line(error)
        return
    for class_name, owner in list(vars(module).items()):
        is_own = inspect.isclass(owner) and owner.__module__ == module.__name__
        if is_own and class_name.endswith("Skill") and not class_name.startswith("_"):
            try:
                skills = collect(_make(owner), lenient=True)
                table.add(skills)
                loaded.skills.extend(skills)
            except Exception as error:
                if not _is_empty(owner):
                    words = str(error) if isinstance(error, SkillDefinitionError) else one_line(error)
                    loaded.failures[f"{name}: {class_name}"] = words


def _is_empty(owner: type) -> bool:
    return not any(not name.startswith("_") for name, member in inspect.getmembers(owner, inspect.isroutine))


def _make(owner: Any) -> Any:
    parameters = inspect.signature(owner).parameters
    return owner(settings_manager=None) if "settings_manager" in parameters else owner()


def _import(file: Path, entry: Path) -> types.ModuleType:
    if _ROOT not in sys.modules:
        root = types.ModuleType(_ROOT)
        root.__path__ = []
        sys.modules[_ROOT] = root
    name = f"{_ROOT}.{file.stem if file.is_file() else file.name}".replace("-", "_").replace(" ", "_")
    within = [str(file)] if file.is_dir() else None
    spec = importlib.util.spec_from_file_location(name, entry, submodule_search_locations=within)
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot import {entry}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module
