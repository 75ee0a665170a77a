"""A hub for the tests of a Spoke: real broker, real bridge, in a directory of its own, on this machine only.

    with TestHub() as hub, Spoke(connect=hub.device("Lamp"), skills=[LampSkill]) as lamp:
        lamp.start(timeout_s=10)
        assert hub.call("lamp.LampSkill.turn_on", 40) == "The lamp is on at 40 %"

It needs the hub's programs: `strawberryctl` of `programs=`, $STRAWBERRY_BIN, a checkout's build/release/bin, or $PATH.
Threading: one thread.   Lifetime: the with block; about a second to start.   Errors: SpokeError with the hub's output.
Bounds: START_S; no language model, so that chats are answered by the hub's own rules.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Callable, Optional, Union

from .credentials import PathLike
from .errors import SpokeError
from .spoke import Spoke

START_S = 30.0
_NO_MODEL = {"OPENAI_API_KEY": "", "OPENAI_BASE_URL": "", "ANTHROPIC_API_KEY": "", "GEMINI_API_KEY": "",
             "GOOGLE_API_KEY": "", "OLLAMA_HOST": "", "STRAWBERRY_FIND_LOCAL": "false", "DEFAULT_MODEL": ""}
_READY = re.compile(r"Strawberry hub is ready on ([^ ]+):(\d+)")


class TestHub:
    __test__ = False  # pytest: this is no test

    def __init__(self, programs: Optional[PathLike] = None, *, user: str = "tester", tls: bool = False,
                 environment: Optional[Mapping[str, str]] = None):
        """`environment` is added to the hub's: for example OPENAI_BASE_URL for a model."""
        self._ctl = str(find_programs(programs) / "strawberryctl")
        self._user = user
        self._tls = tls
        self._environment = {**os.environ, **_NO_MODEL, **(environment or {})}
        self._environment.pop("STRAWBERRY_DATA_DIR", None)
        self._folder = Path(tempfile.mkdtemp(prefix="strawberry-test-"))
        self.data = self._folder / "var"
        self._process: Optional[subprocess.Popen[str]] = None
        self._output: list[str] = []
        self._devices: dict[str, Path] = {}
        self._tester: Optional[Spoke] = None
        self.host = "127.0.0.1"
        self.port = 0

    def __enter__(self) -> TestHub:
        try:
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException],
                 traceback: Optional[TracebackType]) -> None:
        if self._tester is not None:
            self._tester.stop()
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Starts it again after stop(), with the same keys, devices and port."""
        command = [self._ctl, "run", "--data-dir", str(self.data), "--no-http",
                   "--port", str(self.port or _free_port())]
        if self._tls:
            command += ["--tls", "--wss-port", str(_free_port())]
        self._output = []
        process = subprocess.Popen(command, env=self._environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True, start_new_session=True)
        self._process = process
        reader = threading.Thread(target=self._read, args=(process,), daemon=True)
        reader.start()
        wait_for(lambda: self._ready_line() or not reader.is_alive(), START_S)
        found = self._ready_line()
        if found is None:
            raise SpokeError("the hub did not start: " + " / ".join(self._output[-5:]))
        self.port = int(found.group(2))

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait(10)
        self._process = None

    def device(self, name: str, user: Optional[str] = None) -> Path:
        """Adds a device; returns the directory for `Spoke(connect=…)`. The same name gives the same device."""
        if name not in self._devices:
            directory = self._folder / f"device-{len(self._devices)}"
            self.ctl("device", "add", name, "--user", user or self._user, "--mosquitto", str(directory))
            self._devices[name] = directory
        return self._devices[name]

    def user_token(self, user: Optional[str] = None) -> Path:
        """Returns a file with a user's token, for `Spoke(token_file=…, host=hub.host, port=hub.port)`."""
        path = self._folder / f"user-{user or self._user}-{time.monotonic_ns()}.token"
        self.ctl("token", "issue", "--user", user or self._user, "--output", str(path))
        return path

    @property
    def tester(self) -> Spoke:
        """A Spoke of the same user, which sends requests."""
        if self._tester is None:
            cafile = self.data / "tls" / "ca.crt" if self._tls else None
            self._tester = Spoke(token_file=self.user_token(), host=self.host, port=self.port, cafile=cafile)
            self._tester.start(START_S)
        return self._tester

    def call(self, path: str, /, *args: Any, **kwargs: Any) -> Any:
        return self.tester.call(path, *args, **kwargs)

    def ctl(self, *arguments: Union[str, Path]) -> str:
        """Returns the output of `strawberryctl`. Raises SpokeError with its error."""
        done = subprocess.run([self._ctl, "--data-dir", str(self.data), *map(str, arguments)], env=self._environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 0:
            raise SpokeError(f"strawberryctl {arguments[0]}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def pid(self, part: str) -> int:
        """Process id of `bridge` or `broker`, for tests that kill it: the hub starts it again."""
        return int((self.data / f"{part}.pid").read_text())

    def log(self) -> str:
        return "\n".join(self._output)

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                self._output.append(line.rstrip())
                del self._output[:-1000]

    def _ready_line(self) -> Optional[re.Match[str]]:
        return next((found for found in map(_READY.search, list(self._output)) if found), None)


def wait_for(is_so: Callable[[], Any], timeout_s: float = 10.0) -> bool:
    ends_at = time.monotonic() + timeout_s
    while not is_so():
        if time.monotonic() > ends_at:
            return False
        time.sleep(0.01)
    return True


def find_programs(given: Optional[PathLike] = None) -> Path:
    """Returns the folder with `strawberryctl`."""
    if given is not None:
        candidates = [Path(given)]
    else:
        checkout = Path(__file__).resolve().parents[3] / "build" / "release" / "bin"
        on_path = shutil.which("strawberryctl")
        named = os.environ.get("STRAWBERRY_BIN")
        candidates = [Path(named)] if named else [checkout] + ([Path(on_path).parent] if on_path else [])
    for candidate in candidates:
        if (candidate / "strawberryctl").exists():
            return candidate.resolve()
    raise SpokeError(f"there is no strawberryctl in {', '.join(map(str, candidates)) or '$PATH'} "
                     "(build the hub or install its package; STRAWBERRY_BIN names the folder)")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
