"""Files with secrets: only read if no other user could read or change them, replaced as a whole with mode 0600.

Threading: any.   Errors: ConfigError, naming the file and never its content.   Bounds: the reader's bytes_max.
"""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from .errors import ConfigError


def read_private(path: Path, bytes_max: int) -> str:
    """Returns the text of a regular file that only its owner can read (of root's also its group)."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise ConfigError(f"there is no file {path} (strawberryctl device add NAME --user USER --mosquitto DIR "
                          "writes one)") from None
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from None
    state = os.fstat(descriptor)
    if not stat.S_ISREG(state.st_mode):
        os.close(descriptor)
        raise ConfigError(f"cannot read {path}: it is no regular file")
    with os.fdopen(descriptor, "rb") as file:
        open_bits = state.st_mode & (0o137 if state.st_uid == 0 else 0o177)
        if open_bits:
            raise ConfigError(f"{path} is open to other users: mode {state.st_mode & 0o7777:04o} (chmod 600 {path}; "
                              "another user may have its token: issue a new one)")
        content = file.read(bytes_max + 1)
    if len(content) > bytes_max:
        raise ConfigError(f"{path} has more than {bytes_max} bytes (is it the right file?)")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is no text (is it the right file?)") from None


def replace_private(path: Path, content: str) -> None:
    """Leaves the new content or the old one, never a part: on disk when it returns."""
    temporary = ""
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
        with os.fdopen(descriptor, "wb") as file:
            file.write(content.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        sync_folder(path.parent)
    except OSError as error:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)
        raise ConfigError(f"cannot write {path}: {error.strerror}") from None


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
