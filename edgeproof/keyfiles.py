"""The secrets on this host's disk: the key ring of previews, read again when its file changes."""

from __future__ import annotations

import json
import os
import secrets
import stat
import time
from pathlib import Path

from cache_keys.keyring import Ring, RingError, parse_ring
from edgeproof.console import CommandFailed, ExitCode

#: How often the ring file is looked at for a change, in seconds.
LOOK_S = 1.0
#: Only the owner may read a key.
MODE = 0o600


def read_ring(path: Path) -> Ring:
    """Read a key ring file; raises CommandFailed with what is wrong and how to mend it."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        content = path.read_bytes()
    except FileNotFoundError:
        sentence = f"there is no key ring at {path}; make one with `edgeproof keys new`"
        raise CommandFailed(sentence, ExitCode.USAGE) from None
    except OSError as error:
        raise CommandFailed(f"the key ring {path} cannot be read: {error.strerror}") from error
    if mode & 0o077:
        raise CommandFailed(
            f"the key ring {path} may be read by others (mode {mode:04o}); run: chmod 600 {path}"
        )
    try:
        return parse_ring(content)
    except RingError as error:
        raise CommandFailed(f"{path}: {error}", ExitCode.USAGE) from error


def make_ring(path: Path, kid: str = "k1") -> None:
    """Write a fresh ring with one key for all tenants, unless there is a file already."""
    entry = {"master": secrets.token_hex(32), "tenants": "all", "retired": None}
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w") as file:
        json.dump({kid: entry}, file, indent=2)
        file.write("\n")


class RingFile:
    """The ring of a running server: a new file is taken up within a second, a broken one is not."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ring = read_ring(path)
        self._stamp = self._now_stamp()
        self._looked_at_s = time.monotonic()

    def __call__(self) -> Ring:
        """Return the ring."""
        if time.monotonic() - self._looked_at_s > LOOK_S:
            self._look()
        return self._ring

    def _look(self) -> None:
        self._looked_at_s = time.monotonic()
        stamp = self._now_stamp()
        if stamp == self._stamp:
            return
        try:
            self._ring = read_ring(self._path)
            self._stamp = stamp
        except CommandFailed:
            return  # the keys that hold are better than none; `doctor` names the broken file

    def _now_stamp(self) -> tuple[int, int, int]:
        try:
            status = self._path.stat()
        except OSError:
            return (0, 0, 0)
        return (status.st_mtime_ns, status.st_size, status.st_ino)
