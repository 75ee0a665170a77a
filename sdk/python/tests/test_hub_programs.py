"""Programs made with the package: ten lines, a folder of skills, the example; each in a process of its own."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest
from strawberry_spoke import HubError, __version__
from strawberry_spoke.testing import wait_for

SDK = Path(__file__).resolve().parents[1]
TEN_LINES = """
from strawberry_spoke import Spoke, skill

@skill(class_name="LampSkill")
def turn_on(brightness: int = 100) -> str:
    '''Turn the garden lamp on.'''
    return f"The lamp is on at {brightness} %"

Spoke(connect="DIRECTORY", skills=[turn_on]).run()
"""


class Program:
    def __init__(self, *argv, **options):
        environment = {**os.environ, "PYTHONPATH": str(SDK), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(list(map(str, argv)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True, env=environment, **options)
        self.lines = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        with self.process.stdout:
            for line in self.process.stdout:
                self.lines.append(line.rstrip())

    def says(self, words, seconds=20):
        return wait_for(lambda: any(words in line for line in self.lines), seconds)

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.exit_code(10)

    def exit_code(self, seconds=20):
        code = self.process.wait(seconds)
        self._reader.join(5)
        return code


@pytest.fixture()
def run():
    programs = []

    def start(*argv, **options):
        programs.append(Program(*argv, **options))
        return programs[-1]

    yield start
    for program in programs:
        if program.process.poll() is None:
            program.process.kill()
            program.process.wait()


def test_ten_lines_are_a_spoke_that_ends_when_it_is_told(hub, run, tmp_path):
    script = tmp_path / "lamp.py"
    script.write_text(TEN_LINES.replace("DIRECTORY", str(hub.device("Ten Lines"))))
    for number in (signal.SIGTERM, signal.SIGINT):
        program = run(sys.executable, script)
        assert program.says("offers 1 skill"), program.lines
        assert hub.call("ten_lines.LampSkill.turn_on", 40) == "The lamp is on at 40 %"
        assert program.says("LampSkill.turn_on  ")
        began = time.monotonic()
        assert program.end(number) == 0, program.lines
        assert time.monotonic() - began < 2
        assert not any("Traceback" in line for line in program.lines)


def test_what_cannot_be_put_right_ends_the_program_with_one_line(hub, run, tmp_path):
    script = tmp_path / "lamp.py"
    directory = hub.device("One Line")
    script.write_text(TEN_LINES.replace("DIRECTORY", str(directory)))
    text = (directory / "mosquitto_pub").read_text()
    kept = [line if not line.startswith("-P ") else "-P e30.e30.c2ln" for line in text.splitlines()]
    (directory / "mosquitto_pub").write_text("\n".join(kept))
    program = run(sys.executable, script)
    assert program.exit_code() == 1
    assert len(program.lines) == 1 and "strawberryctl token issue --device" in program.lines[0]
    (directory / "mosquitto_pub").write_text(text)


def test_a_hung_skill_does_not_keep_the_program_from_ending(hub, run, tmp_path):
    script = tmp_path / "lamp.py"
    script.write_text(TEN_LINES.replace("DIRECTORY", str(hub.device("Hung"))).replace(
        "return f", "import time; time.sleep(1000); return f"))
    program = run(sys.executable, script)
    assert program.says("offers 1 skill"), program.lines
    threading.Thread(target=lambda: _quietly(hub.call, "hung.LampSkill.turn_on"), daemon=True).start()
    time.sleep(0.5)
    began = time.monotonic()
    assert program.end() == 0
    assert time.monotonic() - began < 2


def _quietly(function, *args):
    try:
        function(*args)
    except Exception:
        pass


def test_a_folder_of_skills_is_a_spoke(hub, run, tmp_path):
    (tmp_path / "calculator_skill").mkdir()
    (tmp_path / "calculator_skill" / "skill.py").write_text(
        "class CalculatorSkill:\n    def add(self, a: float, b: float) -> float:\n        '''Add.'''\n        return a + b\n")
    (tmp_path / "broken.py").write_text("1/0")
    program = run(sys.executable, "-m", "strawberry_spoke", "--skills", tmp_path, "--connect", hub.device("Folder"))
    assert program.says("offers 1 skill"), program.lines
    assert program.says("broken.py: not loaded: ZeroDivisionError")
    assert hub.call("folder.CalculatorSkill.add", 1, b=2.5) == 3.5
    assert program.end() == 0


def test_the_example_runs_from_the_checkout(hub, run):
    example = SDK.parents[1] / "examples" / "spoke.py"
    program = run("env", "-u", "PYTHONPATH", sys.executable, example, hub.device("Example Lamp"), cwd="/")
    assert program.says("offers 2 skills"), program.lines
    assert hub.call("example_lamp.LampSkill.turn_on", 40) == "The lamp is on at 40 %"
    assert hub.call("example_lamp.LampSkill.turn_off") == "The lamp is off"
    assert program.end() == 0


def programs_of(path):
    """The blocks of Python in a page."""
    return re.findall(r"```python\n(.*?)```", path.read_text(), re.DOTALL)


@pytest.mark.parametrize("page", ["sdk/python/README.md", "docs/spokes.md"])
def test_the_first_program_of_a_page_runs_word_by_word(page, hub, run, tmp_path):
    script = tmp_path / "lamp.py"
    script.write_text(programs_of(SDK.parents[1] / page)[0].replace("var/lamp", str(hub.device("Page Lamp"))))
    program = run(sys.executable, script)
    assert program.says("offers 1 skill"), program.lines
    assert hub.call("page_lamp.LampSkill.turn_on", 40) == "The lamp is on at 40 %"
    assert program.end() == 0


def test_the_readme_says_rightly_what_skills_may_be(hub, run, tmp_path):
    script = tmp_path / "lamp.py"
    second = programs_of(SDK / "README.md")[1]
    script.write_text(second.replace("var/lamp", str(hub.device("Readme Lamp"))))
    program = run(sys.executable, script)
    assert program.says("offers 2 skills"), program.lines
    assert hub.call("readme_lamp.LampSkill.set_colour", "warm")["colour"] == "warm"
    with pytest.raises(HubError) as error:
        hub.call("readme_lamp.LampSkill.set_colour", "cold")
    assert error.value.details["code"] == "broken"
    assert hub.call("readme_lamp.Gate.unlock") is None
    assert program.end() == 0


def test_a_wheel_is_a_package_and_runs_as_it_is(programs, tmp_path):
    made = subprocess.run([SDK.parents[1] / "scripts" / "wheel", tmp_path], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        pytest.skip(f"no wheel can be made here: {made.stderr}")
    wheel = Path(made.stdout.strip())
    assert wheel.name == f"strawberry_spoke-{__version__}-py3-none-any.whl"
    assert f"VERSION {__version__} " in (SDK.parents[1] / "CMakeLists.txt").read_text(), "of the hub"
    files = zipfile.ZipFile(wheel).namelist()
    assert {"strawberry_spoke/py.typed", "strawberry_spoke/__main__.py"} <= set(files)
    assert not any("tests" in name or "pycache" in name for name in files)
    (tmp_path / "clock.py").write_text("class ClockSkill:\n    def now(self) -> str: return 'now'\n")
    environment = {**os.environ, "PYTHONPATH": str(wheel)}
    shown = subprocess.run([sys.executable, "-m", "strawberry_spoke", "--skills", tmp_path, "--check"], text=True,
                           env=environment, capture_output=True, check=True, cwd="/")
    assert shown.stdout == "ClockSkill.now() -> str\n"
