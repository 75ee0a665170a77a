"""A folder of skills, as Spokes of the Python hub have it: what is broken is named, and the rest loads."""

import pytest
from strawberry_spoke import ConfigError, load_folder
from strawberry_spoke.__main__ import main


def write(folder, **files):
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_py", ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


CALCULATOR = '''
class CalculatorSkill:
    """Basic calculator operations."""

    device_agnostic = True

    def add(self, a: float, b: float) -> float:
        """Add two numbers."""
        return a + b

    def _hidden(self):
        pass


class Helper:
    def no_skill(self):
        pass
'''


def test_each_layout_is_loaded(tmp_path):
    (tmp_path / "calculator").mkdir()
    (tmp_path / "calculator" / "skill.py").write_text(CALCULATOR)
    (tmp_path / "lamp").mkdir()
    (tmp_path / "lamp" / "main.py").write_text("from . import parts\nclass LampSkill:\n  def on(self): return parts.LEVEL")
    (tmp_path / "lamp" / "parts.py").write_text("LEVEL = 7\nclass NotThisSkill:\n  def x(self): pass")
    (tmp_path / "radio").mkdir()
    (tmp_path / "radio" / "radio.py").write_text("class RadioSkill:\n  async def play(self, name: str): pass")
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").write_text("class PackSkill:\n  def open(self): pass")
    (tmp_path / "clock.py").write_text("class ClockSkill:\n  def now(self) -> str: return 'now'")
    (tmp_path / "_legacy").mkdir()
    (tmp_path / "_legacy" / "skill.py").write_text("1/0")
    (tmp_path / "_private.py").write_text("1/0")
    (tmp_path / ".hidden.py").write_text("1/0")
    (tmp_path / "notes.txt").write_text("1/0")
    (tmp_path / "empty").mkdir()
    loaded = load_folder(tmp_path)
    assert loaded.failures == {}
    assert sorted(each.path for each in loaded.skills) == [
        "CalculatorSkill.add", "ClockSkill.now", "LampSkill.on", "PackSkill.open", "RadioSkill.play"]
    by_path = {each.path: each for each in loaded.skills}
    assert by_path["CalculatorSkill.add"].signature == "add(a: float, b: float) -> float"
    assert by_path["CalculatorSkill.add"].options.device_agnostic
    assert by_path["LampSkill.on"].function() == 7


def test_what_is_broken_is_named_and_the_rest_loads(tmp_path, caplog):
    (tmp_path / "syntax.py").write_text("def broken(:\n")
    (tmp_path / "raises.py").write_text("raise ValueError('no key')")
    (tmp_path / "exits.py").write_text("import sys; sys.exit(1)")
    (tmp_path / "imports.py").write_text("import no_such_module_anywhere")
    (tmp_path / "two.py").write_text("class BadSkill:\n  def __init__(self, port): pass\n  def x(self): pass\n"
                                     "class GoodSkill:\n  def x(self): pass\nclass NoneSkill:\n  pass\n")
    (tmp_path / "z_again.py").write_text("class GoodSkill:\n  def x(self): pass\n")
    (tmp_path / "binary.py").write_bytes(b"\xff\x00")
    loaded = load_folder(tmp_path)
    assert [each.path for each in loaded.skills] == ["GoodSkill.x"]
    assert sorted(loaded.failures) == ["binary.py", "exits.py", "imports.py", "raises.py", "syntax.py",
                                       "two.py: BadSkill", "z_again.py: GoodSkill"]
    assert "raises.py: not loaded: ValueError: no key" in caplog.text
    assert "two skills have one name: GoodSkill.x" in loaded.failures["z_again.py: GoodSkill"]


def test_what_an_annotation_cannot_say_takes_anything(tmp_path):
    (tmp_path / "odd.py").write_text("import datetime\nclass OddSkill:\n"
                                     "  def at(self, when: datetime.datetime, data: bytes = b'') -> datetime.date: pass\n"
                                     "  def __init__(self, settings_manager): self.settings = settings_manager\n")
    loaded = load_folder(tmp_path)
    assert [each.signature for each in loaded.skills] == ["at(when, data=...)"]


def test_the_program_prints_what_it_would_offer(tmp_path, capsys):
    (tmp_path / "calculator.py").write_text(CALCULATOR)
    assert main(["--skills", str(tmp_path), "--check"]) == 0
    assert capsys.readouterr().out == "CalculatorSkill.add(a: float, b: float) -> float\n"
    (tmp_path / "broken.py").write_text("1/0")
    assert main(["--skills", str(tmp_path), "--check"]) == 1


def test_the_program_says_what_is_missing(tmp_path, capsys):
    assert main(["--skills", str(tmp_path / "none")]) == 1
    assert "there is no folder" in capsys.readouterr().err
    assert main(["--skills", str(tmp_path)]) == 1
    assert "has no skills" in capsys.readouterr().err
    (tmp_path / "calculator.py").write_text(CALCULATOR)
    with pytest.raises(SystemExit) as end:
        main(["--skills", str(tmp_path)])
    assert end.value.code == 2
    assert main(["--skills", str(tmp_path), "--connect", str(tmp_path / "none")]) == 1
    with pytest.raises(ConfigError):
        load_folder(tmp_path / "calculator.py")
