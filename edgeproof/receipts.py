"""The receipt of an erase: what went, from where, what was seen, what nobody can prove; signed.

The signature (Ed25519, purge/signing.py) is over ``edgeproof-receipt-1``, a newline and the
receipt as canonical JSON (RFC 8785), so that any JSON tool may format the file anew.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import rfc8785

from edgeproof.console import CommandFailed, ExitCode
from purge.errors import BadConfiguration
from purge.signing import Signer, is_signed, key_id

SCHEMA = "edgeproof-receipt-1"
#: A receipt of 100,000 photos has about 6 MB.
BYTES_MAX = 64_000_000
MODE = 0o600
FIELDS = {"receipt", "key_id", "public_key", "signature"}

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Checked:
    """A receipt whose signature was looked at. is_known: made with a key that the caller named."""

    receipt: Json
    key_id: str
    is_known: bool


def when(at_s: float) -> str:
    """Return a Unix time as people and machines read it: 2026-11-22T18:00:00Z."""
    return datetime.fromtimestamp(int(at_s), UTC).isoformat().replace("+00:00", "Z")


def sign_receipt(receipt: Json, signer: Signer) -> str:
    """Return the file's text: the receipt, who signed it, and the signature."""
    document = {
        "receipt": receipt,
        "key_id": signer.key_id,
        "public_key": signer.public_pem().decode(),
        "signature": signer.sign(_message(receipt)),
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def check_receipt(text: str, known: bytes | None) -> Checked:
    """Read a receipt and check its signature with the key that the caller trusts.

    known: the public key in PEM that the caller has from elsewhere; without one the receipt's own
    is taken, which proves only that it was not changed since. Raises CommandFailed: USAGE when it
    is no receipt, FAILED when the signature does not hold.
    """
    document = _read(text)
    receipt, signature = document["receipt"], document["signature"]
    own = document["public_key"].encode()
    try:
        holds = is_signed(known or own, _message(receipt), signature)
        is_its = key_id(known or own) == document["key_id"]
    except (BadConfiguration, rfc8785.CanonicalizationError) as error:
        raise _no_receipt("its key or its numbers cannot be read") from error
    if not holds or not is_its:
        sentence = "the signature does not hold: the receipt was changed, or another key made it"
        raise CommandFailed(sentence, ExitCode.FAILED)
    return Checked(receipt, document["key_id"], is_known=known is not None)


def check_place(path: Path) -> None:
    """See that a receipt can be written there, before anything is erased.

    Raises CommandFailed USAGE for a folder, or a place that is not ours.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise CommandFailed(f"{path} cannot be written: {error}", ExitCode.USAGE) from error
    if path.is_dir() or not os.access(path.parent, os.W_OK):
        why = "it is a folder" if path.is_dir() else "its folder is not ours"
        raise CommandFailed(f"{path} cannot be written: {why}", ExitCode.USAGE)


def write_receipt(path: Path, text: str) -> None:
    """Write the file whole or not at all, for its owner only; raises CommandFailed."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        scratch.unlink(missing_ok=True)
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except OSError as error:
        sentence = f"the erase is done, but {path} cannot be written: {error}; run it again"
        raise CommandFailed(sentence) from error
    finally:
        with suppress(OSError):
            scratch.unlink(missing_ok=True)


def read_receipt(path: Path) -> str:
    """Return a receipt's text; raises CommandFailed when it cannot be read."""
    try:
        if path.stat().st_size > BYTES_MAX:
            raise _no_receipt(f"it is larger than {BYTES_MAX} bytes")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandFailed(f"{path} cannot be read: {error}", ExitCode.USAGE) from error


def _read(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _no_receipt("it is not JSON") from error
    if not isinstance(document, dict) or set(document) != FIELDS:
        raise _no_receipt(f"it has not exactly {', '.join(sorted(FIELDS))}")
    has_texts = all(isinstance(document[name], str) for name in FIELDS - {"receipt"})
    receipt = document["receipt"]
    if not has_texts or not isinstance(receipt, dict) or receipt.get("schema") != SCHEMA:
        raise _no_receipt(f"its schema is not {SCHEMA}")
    return document


def _message(receipt: Json) -> bytes:
    return f"{SCHEMA}\n".encode() + rfc8785.dumps(dict(receipt))


def _no_receipt(why: str) -> CommandFailed:
    return CommandFailed(f"this is no receipt of edgeproof: {why}", ExitCode.USAGE)
