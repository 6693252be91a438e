"""Bearer tokens of the private API: made once, shown once, kept as a digest."""

from __future__ import annotations

import hashlib
import re
import secrets

from origin.errors import Unauthorized
from origin.ports import TokenRecord, TokenRecords

#: What a token may do unless it is told otherwise.
DEFAULT_SCOPES = ("assets", "designs", "prints")
#: From the narrowest to the widest; each of them may do what those before it may.
PURGE_SCOPES = ("purge:url", "purge:tag", "purge:tenant", "purge:all")
SCOPES = (*DEFAULT_SCOPES, *PURGE_SCOPES, "audit:read")
#: 256 bits: a digest of it needs no salt and no slow hash.
TOKEN_BYTES = 32
PREFIX = "ep_"
_BEARER = re.compile(r"[Bb]earer +(\S{1,200})")


def new_token() -> str:
    """Return a fresh token; only its digest may be stored."""
    return PREFIX + secrets.token_urlsafe(TOKEN_BYTES)


def token_digest(token: str) -> str:
    """Return the SHA-256 of a token, hex: what the records keep."""
    return hashlib.sha256(token.encode()).hexdigest()


async def authorize_token(
    records: TokenRecords, header: str | None, *, tenant: str, scope: str
) -> TokenRecord:
    """Return the record of the caller's token; raises Unauthorized.

    A token of one tenant says nothing about any other, not even whether it exists.
    """
    record = await live_token(records, header)
    if scope not in record.scopes or record.tenant not in ("*", tenant):
        raise Unauthorized("api.token_scope")
    return record


async def live_token(records: TokenRecords, header: str | None) -> TokenRecord:
    """Return the record of the caller's token, whatever it may do; raises Unauthorized."""
    match = _BEARER.fullmatch(header.strip()) if header else None
    if match is None:
        raise Unauthorized("api.token_missing")
    record = await records.token(token_digest(match[1]))
    if record is None or record.revoked_at_s is not None:
        raise Unauthorized("api.token_bad")
    return record
