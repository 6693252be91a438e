"""Names that cannot be guessed or repeated: content, asset, design and derivative keys."""

from __future__ import annotations

import base64
import re

from blake3 import blake3

from cache_keys import policy

_HASH = re.compile(policy.HASH)
_ENGINE = re.compile(policy.ENGINE)
ID_KEY_BYTES = 32


def hash_text(digest: bytes) -> str:
    """Write 32 bytes as HASH: 52 characters of lower-case base32 without padding."""
    assert len(digest) == 32, "a HASH is 256 bits"
    return base64.b32encode(digest).decode().rstrip("=").lower()


def is_hash(text: str) -> bool:
    """Say whether a text is the one spelling of some 256 bits."""
    return _HASH.fullmatch(text) is not None


def content_hasher(id_key: bytes) -> blake3:
    """Start the keyed hash of a source; feed it the bytes and take ``hexdigest()``.

    id_key: the tenant's 32 secret bytes.
    """
    return _keyed(id_key, b"edgeproof-content-1\n")


def content_of(id_key: bytes, source: bytes) -> str:
    """Return the keyed digest of a source's bytes, 64 hex characters."""
    return content_hasher(id_key).update(source).hexdigest()


def asset_id(id_key: bytes, content: str, life: int) -> str:
    """Return the id of a content's ``life``-th life, from 0; an erase ends a life for ever."""
    return hash_text(_keyed(id_key, f"edgeproof-asset-1\n{life}\n{content}".encode()).digest())


def design_id(id_key: bytes, look: bytes) -> str:
    """Return the id of a design from the canonical JSON (RFC 8785) of its look."""
    return hash_text(_keyed(id_key, b"edgeproof-design-1\n" + look).digest())


def derivative_key(tenant: str, asset: str, leaf: str, engine: str) -> str:
    """Return the key of a rendered preview. leaf: ``ops.ext`` of the canonical path, or info.json.

    Raises ValueError when the engine is not of the form of engine strings.
    """
    text = f"edgeproof-derivative-1\n{tenant}\n{asset}\n{leaf}\n{checked_engine(engine)}"
    return hash_text(blake3(text.encode()).digest())


def checked_engine(engine: str) -> str:
    """Return an engine string; raises ValueError unless it is ``[a-z0-9.-]{1,40}``."""
    if not _ENGINE.fullmatch(engine):
        raise ValueError(f"{engine!r} is not the form of an engine: {policy.ENGINE}")
    return engine


def _keyed(id_key: bytes, start: bytes) -> blake3:
    assert len(id_key) == ID_KEY_BYTES, "a tenant id key is 32 bytes"
    return blake3(start, key=id_key)
