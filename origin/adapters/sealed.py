"""What stands behind the bytes of a stored object: a note that proves them.

The note is one ISO base media ``free`` box: JPEG, PNG and WebP readers ignore bytes after the end
of the picture and AVIF readers skip that box, so a stored object still opens in any viewer.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from blake3 import blake3

MARK = b"edgeproof-note-1"
_BODY = struct.Struct(">I4s16sQII32s32s")  # box length, "free", mark, note, two digests
SEAL_BYTES = 32
NOTE_BYTES = _BODY.size + SEAL_BYTES


@dataclass(frozen=True, slots=True)
class Note:
    """The digests (32 bytes each) and, for derivatives, generation and sides in px (else 0)."""

    digest: bytes  # BLAKE3-256
    sha256: bytes = bytes(32)
    generation: int = 0
    width_px: int = 0
    height_px: int = 0


def note_bytes(name: str, note: Note) -> bytes:
    """Return the note as it is stored, sealed together with the object's name."""
    sides = (note.width_px, note.height_px)
    body = _BODY.pack(NOTE_BYTES, b"free", MARK, note.generation, *sides, note.digest, note.sha256)
    return body + _seal(name, body)


def unsealed(name: str, stored: bytes) -> tuple[bytes, Note] | None:
    """Return content and note; None when a bit of either changed or it is another object's."""
    if len(stored) < NOTE_BYTES:
        return None
    content, body, seal = _split(stored)
    if seal != _seal(name, body):
        return None
    _, _, mark, generation, width_px, height_px, digest, sha256 = _BODY.unpack(body)
    if mark != MARK or blake3(content).digest() != digest:
        return None
    return content, Note(digest, sha256, generation, width_px, height_px)


def _split(stored: bytes) -> tuple[bytes, bytes, bytes]:
    body_at, seal_at = len(stored) - NOTE_BYTES, len(stored) - SEAL_BYTES
    return stored[:body_at], stored[body_at:seal_at], stored[seal_at:]


def _seal(name: str, body: bytes) -> bytes:
    return blake3(name.encode() + b"\n" + body).digest()
