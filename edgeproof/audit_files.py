"""What the audit keeps outside the records: the key that signs its end, and the last signed end."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from edgeproof.console import CommandFailed, ExitCode
from edgeproof.keyfiles import MODE
from purge.audit import Audit, Head, head_text, read_head
from purge.errors import PurgeError
from purge.signing import Signer, new_pem


def read_signer(path: Path) -> Signer:
    """Read the private key; raises CommandFailed that says what is wrong and how to mend it."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        pem = path.read_bytes()
    except FileNotFoundError:
        sentence = f"there is no audit key at {path}; make one with `openssl genpkey -algorithm"
        raise CommandFailed(f"{sentence} ed25519 -out {path}`", ExitCode.USAGE) from None
    except OSError as error:
        raise CommandFailed(f"the audit key {path} cannot be read: {error.strerror}") from error
    if mode & 0o077:
        sentence = f"the audit key {path} may be read by others (mode {mode:04o})"
        raise CommandFailed(f"{sentence}; run: chmod 600 {path}")
    try:
        return Signer.from_pem(pem)
    except PurgeError as error:
        raise CommandFailed(f"{path}: {error.public}") from error


def make_signer(path: Path) -> None:
    """Write a fresh key, unless there is a file already. Whole or not at all."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = _written(path, new_pem())
    try:
        with suppress(FileExistsError):  # another process was first: its key holds
            os.link(fresh, path)
    finally:
        fresh.unlink()


class HeadFile:
    """The last signed end of the audit on this host's disk."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def keep(self, head: Head) -> None:
        """Replace the file, unless it holds a later end."""
        before = self.read()
        if before is not None and before.seq > head.seq:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _written(self.path, head_text(head).encode()).replace(self.path)

    def read(self) -> Head | None:
        """Return the kept end, None when none was kept; raises AuditBroken for a damaged one."""
        try:
            text = self.path.read_text("utf-8")
        except FileNotFoundError:
            return None
        return read_head(text)


async def verified(audit: Audit, signer: Signer, file: HeadFile) -> dict[str, object]:
    """Walk the audit through the signed end in a file; return what holds. Raises AuditBroken."""
    head = file.read()
    count = await audit.verify(head, signer.public_pem())
    return {
        "holds": True,
        "entries": count,
        "signed_to": None if head is None else head.seq,
        "key": None if head is None else head.key_id,
    }


def _written(path: Path, content: bytes) -> Path:
    """Write a private file beside ``path`` and flush it."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return fresh
