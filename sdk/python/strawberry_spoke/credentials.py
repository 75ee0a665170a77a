"""The hub's address, the principal and its token: from the directory that `strawberryctl device add --mosquitto DIR`
wrote, or from host, port and a file with a token.

Threading: any; renewals come from one thread.   Errors: ConfigError, naming the file, never with the token.
Bounds: CONNECT_FILE_BYTES_MAX, TOKEN_BYTES_MAX. Files that other users can read are refused.
"""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Union

from . import limits
from .errors import ConfigError
from .private_file import read_private, replace_private
from .token import claims_of, is_id

PathLike = Union[str, "os.PathLike[str]"]
_CLIENTS = ("mosquitto_pub", "mosquitto_rr", "mosquitto_sub")
_REMEDY = "strawberryctl device add NAME --user USER --mosquitto DIR writes it"


@dataclass(frozen=True)
class Endpoint:
    host: str
    port: int
    tls: Optional[ssl.SSLContext] = None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Credentials:
    """`token()` reads the file at each connect, so that a replaced token is used."""

    endpoint: Endpoint
    id: str
    is_device: bool
    new_token_hint: str

    def __init__(self, endpoint: Endpoint, principal_id: str, is_device: bool) -> None:
        self.endpoint = endpoint
        self.id = principal_id
        self.is_device = is_device
        who = f"--{'device' if is_device else 'user'} {principal_id}"
        output = "--mosquitto DIR" if self.place() == self.folder() else "--output FILE"
        self.new_token_hint = f"on the hub's machine: strawberryctl token issue {who} {output}, for {self.place()}"

    def token(self) -> str:
        raise NotImplementedError

    def keep(self, token: str) -> None:
        """Stores a renewed token where token() finds it."""
        raise NotImplementedError

    def state(self) -> object:
        """Another one when somebody has put another token there."""
        return None

    def folder(self) -> Optional[Path]:
        """For this package's own private files."""
        return None

    def place(self) -> Path:
        """Where the token is kept."""
        raise NotImplementedError


class ConnectDirectory(Credentials):
    def __init__(self, directory: PathLike, host: Optional[str] = None, port: Optional[int] = None,
                 cafile: Optional[PathLike] = None):
        self._directory = Path(directory)
        options = self._read(_CLIENTS[0])
        tls = None
        if cafile is not None or "--cafile" in options or "--tls-use-os-certs" in options:
            tls = _context(cafile if cafile is not None else options.get("--cafile"))
        text = options.get("-p", "")
        if port is None:
            if not (text.isascii() and text.isdigit()):
                raise ConfigError(f"{self._directory / _CLIENTS[0]}: -p is no port")
            port = int(text)
        endpoint = _endpoint(host if host is not None else options.get("-h", ""), port, tls)
        claims = claims_of(options["-P"]) or {}
        super().__init__(endpoint, options["-u"], claims.get("type", "device") == "device")

    def _read(self, client: str) -> dict[str, str]:
        path = self._directory / client
        lines = read_private(path, limits.CONNECT_FILE_BYTES_MAX).split("\n")
        options = {name: value.strip() for name, _, value in (line.partition(" ") for line in lines)}
        if not is_id(options.get("-u")) or not 0 < len(options.get("-P", "")) <= limits.TOKEN_BYTES_MAX:
            raise ConfigError(f"{path} has no device id (-u) and token (-P) ({_REMEDY})")
        return options

    def token(self) -> str:
        return self._read(_CLIENTS[0])["-P"]

    def keep(self, token: str) -> None:
        for client in reversed(_CLIENTS):  # the one that is read is written last
            path = self._directory / client
            if client != _CLIENTS[0] and not path.exists():
                continue
            lines = read_private(path, limits.CONNECT_FILE_BYTES_MAX).rstrip("\n").split("\n")
            kept = [f"-P {token}" if line.startswith("-P ") else line for line in lines]
            replace_private(path, "\n".join(kept) + "\n")

    def state(self) -> object:
        return _state_of(self._directory / _CLIENTS[0])

    def folder(self) -> Optional[Path]:
        return self._directory

    def place(self) -> Path:
        return self._directory


class TokenFile(Credentials):
    def __init__(self, token_file: PathLike, host: str, port: int, tls: Union[bool, ssl.SSLContext, None],
                 cafile: Optional[PathLike]):
        self._path = Path(token_file)
        claims = claims_of(self.token())
        if claims is None or not is_id(claims.get("sub")):
            raise ConfigError(f"{self._path} has no token (strawberryctl token issue --output FILE writes it)")
        context = tls if isinstance(tls, ssl.SSLContext) else _context(cafile) if tls or cafile is not None else None
        super().__init__(_endpoint(host, port, context), str(claims["sub"]), claims.get("type", "device") == "device")

    def token(self) -> str:
        token = read_private(self._path, limits.TOKEN_BYTES_MAX).strip()
        if not token or any(c.isspace() for c in token):
            raise ConfigError(f"{self._path} has no token (one line, nothing else)")
        return token

    def keep(self, token: str) -> None:
        replace_private(self._path, token + "\n")

    def state(self) -> object:
        return _state_of(self._path)

    def place(self) -> Path:
        return self._path


def _state_of(path: Path) -> object:
    try:
        found = path.stat()
    except OSError as error:
        return error.errno
    return found.st_ino, found.st_mtime_ns, found.st_size, found.st_mode


def _endpoint(host: str, port: int, tls: Optional[ssl.SSLContext]) -> Endpoint:
    if not host or any(c.isspace() for c in host):
        raise ConfigError(f"no host: {host!r}")
    if not 0 < port < 65536:
        raise ConfigError(f"no port: {port} (1 to 65535)")
    return Endpoint(host, port, tls)


def _context(cafile: Optional[PathLike]) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=None if cafile is None else os.fspath(cafile))
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"cannot read the CA's certificate {cafile}: {error.strerror or error}") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
