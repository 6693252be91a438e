"""Change the key ring's file: one writer at a time, whole or not at all, readable by its owner."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cache_keys.keyring import RingError, parse_ring
from edgeproof.console import CommandFailed, ExitCode
from edgeproof.keyfiles import MODE, read_ring

Document = dict[str, Any]  # the ring as JSON; parse_ring() judges it before it is written


@contextmanager
def edited_ring(path: Path, *, is_new_allowed: bool = True) -> Iterator[Document]:
    """Lend the ring as JSON and write it back when the block ends well.

    Raises CommandFailed when the file is missing (unless a new one may be made), broken or
    readable by others, and when the change would make a ring that does not load.
    """
    path = path.resolve() if path.is_symlink() else path
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone(path.parent):
        document: Document = {}
        if path.exists() or not is_new_allowed:
            read_ring(path)
            document = json.loads(path.read_bytes())
        yield document
        content = (json.dumps(document, indent=2) + "\n").encode()
        try:
            parse_ring(content)
        except RingError as error:
            raise CommandFailed(str(error), ExitCode.USAGE) from error
        _replace(path, content)


def add_key(ring: Document, kid: str, tenants: str | list[str]) -> None:
    """Add a fresh random key; raises CommandFailed for a kid that is there."""
    if kid in ring:
        raise CommandFailed(f"there is a key {kid} already", ExitCode.USAGE)
    ring[kid] = {"master": secrets.token_hex(32), "tenants": tenants, "retired": None}


def retire_key(ring: Document, kid: str, when: str) -> None:
    """Set the time from which a key opens nothing; raises CommandFailed when that is over already.

    A key that is retired stays so: what it signed must not open again.
    """
    if kid not in ring:
        raise CommandFailed(f"there is no key {kid}", ExitCode.USAGE)
    until_s = parse_ring(json.dumps(ring).encode())[kid].retired_at_s
    if until_s is not None and until_s <= time.time():
        raise CommandFailed(f"{kid} is retired since {ring[kid]['retired']}")
    ring[kid]["retired"] = when


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _replace(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise CommandFailed(f"the key ring {path} cannot be written: {error.strerror}") from error
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
